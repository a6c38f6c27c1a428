// The Redis clients themselves: how they read replies, and what they demand in
// the end.

#include "scenarios/redis_clients.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/bytes.h"
#include "runtime/instant.h"
#include "scenarios/cluster.h"
#include "scenarios/resp_session.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {
namespace {

// ------------------------------------------------------------------ replies

std::string Read(absl::string_view bytes) {
  size_t size = 0;
  const std::optional<RespReply> reply = ParseResp(bytes, &size);
  if (!reply.has_value()) return "not all there";
  EXPECT_EQ(size, bytes.size());
  return reply->ToString();
}

TEST(RespReplyTest, EachKindIsRead) {
  EXPECT_EQ(Read("+OK\r\n"), "OK");
  EXPECT_EQ(Read("-ERR no\r\n"), "-ERR no");
  EXPECT_EQ(Read(":-17\r\n"), ":-17");
  EXPECT_EQ(Read("$4\r\na\r\nb\r\n"), "a\r\nb");
  EXPECT_EQ(Read("$0\r\n\r\n"), "");
  EXPECT_EQ(Read("$-1\r\n"), "nil");
  EXPECT_EQ(Read("*-1\r\n"), "nil");
  EXPECT_EQ(Read("*3\r\n+OK\r\n*1\r\n:2\r\n$1\r\nx\r\n"), "[OK [:2] x]");
}

TEST(RespReplyTest, APartIsNotTakenForTheWhole) {
  const std::string whole = "*2\r\n$4\r\na\r\nb\r\n:7\r\n";
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Read(whole.substr(0, size)), "not all there") << size;
  }
  EXPECT_EQ(Read(whole), "[a\r\nb :7]");
}

TEST(RespReplyTest, WhatIsNoReplyIsToldSo) {
  for (const absl::string_view bytes :
       {"\r\n", "?\r\n", ":x\r\n", "$-2\r\n", "*999999\r\n"}) {
    size_t size = 0;
    const std::optional<RespReply> reply = ParseResp(bytes, &size);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(VerdictOf(*reply), RespVerdict::kWrong) << bytes;
  }
}

// ------------------------------------------------------------------- moved

// What a follower makes of a reply of n1, and where it goes next. n1 is played
// by a process that answers whatever it is asked with `reply`. Of more requests
// than one the others have no answer: n1 ends the connection.
struct Followed {
  RespVerdict verdict = RespVerdict::kUnknown;
  uint32_t next = 0;
};
Followed Follow(const std::string& reply, RespSession::Manner manner,
                size_t requests = 1, uint64_t seed = 1) {
  sim::World world(
      {.seed = seed, .knobs = {}, .tape = nullptr, .trace = nullptr});
  const sim::HostId n1 = world.AddHost("n1");
  const sim::HostId client = world.AddHost("client");
  const std::vector<net::Address> doors = {
      {"n1", 6380}, {"n2", 6380}, {"n3", 6380}};
  world.Boot(n1, [&](sim::Process& process) {
    auto listener = process.network().Listen(doors[0]);
    ASSERT_TRUE(listener.ok());
    auto stream = (*listener)->Accept(runtime::Instant::InfiniteFuture());
    ASSERT_TRUE(stream.ok());
    std::byte bytes[256];
    (void)(*stream)->Read(bytes, runtime::Instant::InfiniteFuture());
    (void)(*stream)->Write(runtime::AsBytes(reply),
                           runtime::Instant::InfiniteFuture());
    if (requests > 1) (*stream)->CloseWrite();
    (void)process.network_executor().SleepFor(absl::Seconds(20));
  });
  Followed followed;
  world.Boot(client, [&](sim::Process& process) {
    RespSession session(world, process, doors, manner);
    session.GoTo(1);
    if (!session.Connect()) return;
    const std::vector<RespReply> replies =
        session.Ask(std::vector<RespSession::Request>(requests, {"GET", "k"}));
    if (!replies.empty()) followed.verdict = VerdictOf(replies[0]);
    followed.next = session.node();
  });
  world.RunFor(absl::Seconds(10));
  world.Kill(n1);
  world.Kill(client);
  return followed;
}

TEST(MovedTest, AFollowerGoesWhereItIsSent) {
  const Followed followed =
      Follow("-MOVED 7 n3:6380\r\n", RespSession::Manner::kFollows);
  EXPECT_EQ(followed.verdict, RespVerdict::kNotDone);
  EXPECT_EQ(followed.next, 3u);
}

// It turns to another node at once, perhaps to the one that was named.
TEST(MovedTest, AFollowerGoesWhereItIsSentThoughItsConnectionEnds) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    for (const uint32_t door : {2u, 3u}) {
      const Followed followed =
          Follow(absl::StrCat("-MOVED 7 n", door, ":6380\r\n"),
                 RespSession::Manner::kFollows, 2, seed);
      EXPECT_EQ(followed.verdict, RespVerdict::kNotDone) << seed;
      EXPECT_EQ(followed.next, door) << seed;
    }
  }
}

TEST(MovedTest, NowhereIsNoReply) {
  for (const char* moved :
       {"-MOVED 7 n1:6380\r\n", "-MOVED 7 n4:6380\r\n", "-MOVED 7 n3:6379\r\n",
        "-MOVED n3:6380\r\n", "-EXECABORT for nothing\r\n"}) {
    const Followed followed = Follow(moved, RespSession::Manner::kFollows);
    EXPECT_EQ(followed.verdict, RespVerdict::kWrong) << moved;
    EXPECT_EQ(followed.next, 1u) << moved;
  }
}

TEST(MovedTest, WhoDoesNotFollowIsNotSent) {
  const Followed stays =
      Follow("-MOVED 7 n3:6380\r\n", RespSession::Manner::kStays);
  EXPECT_EQ(stays.verdict, RespVerdict::kWrong);
  EXPECT_EQ(stays.next, 1u);
}

// ------------------------------------------------------------------ the end

constexpr uint64_t kSeed = 7;

Scenario Calm() {
  Scenario calm;
  calm.name = "calm";
  calm.phases = {.warm_up = absl::Seconds(1),
                 .chaos = absl::Seconds(1),
                 .quiet = absl::Seconds(6)};
  calm.demands = {.leader_within = absl::Seconds(3),
                  .write_within = absl::Seconds(3)};
  calm.workload.bank.clients = 2;
  calm.workload.leases.clients = 2;
  calm.workload.watches.clients = 2;
  calm.workload.leases.lasts = {absl::Milliseconds(50),
                                absl::Milliseconds(500)};
  return calm;
}

// The signature of a run that `mischief` disturbs so long before its end, or
// "".
class RedisEnd {
 public:
  using Mischief = std::function<void(RedisEnd&)>;

  RedisEnd()
      : scenario_(Calm()),
        world_({.seed = kSeed, .knobs = {}, .tape = nullptr, .trace = nullptr}),
        cluster_(world_, scenario_.cluster),
        clients_(world_, cluster_, scenario_),
        stranger_(world_.AddHost("stranger")) {}
  ~RedisEnd() { world_.Kill(stranger_); }

  std::string Run(absl::Duration before_end, Mischief mischief,
                  bool excused = false) {
    cluster_.BootAllThatAreDown();
    clients_.Start({}, [excused] { return excused; });
    RunUntil(before_end);
    mischief(*this);
    RunUntil(absl::ZeroDuration());
    return world_.failure().has_value() ? world_.failure()->check : "";
  }

  void RunUntil(absl::Duration before_end) {
    world_.RunUntil(
        absl::ToInt64Nanoseconds(scenario_.phases.End() - before_end));
  }
  Cluster& cluster() { return cluster_; }
  // A client of nobody sends this to n1.
  void Ask(RespSession::Request request) {
    world_.Boot(
        stranger_, [this, request = std::move(request)](sim::Process& process) {
          RespSession session(world_, process, {cluster_.redis_address(1)});
          if (session.Connect()) (void)session.Ask({request});
        });
  }

 private:
  const Scenario scenario_;
  sim::World world_;
  Cluster cluster_;
  RedisClients clients_;
  const sim::HostId stranger_;
};

TEST(RedisEndTest, AGoodEndIsGood) {
  EXPECT_EQ(RedisEnd().Run(absl::Seconds(1), [](RedisEnd&) {}), "");
}

TEST(RedisEndTest, WhoAnswersNobodyIsCaught) {
  const auto kill = [](RedisEnd& end) { end.cluster().Kill(2); };
  EXPECT_EQ(RedisEnd().Run(absl::Seconds(5), kill), "liveness-redis");
  EXPECT_EQ(RedisEnd().Run(absl::Seconds(5), kill, true), "");
}

TEST(RedisEndTest, MoneyOutOfNothingIsSeen) {
  EXPECT_EQ(RedisEnd().Run(absl::Milliseconds(3500),
                           [](RedisEnd& end) {
                             end.Ask({"INCRBY", "account:0", "1000"});
                           }),
            "bank-total");
}

TEST(RedisEndTest, MoneyOutOfNothingIsSeenInTheStores) {
  EXPECT_EQ(RedisEnd().Run(absl::Milliseconds(450),
                           [](RedisEnd& end) {
                             end.Ask({"INCRBY", "account:0", "1000"});
                           }),
            "bank-total");
}

// Its deadline is an hour away; then the leader's clock says that it is long
// past, and it is too early for the leader to have noticed.
TEST(RedisEndTest, AKeyThatOutlivesItsDeadlineIsCaught) {
  EXPECT_EQ(RedisEnd().Run(absl::Seconds(1),
                           [](RedisEnd& end) {
                             end.Ask({"SET", "k", "v", "EX", "3600"});
                             end.RunUntil(absl::Milliseconds(301));
                             for (const uint32_t node : end.cluster().nodes()) {
                               end.cluster().JumpWallClock(node,
                                                           absl::Hours(2));
                             }
                           }),
            "due-key-stays");
}

}  // namespace
}  // namespace scenarios
