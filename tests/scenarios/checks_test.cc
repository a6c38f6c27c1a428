// Each safety check lets a good run pass and catches a broken one.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "raft/core/message.h"
#include "runtime/crc32c.h"
#include "scenarios/checks/commit_quorum.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/election_safety.h"
#include "scenarios/checks/leader_completeness.h"
#include "scenarios/checks/log_matching.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/promise_ledger.h"
#include "scenarios/checks/state_machine_safety.h"
#include "scenarios/checks/votes.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

using persist::Index;
using persist::Term;
using raft::NodeId;

class Reports final : public Violations {
 public:
  void Report(absl::string_view check, std::string evidence) override {
    EXPECT_FALSE(evidence.empty());
    checks_.emplace_back(check);
  }
  // The check that was reported first, or "".
  std::string first() const { return checks_.empty() ? "" : checks_[0]; }

 private:
  std::vector<std::string> checks_;
};

constexpr NodeLife kN1{.node = 1, .boot = 1};
constexpr NodeLife kN2{.node = 2, .boot = 1};
constexpr NodeLife kN3{.node = 3, .boot = 1};

// A log told by the terms of its entries; entries of one place and term are
// the same unless `salt` differs.
LogMirror Log(const std::vector<uint64_t>& terms, uint32_t salt = 0) {
  LogMirror log;
  for (const uint64_t term : terms) {
    log.AppendFacts({.term = Term(term), .payload_crc32c = salt});
  }
  return log;
}

persist::HardState State(uint64_t term, uint64_t vote = 0) {
  return {.term = Term(term), .vote = NodeId(vote), .commit = Index(0)};
}

// ------------------------------------------------------------- elections

TEST(ElectionSafetyTest, OneLeaderPerTermMayLeadForLong) {
  Reports reports;
  ElectionSafety check(reports);
  check.OnLeader(kN1, Term(2));
  check.OnLeader(kN1, Term(2));
  check.OnLeader(kN2, Term(3));
  EXPECT_EQ(reports.first(), "");
}

TEST(ElectionSafetyTest, TwoLeadersOfOneTermAreCaught) {
  Reports reports;
  ElectionSafety check(reports);
  check.OnLeader(kN1, Term(2));
  check.OnLeader(kN2, Term(2));
  EXPECT_EQ(reports.first(), "election-safety");
}

TEST(ElectionSafetyTest, ANodeThatLeadsATermAgainInANewLifeIsCaught) {
  Reports reports;
  ElectionSafety check(reports);
  check.OnLeader(kN1, Term(2));
  check.OnLeader({.node = 1, .boot = 2}, Term(2));
  EXPECT_EQ(reports.first(), "election-safety");
}

TEST(VotesTest, AVoteMayBeRepeatedAndANewTermIsANewVote) {
  Reports reports;
  Votes check(reports);
  check.OnVoteLeaves(kN1, Term(2), NodeId(2));
  check.OnVoteLeaves({.node = 1, .boot = 2}, Term(2), NodeId(2));
  check.OnVoteLeaves(kN1, Term(3), NodeId(3));
  EXPECT_EQ(reports.first(), "");
}

TEST(VotesTest, ASecondVoteAfterACrashIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnVoteLeaves(kN1, Term(2), NodeId(2));
  check.OnVoteLeaves({.node = 1, .boot = 2}, Term(2), NodeId(3));
  EXPECT_EQ(reports.first(), "vote-once");
}

TEST(VotesTest, ForgettingTheTermOfAVoteIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnVoteLeaves(kN1, Term(5), NodeId(2));
  check.OnStarted({.node = 1, .boot = 2}, Term(4), NodeId());
  EXPECT_EQ(reports.first(), "term-monotone");
}

TEST(VotesTest, ForgettingTheVoteOfATermIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnVoteLeaves(kN1, Term(5), NodeId(2));
  check.OnStarted({.node = 1, .boot = 2}, Term(5), NodeId(2));
  EXPECT_EQ(reports.first(), "");
  check.OnStarted({.node = 1, .boot = 3}, Term(5), NodeId());
  EXPECT_EQ(reports.first(), "vote-remembered");
}

TEST(VotesTest, ATermThatGoesBackInOneLifeIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnStarted(kN1, Term(4), NodeId());
  check.OnTerm(kN1, Term(5));
  EXPECT_EQ(reports.first(), "");
  check.OnTerm(kN1, Term(4));
  EXPECT_EQ(reports.first(), "term-monotone");
}

// ------------------------------------------------------------------ logs

void Feed(LogMatching& check, const NodeLife& node, const LogMirror& log) {
  for (Index i(1); i <= log.last(); ++i) check.OnEntry(node, i, log.At(i));
}

TEST(LogMatchingTest, LogsMayDifferBehindTheirLastCommonTerm) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 1, 2, 2}));
  Feed(check, kN2, Log({1, 1, 3}));
  EXPECT_EQ(reports.first(), "");
}

TEST(LogMatchingTest, AnotherPayloadUnderTheSameIndexAndTermIsCaught) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 1}, 7));
  Feed(check, kN2, Log({1, 1}, 8));
  EXPECT_EQ(reports.first(), "log-matching");
}

TEST(LogMatchingTest, AnotherPrefixBelowTheSameEntryIsCaught) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 2, 4}));
  Feed(check, kN2, Log({1, 3, 4}));
  EXPECT_EQ(reports.first(), "log-matching");
}

TEST(LogMirrorTest, ATruncatedLogGrowsAgainToTheSameChain) {
  LogMirror log = Log({1, 1, 2, 2});
  log.TruncateFrom(Index(3));
  EXPECT_EQ(log.last(), Index(2));
  log.AppendFacts({.term = Term(2)});
  EXPECT_EQ(log.At(Index(3)), Log({1, 1, 2}).At(Index(3)));
  EXPECT_NE(log.At(Index(3)), Log({1, 2, 2}).At(Index(3)));
}

TEST(CommittedLogTest, AllNodesMayCommitTheSameLogAtTheirOwnPace) {
  Reports reports;
  CommittedLog check(reports);
  check.OnCommit(kN1, Term(2), Index(3), Log({1, 2, 2}));
  check.OnCommit(kN2, Term(2), Index(1), Log({1, 2, 2}));
  check.OnCommit(kN2, Term(3), Index(4), Log({1, 2, 2, 3}));
  EXPECT_EQ(reports.first(), "");
  EXPECT_EQ(check.last(), Index(4));
  EXPECT_EQ(check.CommittedBefore(Term(3)), Index(3));
  EXPECT_EQ(check.CommittedBefore(Term(2)), Index(0));
}

TEST(CommittedLogTest, CommittingAnotherEntryIsCaught) {
  Reports reports;
  CommittedLog check(reports);
  check.OnCommit(kN1, Term(2), Index(2), Log({1, 2}));
  check.OnCommit(kN2, Term(3), Index(2), Log({1, 3}));
  EXPECT_EQ(reports.first(), "committed-immutable");
}

TEST(CommittedLogTest, ACommitThatGoesBackInOneLifeIsCaught) {
  Reports reports;
  CommittedLog check(reports);
  check.OnCommit(kN1, Term(2), Index(2), Log({1, 2}));
  check.OnCommit({.node = 1, .boot = 2}, Term(2), Index(1), Log({1, 2}));
  EXPECT_EQ(reports.first(), "");  // A new life may not know yet.
  check.OnCommit(kN1, Term(2), Index(1), Log({1, 2}));
  EXPECT_EQ(reports.first(), "commit-monotone");
}

TEST(CommittedLogTest, ACommitBeyondTheLogIsCaught) {
  Reports reports;
  CommittedLog check(reports);
  check.OnCommit(kN1, Term(2), Index(3), Log({1, 2}));
  EXPECT_EQ(reports.first(), "commit-beyond-log");
}

TEST(LeaderCompletenessTest, ALeaderNeedsNotWhatWasCommittedAfterItsTerm) {
  Reports reports;
  CommittedLog committed(reports);
  LeaderCompleteness check(reports, committed);
  committed.OnCommit(kN1, Term(4), Index(3), Log({1, 4, 4}));
  check.OnLeader(kN2, Term(3), Log({1}));  // Elected late in an old term.
  EXPECT_EQ(reports.first(), "");
}

TEST(LeaderCompletenessTest, ALeaderWithoutACommittedEntryIsCaught) {
  for (const LogMirror& log : {Log({1}), Log({1, 3, 3})}) {
    Reports reports;
    CommittedLog committed(reports);
    LeaderCompleteness check(reports, committed);
    committed.OnCommit(kN1, Term(2), Index(2), Log({1, 2}));
    check.OnLeader(kN2, Term(4), log);
    EXPECT_EQ(reports.first(), "leader-completeness");
  }
}

TEST(StateMachineSafetyTest, TheSameIndexGivesTheSameState) {
  Reports reports;
  StateMachineSafety check(reports);
  check.OnApplied(kN1, Index(2), Index(5), 77);
  check.OnApplied(kN2, Index(2), Index(2), 77);
  check.OnApplied({.node = 1, .boot = 2}, Index(1), Index(2), 70);
  EXPECT_EQ(reports.first(), "");
  check.OnApplied(kN3, Index(2), Index(2), 78);
  EXPECT_EQ(reports.first(), "state-machine-safety");
}

TEST(StateMachineSafetyTest, ApplyingWhatIsNotCommittedIsCaught) {
  Reports reports;
  StateMachineSafety check(reports);
  check.OnApplied(kN1, Index(3), Index(2), 77);
  EXPECT_EQ(reports.first(), "apply-order");
}

TEST(StateMachineSafetyTest, ApplyingBackwardsIsCaught) {
  Reports reports;
  StateMachineSafety check(reports);
  check.OnApplied(kN1, Index(3), Index(4), 77);
  check.OnApplied(kN1, Index(2), Index(4), 70);
  EXPECT_EQ(reports.first(), "apply-order");
}

// ----------------------------------------------------------- durable truth

TEST(DurableStateTest, ReadsFramesAsTheyBecomeDurable) {
  FakeShadow disk;
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(0));
  disk.Found();
  disk.Store(State(1), {1, 1});
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  disk.Store(State(2, 3), {2}, Index(2));
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  EXPECT_EQ(durable.log().At(Index(2)).term, Term(2));
  EXPECT_EQ(durable.hard_state().vote, NodeId(3));
}

TEST(DurableStateTest, IgnoresAFrameThatIsNotWhole) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1, 1});
  disk.DamageLastByte();
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(0));
}

TEST(DurableStateTest, GoesOnInTheNextSegment) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1});
  disk.Roll();
  disk.Store(State(1), {1});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  disk.Roll();
  disk.Store(State(4), {4});
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(3));
  EXPECT_EQ(durable.hard_state().term, Term(4));
}

TEST(DurableStateTest, ALaterSegmentTakesOverWhereItBegins) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1});
  disk.Store(State(1), {1, 1});
  disk.RollBackTo(1);  // A boot that trusted only the first frame.
  disk.Store(State(2), {2});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  EXPECT_EQ(durable.log().At(Index(2)).term, Term(2));
}

raft::Message Vote(uint64_t term, bool granted) {
  return raft::VoteReply{Term(term), granted};
}
raft::Message PreVote(uint64_t term) {
  return raft::PreVoteReply{Term(term), Term(term), true};
}
raft::Message AskVote(uint64_t term, uint64_t last_index, uint64_t last_term) {
  return raft::VoteRequest{Term(term), Index(last_index), Term(last_term)};
}
raft::Message AnswerTo(uint64_t term, bool accepted, uint64_t match) {
  raft::AppendReply reply;
  reply.term = Term(term);
  reply.accepted = accepted;
  reply.match = Index(match);
  return reply;
}
raft::Message Ack(uint64_t term, uint64_t match) {
  return AnswerTo(term, true, match);
}
raft::Message Reject(uint64_t term, uint64_t match) {
  return AnswerTo(term, false, match);
}
raft::Message Heartbeat(uint64_t term) {
  raft::HeartbeatRequest request;
  request.term = Term(term);
  return request;
}
raft::Message Append(uint64_t term) {
  raft::AppendRequest request;
  request.term = Term(term);
  return request;
}

class PromiseLedgerTest : public testing::Test {
 protected:
  PromiseLedgerTest()
      : durable_(disk_.Reader(), FakeShadow::kGroup), ledger_(reports_) {
    disk_.Found();
    disk_.Store(State(3, 2), {1, 3});
    for (const uint64_t term : {1u, 3u}) memory_.AppendFacts(Facts(term));
  }

  static LogMirror::Facts Facts(uint64_t term) {
    return FakeShadow::FactsOf(term);
  }
  // What is reported when n1 sends this to n2.
  std::string Sends(raft::Message message) {
    ledger_.OnLeaves(kN1, NodeId(2), message, durable_, memory_);
    return reports_.first();
  }

  FakeShadow disk_;
  DurableState durable_;
  LogMirror memory_;
  Reports reports_;
  PromiseLedger ledger_;
};

TEST_F(PromiseLedgerTest, WhatIsOnTheDiskMayBePromised) {
  EXPECT_EQ(Sends(Vote(3, true)), "");
  EXPECT_EQ(Sends(Ack(3, 2)), "");
  EXPECT_EQ(Sends(Heartbeat(3)), "");
  EXPECT_EQ(ledger_.promises(), 3u);
}

TEST_F(PromiseLedgerTest, AnOldPromiseBindsNobody) {
  EXPECT_EQ(Sends(Ack(2, 9)), "");
}

TEST_F(PromiseLedgerTest, ARefusalPromisesNothing) {
  EXPECT_EQ(Sends(Vote(9, false)), "");
  EXPECT_EQ(Sends(Reject(9, 9)), "");
  EXPECT_EQ(Sends(PreVote(9)), "");
  EXPECT_EQ(ledger_.promises(), 0u);
}

TEST_F(PromiseLedgerTest, AVoteThatIsNotDurableIsCaught) {
  EXPECT_EQ(Sends(Vote(4, true)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, AVoteForAnotherThanTheDurableOneIsCaught) {
  EXPECT_EQ(Sends(AskVote(3, 2, 3)),
            "promise-ledger");  // n1 asks for votes but has voted for n2.
}

TEST_F(PromiseLedgerTest, AnAcknowledgementBeyondTheDiskIsCaught) {
  memory_.AppendFacts(Facts(3));
  EXPECT_EQ(Sends(Ack(3, 3)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, AnAcknowledgementOfAnotherLogIsCaught) {
  memory_.TruncateFrom(Index(2));
  memory_.AppendFacts(Facts(2));
  EXPECT_EQ(Sends(Ack(3, 2)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, LeadingATermThatTheDiskDoesNotKnowIsCaught) {
  EXPECT_EQ(Sends(Append(4)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, ACandidateThatClaimsMoreLogThanItsDiskIsCaught) {
  disk_.Store(State(4, 1), {});
  EXPECT_EQ(Sends(AskVote(4, 2, 3)), "");
  EXPECT_EQ(Sends(AskVote(4, 3, 3)), "promise-ledger");
}

class CommitQuorumTest : public testing::Test {
 protected:
  static constexpr size_t kNodes = 3;

  CommitQuorumTest() : check_(reports_, durable_) {
    for (size_t i = 0; i < kNodes; ++i) {
      shadows_.push_back(std::make_unique<FakeShadow>());
      shadows_.back()->Found();
      durable_.push_back(std::make_unique<DurableState>(
          shadows_.back()->Reader(), FakeShadow::kGroup));
    }
    for (const uint64_t term : {1u, 3u})
      log_.AppendFacts(FakeShadow::FactsOf(term));
  }

  std::vector<std::unique_ptr<FakeShadow>> shadows_;
  std::vector<std::unique_ptr<DurableState>> durable_;
  LogMirror log_;
  Reports reports_;
  CommitQuorum check_;
};

TEST_F(CommitQuorumTest, AMajorityOfDisksIsEnough) {
  shadows_[1]->Store(State(3), {1, 3});
  shadows_[2]->Store(State(3), {1, 3});
  check_.OnLeaderCommit(kN1, Term(3), Index(2), log_);
  EXPECT_EQ(reports_.first(), "");
}

TEST_F(CommitQuorumTest, AMinorityOfDisksIsCaught) {
  shadows_[1]->Store(State(3), {1, 3});
  shadows_[2]->Store(State(2), {1, 2});  // Another entry there.
  check_.OnLeaderCommit(kN1, Term(3), Index(2), log_);
  EXPECT_EQ(reports_.first(), "commit-quorum");
}

TEST_F(CommitQuorumTest, CountingAnEntryOfAnOlderTermIsCaught) {
  for (const auto& shadow : shadows_) {
    shadow->Store(State(3), {1, 3});
  }
  check_.OnLeaderCommit(kN1, Term(4), Index(2), log_);  // Raft figure 8.
  EXPECT_EQ(reports_.first(), "commit-of-older-term");
}

}  // namespace
}  // namespace scenarios
