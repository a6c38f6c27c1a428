// A leader that hands over. Thesis §3.10.

#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

TEST(TransferTest, TheTargetLeadsTheNextTermWithoutAskingFirst) {
  CoreCluster cluster = Led();
  const uint64_t transfer = cluster.Transfer(kN1, kN3);
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN3);
  EXPECT_EQ(cluster.core(kN3).term(), Term(3));
  EXPECT_EQ(cluster.core(kN1).leader(), kN3);
  EXPECT_EQ(cluster.transfer_end(transfer), TransferEnd::kStoodDown);
  EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN3).empty());
}

TEST(TransferTest, NobodyNamedMeansTheOneThatKnowsMost) {
  CoreCluster cluster = Led();
  cluster.Cut(kN1, kN2);
  cluster.Propose(kN1, "seen by n3");
  cluster.Settle();
  cluster.Heal();
  cluster.Transfer(kN1, NodeId());
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN3);
}

TEST(TransferTest, ATargetThatIsBehindIsBroughtUpToDateFirst) {
  CoreCluster cluster = Led();
  cluster.Cut(kN3, kN1);
  const uint64_t write = cluster.Propose(kN1, "not yet acknowledged by n3");
  cluster.Settle();
  cluster.Heal();
  cluster.Transfer(kN1, kN3);
  EXPECT_TRUE(SentBy<TimeoutNow>(cluster, kN1).empty());
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.leader() == kN3; },
                               absl::Seconds(1)));
  EXPECT_GE(cluster.core(kN3).log().last_index(),
            cluster.proposal(write).index);
}

TEST(TransferTest, ProposalsAreRefusedMeanwhileAndReadsAreNot) {
  CoreCluster cluster = Led();
  cluster.PauseDisk(kN3);
  cluster.Propose(kN1, "keeps n3 busy");
  cluster.Transfer(kN1, kN3);
  const uint64_t write = cluster.Propose(kN1, "too late");
  const uint64_t read = cluster.AskRead(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.proposal(write).state, ProposalState::kRefused);
  EXPECT_EQ(cluster.proposal(write).reason, RefusalReason::kHandingOver);
  EXPECT_EQ(cluster.read(read).state, ReadState::kReady);
}

TEST(TransferTest, ATargetThatDoesNotCatchUpIsGivenUpAndTheLeaderServesAgain) {
  CoreCluster cluster = Led();
  cluster.PauseDisk(kN3);
  cluster.Propose(kN1, "never acknowledged by n3");
  const uint64_t transfer = cluster.Transfer(kN1, kN3);
  const CoreOptions& options = cluster.options().core;
  cluster.RunFor(options.election_timeout_max + options.heartbeat_interval);
  EXPECT_EQ(cluster.transfer_end(transfer), TransferEnd::kTooLate);
  EXPECT_EQ(cluster.leader(), kN1);
  const uint64_t write = cluster.Propose(kN1, "taken again");
  EXPECT_EQ(cluster.proposal(write).state, ProposalState::kAccepted);
}

TEST(TransferTest, ATargetWhoseConnectionBreaksIsGivenUp) {
  CoreCluster cluster = Led();
  cluster.PauseDisk(kN3);
  cluster.Propose(kN1, "never acknowledged by n3");
  const uint64_t transfer = cluster.Transfer(kN1, kN3);
  cluster.BreakLink(kN1, kN3);
  EXPECT_EQ(cluster.transfer_end(transfer), TransferEnd::kLost);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kLeader);
}

TEST(TransferTest, WhatTellsTheTargetIsSaidAgainWhenItIsLost) {
  CoreCluster cluster = Led();
  cluster.Transfer(kN1, kN3);
  EXPECT_EQ(cluster.DropInFlight(kN1, kN3), 1u);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.leader() == kN3; },
                               2 * cluster.options().core.heartbeat_interval));
}

TEST(TransferTest, OnlyALeaderHandsOverAndOnlyOnceAtATime) {
  CoreCluster cluster = Led();
  EXPECT_EQ(cluster.transfer_end(cluster.Transfer(kN2, kN3)),
            TransferEnd::kNotLeader);
  EXPECT_EQ(cluster.transfer_end(cluster.Transfer(kN1, NodeId(9))),
            TransferEnd::kNoTarget);
  EXPECT_EQ(cluster.transfer_end(cluster.Transfer(kN1, kN1)),
            TransferEnd::kNoTarget);
  const uint64_t first = cluster.Transfer(kN1, kN2);
  EXPECT_EQ(cluster.transfer_end(cluster.Transfer(kN1, kN3)),
            TransferEnd::kUnderWay);
  EXPECT_EQ(cluster.transfer_end(first), std::nullopt);
}

TEST(TransferTest, WhoIsAloneHasNobodyToHandOverTo) {
  ClusterOptions options;
  options.nodes = 1;
  CoreCluster cluster = Led(options);
  EXPECT_EQ(cluster.transfer_end(cluster.Transfer(kN1, NodeId())),
            TransferEnd::kNoTarget);
}

TEST(TransferTest, WordsOfAnotherTermOrAnotherThanTheLeaderAreIgnored) {
  CoreCluster cluster = Led();
  const Index last = cluster.core(kN2).log().last_index();
  cluster.Deliver(kN1, kN2, TimeoutNow{Term(1), last});
  cluster.Deliver(kN1, kN2, TimeoutNow{Term(3), last});
  cluster.Deliver(kN3, kN2, TimeoutNow{Term(2), last});
  EXPECT_EQ(cluster.core(kN2).role(), Role::kFollower);
  EXPECT_EQ(cluster.core(kN2).term(), Term(2));
}

TEST(TransferTest, WordsThatTheLogHasOutgrownAreIgnored) {
  CoreCluster cluster = Led();
  const Index last = cluster.core(kN2).log().last_index();
  cluster.Propose(kN1, "the transfer was given up");
  cluster.Settle();
  cluster.Deliver(kN1, kN2, TimeoutNow{Term(2), last});
  EXPECT_EQ(cluster.core(kN2).role(), Role::kFollower);
}

TEST(TransferTest, ACandidateThatTheLeaderWantsOverridesLoyalty) {
  CoreCluster cluster = Led();
  const Index last = cluster.core(kN2).log().last_index();
  cluster.Deliver(kN2, kN3, VoteRequest{Term(3), last, Term(2)});
  EXPECT_EQ(cluster.core(kN3).term(), Term(2));
  cluster.Deliver(kN2, kN3, VoteRequest{Term(3), last, Term(2), true});
  EXPECT_EQ(cluster.core(kN3).vote(), kN2);
}

TEST(TransferTest, ACandidateThatTheLeaderWantsStillNeedsTheBetterLog) {
  CoreCluster cluster = Led();
  cluster.Deliver(kN2, kN3, VoteRequest{Term(3), Index(1), Term(1), true});
  EXPECT_EQ(cluster.core(kN3).vote(), NodeId());
}

}  // namespace
}  // namespace raft
