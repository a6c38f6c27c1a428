// What follows when the connection to the leader breaks.

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

void KillLeader(CoreCluster& cluster) {
  cluster.Crash(kN1);
  cluster.BreakLink(kN2, kN1);
  cluster.BreakLink(kN3, kN1);
}

TEST(FailOverTest, ADeadLeaderIsReplacedWithoutWaitingForATimeout) {
  CoreCluster cluster = Led();
  KillLeader(cluster);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.leader() != NodeId(); },
                               cluster.options().core.heartbeat_interval));
}

TEST(FailOverTest, OneBrokenConnectionDeposesNobody) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.CutBoth(kN1, kN2);
  cluster.BreakLink(kN2, kN1);
  cluster.BreakLink(kN1, kN2);
  cluster.RunFor(absl::Milliseconds(400));
  EXPECT_FALSE(SentBy<PreVoteRequest>(cluster, kN2).empty());
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN3).term(), term);
}

TEST(FailOverTest, WhoHasLostTheLeaderHelpsToReplaceIt) {
  CoreCluster cluster = Led();
  cluster.BreakLink(kN2, kN1);
  cluster.Deliver(kN3, kN2, PreVoteRequest{Term(3), Index(2), Term(2)});
  EXPECT_TRUE(LastSentBy<PreVoteReply>(cluster, kN2)->granted);
  cluster.Deliver(kN3, kN2, VoteRequest{Term(3), Index(2), Term(2)});
  EXPECT_EQ(cluster.core(kN2).vote(), kN3);
}

TEST(FailOverTest, ALeaderThatIsHeardAgainIsStoodBy) {
  CoreCluster cluster = Led();
  cluster.BreakLink(kN2, kN1);
  cluster.Deliver(kN1, kN2,
                  HeartbeatRequest{.term = Term(2), .commit = Index(0)});
  cluster.Deliver(kN3, kN2, PreVoteRequest{Term(3), Index(2), Term(2)});
  EXPECT_FALSE(LastSentBy<PreVoteReply>(cluster, kN2)->granted);
  EXPECT_GE(cluster.core(kN2).deadline() - cluster.now(),
            cluster.options().core.election_timeout_min);
}

// A dead leader breaks its control connection as well.
TEST(FailOverTest, LosingOnlyTheBulkOfTheLeaderIsNoReasonToCampaign) {
  CoreCluster cluster = Led();
  const runtime::Instant due = cluster.core(kN2).deadline();
  cluster.Step(kN2, PeerLost{kN1, true});
  EXPECT_EQ(cluster.core(kN2).deadline(), due);
  cluster.Deliver(kN3, kN2, PreVoteRequest{Term(3), Index(2), Term(2)});
  EXPECT_FALSE(LastSentBy<PreVoteReply>(cluster, kN2)->granted);
}

TEST(FailOverTest, ALeaderThatHasLostBulkAsksAnewWhereTheFollowerIs) {
  CoreCluster cluster = Led();
  cluster.Step(kN1, PeerLost{kN2, true});
  EXPECT_NE(cluster.core(kN1).leading()->peers.at(kN2).probing(), nullptr);
}

TEST(FailOverTest, LosingAnotherMemberIsNoReasonToCampaign) {
  CoreCluster cluster = Led();
  const runtime::Instant due = cluster.core(kN2).deadline();
  cluster.BreakLink(kN2, kN3);
  EXPECT_EQ(cluster.core(kN2).deadline(), due);
}

TEST(FailOverTest, OfTwoWhoAskAtOnceOneGivesWay) {
  CoreCluster cluster = Led();
  KillLeader(cluster);
  cluster.FireTimer(kN2);
  cluster.FireTimer(kN3);
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN3) << "the greater name";
  EXPECT_EQ(cluster.core(kN3).term(), Term(3)) << "in the first term";
}

TEST(FailOverTest, TheOneWithTheShorterLogGivesWay) {
  CoreCluster cluster = Led();
  cluster.Cut(kN1, kN3);
  cluster.Propose(kN1, "seen by two");
  cluster.Settle();
  cluster.Heal();
  KillLeader(cluster);
  cluster.FireTimer(kN3);
  cluster.FireTimer(kN2);
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN2);
}

TEST(FailOverTest, WhoWasRefusedByOneThatHadNotNoticedAsksAgainSoon) {
  CoreCluster cluster = Led();
  cluster.Crash(kN1);
  cluster.BreakLink(kN2, kN1);
  cluster.FireTimer(kN2);
  cluster.Settle();
  ASSERT_EQ(cluster.leader(), NodeId()) << "n3 still stands by n1";
  EXPECT_LE(cluster.core(kN2).deadline() - cluster.now(),
            3 * cluster.options().core.heartbeat_interval / 2);
  cluster.BreakLink(kN3, kN1);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.leader() != NodeId(); },
                               2 * cluster.options().core.heartbeat_interval));
}

TEST(FailOverTest, ABreakThatOnlyOneHasSeenIsNotAskedAboutForEver) {
  CoreCluster cluster = Led();
  cluster.CutBoth(kN1, kN2);
  cluster.BreakLink(kN2, kN1);
  cluster.RunFor(absl::Seconds(1));
  cluster.left().clear();
  cluster.RunFor(absl::Seconds(3));
  // Each asks two members, once in an election timeout.
  EXPECT_LE(SentBy<PreVoteRequest>(cluster, kN2).size(), 2u * 3000 / 150);
}

}  // namespace
}  // namespace raft
