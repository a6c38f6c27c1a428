// One real disk of three is slow, stuck or broken, under a real server: nobody
// else notices, nobody is elected for it, and a sync that failed ends its
// process, not its cluster.

#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/cluster/faulty_disk.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/steady_client.h"

namespace cluster {
namespace {

// Several election timeouts (500 ms to 1 s).
constexpr absl::Duration kLongFault = absl::Seconds(4);
// What "at once" may take on a machine that compiles at the same time. The
// faults here last ten times as long.
constexpr absl::Duration kAtOnce = absl::Milliseconds(400);
constexpr int kExitIo = 3;

class DiskFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.StartAll();
    const std::optional<int> leader = cluster_.WaitForLeader();
    ASSERT_TRUE(leader.has_value());
    leader_ = *leader;
    follower_ = leader_ % RealCluster::kNodes + 1;
    bystander_ = follower_ % RealCluster::kNodes + 1;
    ASSERT_EQ(Ask(leader_, {"SET", "before", "x"}), "OK");
    term_ = Term(leader_);
    ASSERT_NE(term_, "");
  }

  FaultyDisk& disk(int node) {
    return node == 1 ? disk_1_ : node == 2 ? disk_2_ : disk_3_;
  }
  std::string Ask(int node, std::initializer_list<absl::string_view> words) {
    const absl::StatusOr<RedisReply> reply =
        CallOnce(cluster_.redis_port(node), words, RealCluster::kPatience);
    return reply.ok() ? reply->ToString() : reply.status().ToString();
  }
  std::string Term(int node) {
    return InfoField(cluster_.redis_port(node), "raft_current_term");
  }
  uint16_t port(int node) const { return cluster_.redis_port(node); }

  void ExpectNothingHappened() {
    for (int node = 1; node <= RealCluster::kNodes; ++node) {
      EXPECT_EQ(Term(node), term_) << "an election, says node " << node;
      EXPECT_EQ(InfoField(port(node), "raft_leader_id"), absl::StrCat(leader_))
          << "says node " << node;
    }
  }

  // `node` has in its own log and keyspace what the leader has.
  void ExpectCaughtUp(int node) {
    const std::optional<int> leader = cluster_.WaitForLeader();
    ASSERT_TRUE(leader.has_value());
    const absl::Time deadline = absl::Now() + RealCluster::kPatience;
    std::string has, wanted;
    do {
      wanted = InfoField(port(*leader), "raft_commit_index");
      has = InfoField(port(node), "raft_last_applied_index");
      if (!has.empty() && has == wanted) return;
      absl::SleepFor(absl::Milliseconds(20));
    } while (absl::Now() < deadline);
    ADD_FAILURE() << "node " << node << " has applied " << has << " of "
                  << wanted;
  }

  RealCluster cluster_;
  FaultyDisk disk_1_{cluster_, 1};
  FaultyDisk disk_2_{cluster_, 2};
  FaultyDisk disk_3_{cluster_, 3};
  int leader_ = 0;
  int follower_ = 0;
  int bystander_ = 0;
  std::string term_;
};

void ExpectUntroubled(const std::string& who, const SteadyClient::Fate& fate) {
  std::printf("%s: %s\n", who.c_str(), fate.ToString().c_str());
  EXPECT_EQ(fate.trouble(), 0u) << who << ": " << fate.first_trouble;
  EXPECT_LE(fate.Within(100), kAtOnce) << who;
  EXPECT_GE(fate.answers.size(), 100u) << who;
}

// Every one is answered, after two slow syncs (one may just have begun) and not
// much later.
void ExpectServed(const std::string& who, const SteadyClient::Fate& fate) {
  std::printf("%s: %s\n", who.c_str(), fate.ToString().c_str());
  EXPECT_EQ(fate.trouble(), 0u) << who << ": " << fate.first_trouble;
  EXPECT_LE(fate.Within(100), absl::Milliseconds(400) + kAtOnce) << who;
  EXPECT_GE(fate.answers.size(), 5u) << who;
}

TEST_F(DiskFaultTest, AFollowersStuckDiskStallsNobody) {
  disk(follower_).SetStuck(true);
  {
    SteadyClient writes(port(leader_), {"INCR", "a"}, RealCluster::kPatience);
    SteadyClient forwarded(port(bystander_), {"INCR", "b"},
                           RealCluster::kPatience);
    SteadyClient ping(port(follower_), {"PING"}, RealCluster::kPatience);
    SteadyClient info(port(follower_), {"INFO", "raft"},
                      RealCluster::kPatience);
    SteadyClient reads(port(follower_), {"GET", "before"},
                       RealCluster::kPatience);
    absl::SleepFor(kLongFault);
    ExpectUntroubled("writes on the leader", writes.Stop());
    ExpectUntroubled("writes on the other follower", forwarded.Stop());
    ExpectUntroubled("PING on the stuck node", ping.Stop());
    ExpectUntroubled("INFO on the stuck node", info.Stop());
    ExpectUntroubled("reads through the stuck node", reads.Stop());
  }
  EXPECT_GE(disk(follower_).calls_stuck(), 1u) << "nothing was stuck";
  ExpectNothingHappened();
  const std::string count = Ask(leader_, {"GET", "a"});
  disk(follower_).SetStuck(false);
  ExpectCaughtUp(follower_);
  // What it alone knows now is what it missed.
  EXPECT_EQ(Ask(follower_, {"GET", "a"}), count);
  ExpectNothingHappened();
}

// A member applies only what its own disk has, so a slow leader answers writes,
// and the reads that wait for them, after one sync of its own. Whoever waits
// for no write notices nothing.
TEST_F(DiskFaultTest, ALeadersSlowDiskDelaysWhatWaitsForItAndNothingElse) {
  disk(leader_).SetSyncDelay(absl::Milliseconds(200));
  {
    SteadyClient reads(port(leader_), {"GET", "before"},
                       RealCluster::kPatience);
    SteadyClient others(port(follower_), {"GET", "before"},
                        RealCluster::kPatience);
    absl::SleepFor(kLongFault / 2);
    ExpectUntroubled("reads on the slow leader", reads.Stop());
    ExpectUntroubled("reads on a follower", others.Stop());
  }
  {
    SteadyClient ping(port(leader_), {"PING"}, RealCluster::kPatience);
    SteadyClient info(port(leader_), {"INFO", "raft"}, RealCluster::kPatience);
    SteadyClient reads(port(leader_), {"GET", "before"},
                       RealCluster::kPatience);
    SteadyClient writes(port(leader_), {"INCR", "a"}, RealCluster::kPatience);
    absl::SleepFor(kLongFault);
    ExpectUntroubled("PING on the slow leader", ping.Stop());
    ExpectUntroubled("INFO on the slow leader", info.Stop());
    ExpectServed("writes on the slow leader", writes.Stop());
    ExpectServed("reads beside the writes", reads.Stop());
  }
  EXPECT_GE(disk(leader_).syncs_delayed(), 1u) << "nothing was slow";
  ExpectNothingHappened();
}

// Whether it goes on leading through the others' disks or lets go of it is its
// own affair; that somebody serves is not.
TEST_F(DiskFaultTest, ALeadersStuckDiskStopsNobodyForLong) {
  disk(leader_).SetStuck(true);
  {
    SteadyClient ping(port(leader_), {"PING"}, RealCluster::kPatience);
    SteadyClient reads(port(follower_), {"GET", "before"},
                       RealCluster::kPatience);
    SteadyClient writes(port(bystander_), {"INCR", "a"},
                        RealCluster::kPatience);
    absl::SleepFor(2 * kLongFault);
    ExpectUntroubled("PING on the stuck leader", ping.Stop());
    const SteadyClient::Fate& read = reads.Stop();
    const SteadyClient::Fate& wrote = writes.Stop();
    std::printf("reads on a follower: %s\nwrites on the other: %s\n",
                read.ToString().c_str(), wrote.ToString().c_str());
    EXPECT_GE(read.answers.size(), 100u);
    EXPECT_GE(wrote.answers.size(), 100u);
    EXPECT_LE(read.Within(100), absl::Seconds(3));
    EXPECT_LE(wrote.Within(100), absl::Seconds(3));
  }
  EXPECT_GE(disk(leader_).calls_stuck(), 1u) << "nothing was stuck";
  std::printf("term %s, then %s\n", term_.c_str(), Term(bystander_).c_str());
  disk(leader_).SetStuck(false);
  ExpectCaughtUp(leader_);
}

TEST_F(DiskFaultTest, AFollowersFailedSyncEndsItAndTheOthersGoOn) {
  SteadyClient writes(port(leader_), {"INCR", "a"}, RealCluster::kPatience);
  disk(follower_).FailSyncs(1);
  EXPECT_EQ(cluster_.process(follower_)->Wait(RealCluster::kPatience), kExitIo);
  EXPECT_EQ(disk(follower_).syncs_failed(), 1u);
  EXPECT_NE(cluster_.LogText(follower_).find("storage.failed"),
            std::string::npos);
  absl::SleepFor(absl::Seconds(1));
  ExpectUntroubled("writes on the leader", writes.Stop());
  EXPECT_EQ(Term(leader_), term_);
  const std::string count = Ask(leader_, {"GET", "a"});
  cluster_.Start(follower_);
  ExpectCaughtUp(follower_);
  EXPECT_EQ(Ask(follower_, {"GET", "a"}), count);
}

TEST_F(DiskFaultTest, ALeadersFailedSyncEndsItAndAnotherGoesOn) {
  uint64_t acknowledged = 0;
  disk(leader_).FailSyncs(1);
  while (cluster_.running(leader_)) {
    if (absl::StartsWith(Ask(leader_, {"INCR", "a"}), "UNAVAILABLE")) break;
    ++acknowledged;
    ASSERT_LT(acknowledged, 100'000u) << "the sync does not fail";
  }
  EXPECT_EQ(cluster_.process(leader_)->Wait(RealCluster::kPatience), kExitIo);
  const std::optional<int> next = cluster_.WaitForLeader();
  ASSERT_TRUE(next.has_value());
  EXPECT_NE(*next, leader_);
  uint64_t kept = 0;
  ASSERT_TRUE(absl::SimpleAtoi(Ask(*next, {"INCR", "a"}), &kept));
  EXPECT_GT(kept, acknowledged);  // Also the one that was not answered, or not.
  EXPECT_LE(kept, acknowledged + 2);
  cluster_.Start(leader_);
  ExpectCaughtUp(leader_);
  EXPECT_EQ(Ask(leader_, {"GET", "a"}), absl::StrCat("\"", kept, "\""));
}

}  // namespace
}  // namespace cluster
