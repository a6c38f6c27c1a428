// Whose a data directory is, and of which cluster: what must not run, and whom
// others must not listen to. Whole hosts on simulated machines.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "persist/superblock.h"
#include "raft/core/core.h"
#include "runtime/random.h"
#include "tests/raft/machines.h"

namespace raft {
namespace {

// Founded alone, then the file was mended: it must not go on leading itself.
TEST(IdentityTest, AFileThatNamesOthersThanTheLogIsRefused) {
  Machines machines(1);
  machines.Names(1, {1});
  machines.Boot(1);
  ASSERT_TRUE(machines.Write("x", absl::Seconds(2)));
  machines.Kill(1);
  machines.Names(1, {1, 2, 3});
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  EXPECT_TRUE(absl::StrContains(
      machines.ended(1), "founded by n1, and discovery.peers names n1, n2, n3"))
      << machines.ended(1);
  EXPECT_EQ(machines.leader(), 0u);
}

// Two clusters of the same name that were founded at two times.
TEST(IdentityTest, ANodeOfAnotherFoundingIsRefusedAndGoesOnAlone) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  ASSERT_TRUE(machines.Write("old", absl::Seconds(3)));
  machines.Kill(1);
  for (const sim::HostId node : {2u, 3u}) {
    machines.Kill(node);
    machines.Wipe(node);
    machines.Names(node, {2, 3});
    machines.Boot(node);
  }
  ASSERT_TRUE(machines.Write("new", absl::Seconds(3)));
  machines.Boot(1);
  machines.RunFor(absl::Seconds(3));
  EXPECT_TRUE(machines.up(1));
  EXPECT_EQ(machines.host(1).node().status().leader, NodeId());
  EXPECT_GT(machines.host(1).transport().stats().refused_by_peers, 0u);
  EXPECT_TRUE(machines.Write("newer", absl::Seconds(3)));
}

// It would vote again in terms in which it has voted, and has forgotten what it
// acknowledged.
TEST(IdentityTest, YesterdaysCopyOfADirectoryEndsWhenOthersKnowALaterLife) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  ASSERT_TRUE(machines.Write("old", absl::Seconds(3)));
  machines.Kill(3);
  const Machines::Copy copy = machines.CopyDisk(3);
  machines.Boot(3);
  ASSERT_TRUE(machines.Write("new", absl::Seconds(3)));
  machines.RunFor(absl::Seconds(1));
  ASSERT_EQ(machines.applied(3), (std::vector<std::string>{"old", "new"}));
  machines.Kill(3);
  machines.PutBack(3, copy);
  // The number of its life is that of the one before: the mark tells.
  machines.Boot(3);
  machines.RunFor(absl::Seconds(2));
  EXPECT_FALSE(machines.up(3));
  EXPECT_TRUE(absl::StrContains(machines.ended(3), "an older copy"))
      << machines.ended(3);
  EXPECT_TRUE(machines.Write("newer", absl::Seconds(3)));
}

// The log of one founding, and the superblock of another.
TEST(IdentityTest, TwoDirectoriesThatWereMixedAreRefused) {
  Machines machines(1);
  machines.Names(1, {1});
  machines.Boot(1);
  ASSERT_TRUE(machines.Write("old", absl::Seconds(3)));
  machines.Kill(1);
  machines.Boot(1);  // So that both slots know.
  machines.RunFor(absl::Seconds(1));
  machines.Kill(1);
  Machines::Copy mixed = machines.CopyDisk(1);
  absl::StatusOr<persist::Superblock> superblock = persist::DecodeSuperblock(
      std::span(mixed["superblock"]).first(persist::kSuperblockSlotBytes));
  ASSERT_TRUE(superblock.ok()) << superblock.status();
  ASSERT_NE(superblock->founding, 0u);
  ++superblock->founding;
  superblock->sequence += 2;
  const std::vector<std::byte> other = persist::EncodeSuperblock(*superblock);
  std::copy(other.begin(), other.end(), mixed["superblock"].begin());
  machines.PutBack(1, mixed);
  machines.Boot(1);
  machines.RunFor(absl::Seconds(1));
  EXPECT_TRUE(
      absl::StrContains(machines.ended(1), "two directories were mixed"))
      << machines.ended(1);
}

TEST(StrangerTest, WhoIsNoMemberIsNotObeyed) {
  runtime::Random dice(1);
  const Core::Env env{.now = runtime::Instant(), .dice = dice};
  const Record founding = BootstrapEntry({NodeId(1), NodeId(2), NodeId(3)});
  Core core({.self = NodeId(1),
             .group = runtime::GroupId(1),
             .options = {},
             .hard_state = {.term = founding.term, .vote = {}, .commit = {}},
             .entries = {founding},
             .stored = {}},
            env);
  const auto tell = [&](Message message) {
    Effects effects;
    core.Step(env,
              Inbound{.from = NodeId(4),
                      .incarnation = runtime::Incarnation(1),
                      .message = std::move(message)},
              effects);
    EXPECT_TRUE(effects.sends.empty());
    EXPECT_TRUE(effects.stores.empty());
    EXPECT_EQ(core.term(), Term(1));
    EXPECT_EQ(core.leader(), NodeId());
    EXPECT_EQ(core.vote(), NodeId());
  };
  const Term later(9);
  tell(HeartbeatRequest{.term = later, .commit = {}});
  tell(AppendRequest{.term = later,
                     .previous_index = Index(1),
                     .previous_term = Term(1),
                     .commit = {},
                     .entries = {}});
  tell(VoteRequest{.term = later, .last_index = Index(9), .last_term = later});
  tell(PreVoteRequest{
      .campaign_term = later, .last_index = Index(9), .last_term = later});
  tell(AppendReply{.term = later, .match = {}});
  tell(TimeoutNow{.term = Term(9), .last_index = Index(1)});
}

TEST(ConfigurationTest, IdentitiesAreKept) {
  const Configuration founders{
      .voters = {NodeId(1), NodeId(4)},
      .identities = {{.high = 1, .low = 2}, {.high = 3, .low = 4}}};
  const absl::StatusOr<Configuration> read =
      DecodeConfiguration(EncodeConfiguration(founders).span());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, founders);
  EXPECT_EQ(read->IdentityOf(NodeId(4)), (Identity{.high = 3, .low = 4}));
  EXPECT_TRUE(read->IdentityOf(NodeId(2)).IsNone());
  const runtime::ClusterId cluster(7);
  EXPECT_NE(
      FoundingFingerprint(cluster, BootstrapEntry(founders)),
      FoundingFingerprint(cluster, BootstrapEntry({NodeId(1), NodeId(4)})));
}

}  // namespace
}  // namespace raft
