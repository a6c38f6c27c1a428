// What is committed stays, through crashes; what clients see of it. See
// paper.h.

#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

// ------------------------------------------------------------ safety, Raft
// §5.4

TEST(PaperSafetyTest, AVoterDeniesItsVoteToALogThatIsBehindItsOwn) {
  ClusterOptions options;
  options.logs[kN3] = {1, 2, 2};
  CoreCluster cluster(options);
  cluster.Pass(absl::Milliseconds(310));
  const auto ask = [&](Index last_index, Term last_term, uint64_t term) {
    cluster.Deliver(kN1, kN3, VoteRequest{Term(term), last_index, last_term});
    cluster.Settle();
    return LastSentBy<VoteReply>(cluster, kN3)->granted;
  };
  EXPECT_FALSE(ask(Index(2), Term(2), 10));  // Shorter.
  EXPECT_FALSE(ask(Index(9), Term(1), 11));  // Longer, of an older term.
}

// Figure 8.
TEST(PaperSafetyTest, AnEntryOfAnOlderTermIsCommittedOnlyByOneBehindIt) {
  ClusterOptions options;
  options.logs[kN1] = {1, 2};
  options.logs[kN2] = {1, 2};
  CoreCluster cluster(options);
  cluster.Isolate(kN3);
  cluster.Pass(absl::Milliseconds(310));
  std::vector<Index> commits;
  cluster.on_step = [&](const StepSeen& step) {
    if (step.node == kN1 && step.core.commit() != step.before.commit) {
      commits.push_back(step.core.commit());
    }
  };
  cluster.FireTimer(kN1);
  cluster.Settle();
  // Entry 2, of term 2, is on both from the start; it is committed together
  // with the no-op of term 3, not before.
  EXPECT_EQ(commits, std::vector<Index>{Index(3)});
}

// ---------------------------------------------- followers and crashes, §5.5

TEST(PaperSafetyTest, AFollowerThatComesBackGetsWhatItMissed) {
  CoreCluster cluster = Led();
  cluster.Crash(kN3);
  for (int i = 0; i < 100; ++i) cluster.Propose(kN1, "x");
  cluster.RunFor(absl::Milliseconds(100));
  cluster.Restart(kN3);
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
}

TEST(PaperSafetyTest, ALostAppendIsSentAgain) {
  CoreCluster cluster = Led();
  cluster.Propose(kN1, "x");
  EXPECT_EQ(cluster.DropInFlight(kN1, kN2), 1u);
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster.leader(), kN1);
}

TEST(PaperSafetyTest, ALostAcknowledgementIsAskedForAgain) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  cluster.Cut(kN2, kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
  cluster.Heal();
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster.leader(), kN1);
}

// ------------------------------------------------------------ clients, Raft §8

TEST(PaperSafetyTest, OnlyTheLeaderTakesCommands) {
  CoreCluster cluster = Led();
  const uint64_t ticket = cluster.Propose(kN2, "x");
  EXPECT_EQ(cluster.proposal(ticket).state, ProposalState::kRefused);
  EXPECT_EQ(cluster.proposal(ticket).reason, RefusalReason::kNotLeader);
}

TEST(PaperSafetyTest, ALeaderOpensItsTermWithANoop) {
  CoreCluster cluster = Led();
  const Core& leader = cluster.core(kN1);
  const Record& record = leader.log().At(leader.leading()->noop_index);
  EXPECT_EQ(static_cast<EntryKind>(record.kind), EntryKind::kNoop);
  EXPECT_EQ(record.term, leader.term());
}

TEST(PaperSafetyTest, ADeposedLeaderServesNoReads) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  const uint64_t read = cluster.AskRead(kN1);
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return cluster.leader() != kN1 && cluster.leader() != NodeId(); },
      absl::Seconds(2)));
  cluster.Propose(cluster.leader(), "newer");
  cluster.RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster.read(read).state, ReadState::kRefused);
  EXPECT_EQ(cluster.read(read).reason, RefusalReason::kLostLead);
}

// Thesis §6.4: the confirmation must be newer than the question.
TEST(PaperSafetyTest, AnEchoOfAnEarlierRoundConfirmsNoLaterRead) {
  CoreCluster cluster = Led();
  const uint64_t first = cluster.AskRead(kN1);
  cluster.Settle();
  ASSERT_EQ(cluster.read(first).state, ReadState::kReady);
  const uint64_t round = cluster.core(kN1).leading()->read_round;
  cluster.Isolate(kN1);
  const uint64_t second = cluster.AskRead(kN1);
  const Term term = cluster.core(kN1).term();
  cluster.Deliver(kN2, kN1, HeartbeatReply{term, round});
  cluster.Deliver(kN3, kN1, HeartbeatReply{term, round});
  EXPECT_EQ(cluster.read(second).state, ReadState::kOpen);
  cluster.Deliver(kN3, kN1, HeartbeatReply{term, round + 1});
  EXPECT_EQ(cluster.read(second).state, ReadState::kReady);
}

TEST(PaperSafetyTest, ManyReadsShareOneRound) {
  CoreCluster cluster = Led();
  std::vector<uint64_t> reads;
  for (int i = 0; i < 50; ++i) reads.push_back(cluster.AskRead(kN1));
  cluster.Settle();
  for (const uint64_t read : reads) {
    EXPECT_EQ(cluster.read(read).state, ReadState::kReady);
  }
  // The first left at once; the others waited for the second, together.
  EXPECT_EQ(cluster.core(kN1).leading()->read_round, 2u);
}

TEST(PaperSafetyTest, ALostReadRoundIsReplacedByTheNextHeartbeat) {
  CoreCluster cluster = Led();
  const uint64_t first = cluster.AskRead(kN1);
  cluster.DropInFlight(kN1, kN2);
  cluster.DropInFlight(kN1, kN3);
  const uint64_t second = cluster.AskRead(kN1);
  EXPECT_TRUE(cluster.RunUntil(
      [&] { return cluster.read(first).state == ReadState::kReady; },
      absl::Milliseconds(60)));
  EXPECT_EQ(cluster.read(second).state, ReadState::kReady);
}

}  // namespace
}  // namespace raft
