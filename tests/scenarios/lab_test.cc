// The lab itself: it notices what is wrong, and the same seed is the same lab.

#include "scenarios/lab.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace scenarios {
namespace {

TEST(LabTest, WithoutAQuorumThereIsNoAgreement) {
  Lab lab(3, 1);
  const uint32_t leader = lab.CheckOneLeader();
  for (uint32_t node = 1; node <= 3; ++node) {
    if (node != leader) lab.Disconnect(node);
  }
  EXPECT_EQ(lab.One("lonely", 1, false), 0u);
  EXPECT_TRUE(absl::StrContains(lab.failure(), "no agreement of 1 on lonely"))
      << lab.failure();
}

TEST(LabTest, TooFewWhoAgreeAreNoticed) {
  Lab lab(3, 1);
  lab.Disconnect(lab.CheckOneLeader());
  EXPECT_EQ(lab.One("two of three", 3, true), 0u);
  EXPECT_TRUE(lab.failed());
}

TEST(LabTest, ALeaderWhereNoneShouldBeIsNoticed) {
  Lab lab(3, 1);
  const uint32_t leader = lab.CheckOneLeader();
  lab.CheckNoLeader();
  EXPECT_TRUE(absl::StrContains(
      lab.failure(), absl::StrCat("expected no leader, but n", leader)));
}

TEST(LabTest, NoLeaderWhereOneShouldBeIsNoticed) {
  Lab lab(3, 1);
  for (uint32_t node = 1; node <= 3; ++node) lab.CrashOne(node);
  EXPECT_EQ(lab.CheckOneLeader(), 0u);
  EXPECT_TRUE(absl::StrContains(lab.failure(), "expected one leader"));
}

TEST(LabTest, DifferentTermsAreNoticed) {
  Lab lab(3, 1);
  const uint32_t leader = lab.CheckOneLeader();
  lab.Disconnect(leader);
  lab.CheckOneLeader();
  // It comes back and has not heard of the new term yet.
  lab.Connect(leader);
  lab.CheckTerms();
  EXPECT_TRUE(absl::StrContains(lab.failure(), "is in term")) << lab.failure();
}

TEST(LabTest, AProposalThatWaitsInVainIsNoticed) {
  Lab lab(3, 1);
  lab.CheckOneLeader();
  EXPECT_EQ(lab.Wait(1, 3, UINT64_MAX), "");
  EXPECT_TRUE(absl::StrContains(lab.failure(), "only 0 of 3 have applied"));
}

TEST(LabTest, AfterAFailureNothingHappensAnyMore) {
  Lab lab(3, 1);
  const absl::Duration then = lab.now();
  lab.Fail("enough");
  EXPECT_EQ(lab.CheckOneLeader(), 0u);
  EXPECT_FALSE(lab.Start(1, "x").accepted);
  EXPECT_EQ(lab.now(), then);
  EXPECT_TRUE(absl::StartsWith(lab.failure(), "lab: enough"));
}

TEST(LabTest, FollowersRefuseProposals) {
  Lab lab(3, 1);
  const uint32_t leader = lab.CheckOneLeader();
  for (uint32_t node = 1; node <= 3; ++node) {
    EXPECT_EQ(lab.Start(node, "x").accepted, node == leader);
  }
  lab.CrashOne(leader);
  EXPECT_FALSE(lab.Start(leader, "x").accepted);
}

uint64_t CountOf(Lab& lab, absl::string_view fault) {
  for (const auto& [kind, count] : lab.world().fault_counts().by_kind) {
    if (kind == fault) return count;
  }
  return 0;
}

TEST(LabTest, AnUnreliableNetworkLosesAndALongOneReorders) {
  Lab lab(3, 1);
  lab.CheckOneLeader();
  EXPECT_EQ(CountOf(lab, "net.frame_lost"), 0u);
  lab.SetUnreliable(true);
  lab.SetLongReordering(true);
  lab.Sleep(absl::Seconds(5));
  EXPECT_GT(CountOf(lab, "net.frame_lost"), 10u);
  EXPECT_GT(CountOf(lab, "net.frame_reordered"), 30u);
}

TEST(LabTest, TheSameSeedIsTheSameLab) {
  const auto run = [](uint64_t seed) {
    Lab lab(3, seed);
    lab.Disconnect(lab.CheckOneLeader());
    lab.One("x", 2, true);
    EXPECT_EQ(lab.failure(), "");
    return lab.world().digest().value();
  };
  const uint64_t digest = run(5);
  EXPECT_EQ(run(5), digest);
  EXPECT_NE(run(6), digest);
}

}  // namespace
}  // namespace scenarios
