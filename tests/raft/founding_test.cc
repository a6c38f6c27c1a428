// Founding a cluster, and what must never found one: whole hosts on simulated
// machines.

#include "raft/founding.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "raft/core/core.h"
#include "runtime/random.h"
#include "tests/raft/machines.h"

namespace raft {
namespace {

TEST(FoundingTest, NobodyFoundsBeforeEverybodyIsThere) {
  Machines machines(1);
  machines.Boot(1);
  machines.Boot(2);
  machines.RunFor(absl::Seconds(10));
  EXPECT_FALSE(machines.up(1));
  EXPECT_FALSE(machines.up(2));
  EXPECT_EQ(machines.ended(1) + machines.ended(2), "");
  machines.Boot(3);
  EXPECT_TRUE(machines.Write("x", absl::Seconds(3)));
  for (const sim::HostId node : {1u, 2u, 3u}) EXPECT_TRUE(machines.up(node));
}

TEST(FoundingTest, OneAloneFoundsAtOnce) {
  Machines machines(1, 1);
  machines.Boot(1);
  EXPECT_TRUE(machines.Write("x", absl::Seconds(1)));
}

TEST(FoundingTest, WhoeverIsKilledMeanwhileFoundsTheSameCluster) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Machines machines(seed);
    runtime::Random dice(runtime::StreamSeed(seed, "test.kills"));
    for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
    for (int i = 0; i < 12; ++i) {
      machines.RunFor(
          dice.Between(absl::Milliseconds(1), absl::Milliseconds(60)));
      const auto node = static_cast<sim::HostId>(dice.Between(1, 3));
      machines.Kill(node);
      machines.RunFor(
          dice.Between(absl::Milliseconds(1), absl::Milliseconds(60)));
      machines.Boot(node);
    }
    EXPECT_TRUE(machines.Write("x", absl::Seconds(5))) << seed;
    machines.RunFor(absl::Seconds(1));
    for (const sim::HostId node : {1u, 2u, 3u}) {
      EXPECT_EQ(machines.ended(node), "") << seed;
      EXPECT_EQ(machines.applied(node), std::vector<std::string>{"x"}) << seed;
    }
  }
}

// Kill one; what is acknowledged now lies on the two others. Kill these, and
// one of them loses its disk: the one that has nothing and the one that never
// had it are a majority.
TEST(FoundingTest, AnEmptiedDirectoryDoesNotFoundAgain) {
  for (const bool holder_is_there : {false, true}) {
    Machines machines(1);
    for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
    machines.RunFor(absl::Seconds(2));
    machines.Kill(2);
    ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
    machines.RunFor(absl::Seconds(1));
    machines.Kill(1);
    machines.Kill(3);
    machines.Wipe(3);
    if (holder_is_there) machines.Boot(1);
    machines.Boot(2);
    machines.Boot(3);
    machines.RunFor(absl::Seconds(5));
    EXPECT_FALSE(machines.up(3));
    EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"))
        << machines.ended(3);
    if (!holder_is_there) {
      EXPECT_EQ(machines.leader(), 0u);
      EXPECT_FALSE(machines.Write("other", absl::Seconds(2)));
      machines.Boot(1);
    }
    EXPECT_TRUE(machines.Write("later", absl::Seconds(3)));
    EXPECT_EQ(machines.applied(2),
              (std::vector<std::string>{"precious", "later"}));
  }
}

// The one that was down since the founding knows nothing but its first entry.
TEST(FoundingTest, AnEmptiedDirectoryIsKnownToOneThatOnlyFounded) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  while (!(machines.up(1) && machines.up(2) && machines.up(3))) {
    machines.RunFor(absl::Milliseconds(1));
  }
  machines.Kill(2);
  ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
  machines.Kill(1);
  machines.Kill(3);
  machines.Wipe(3);
  machines.Boot(2);
  machines.Boot(3);
  machines.RunFor(absl::Seconds(5));
  EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"));
  EXPECT_EQ(machines.leader(), 0u);
}

TEST(FoundingTest, AnEmptyDirectoryWaitsForTheOneThatMayKnow) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(2));
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Kill(node);
  machines.Wipe(2);
  machines.Wipe(3);
  machines.Boot(2);
  machines.Boot(3);
  machines.RunFor(absl::Seconds(10));
  EXPECT_EQ(machines.ended(2) + machines.ended(3), "");
  EXPECT_EQ(machines.leader(), 0u);
  machines.Boot(1);
  machines.RunFor(absl::Seconds(2));
  EXPECT_TRUE(absl::StrContains(machines.ended(2), "never votes"));
  EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"));
}

TEST(FoundingTest, UnequalListsDoNotFound) {
  Machines machines(1, 5);
  machines.Names(1, {1, 2, 3});
  machines.Names(2, {1, 2, 3});
  for (sim::HostId node = 1; node <= 5; ++node) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  EXPECT_EQ(machines.leader(), 0u);
  bool said = false;
  for (sim::HostId node = 1; node <= 5; ++node) {
    EXPECT_FALSE(machines.up(node));
    said |= absl::StrContains(machines.ended(node), "n1, n2, n3") &&
            absl::StrContains(machines.ended(node), "n1, n2, n3, n4, n5");
  }
  EXPECT_TRUE(said);
}

// Two new machines and one that was emptied would be a majority of five.
TEST(FoundingTest, AClusterDoesNotGrowByTheFile) {
  Machines machines(1, 5);
  for (const sim::HostId node : {1u, 2u, 3u}) {
    machines.Names(node, {1, 2, 3});
    machines.Boot(node);
  }
  ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
  machines.Kill(3);
  machines.Wipe(3);
  machines.Names(3, {1, 2, 3, 4, 5});
  for (const sim::HostId node : {3u, 4u, 5u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  for (const sim::HostId node : {3u, 4u, 5u}) {
    EXPECT_FALSE(machines.up(node));
    EXPECT_TRUE(absl::StrContains(machines.ended(node), "n1, n2, n3,"))
        << machines.ended(node);
  }
  EXPECT_TRUE(machines.Write("later", absl::Seconds(3)));
}

TEST(FoundingTest, WithoutTheFlagNothingIsTouched) {
  Machines machines(1);
  machines.Boot(1, false);
  machines.RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::StrContains(machines.ended(1), "--init-cluster"));
  EXPECT_TRUE(machines.world().disk(0).ShadowPaths().empty());
}

// ----------------------------------------------------------------- strangers

}  // namespace
}  // namespace raft
