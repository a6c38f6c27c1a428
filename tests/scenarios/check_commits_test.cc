// Commit, and what is applied: each check lets a good run pass and catches a
// broken one.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "raft/core/membership.h"
#include "scenarios/checks/apply_order.h"
#include "scenarios/checks/commit_quorum.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/leader_completeness.h"
#include "scenarios/checks/quorum_retention.h"
#include "scenarios/checks/state_machine_safety.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

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
  const NodeLife again{.node = 1, .boot = 2};
  check.OnCommit(again, Term(2), Index(1), Log({1, 2}));
  EXPECT_EQ(reports.first(), "");  // A new life may not know yet.
  check.OnCommit(again, Term(2), Index(0), Log({1, 2}));
  EXPECT_EQ(reports.first(), "commit-monotone");
}

TEST(CommittedLogTest, ACommitBeyondTheLogIsCaught) {
  Reports reports;
  CommittedLog check(reports);
  check.OnCommit(kN1, Term(2), Index(3), Log({1, 2}));
  EXPECT_EQ(reports.first(), "commit-beyond-log");
}

TEST(CommittedLogTest, WhatWasCommittedByATermOnlyGrowsWithTheTerm) {
  Reports reports;
  CommittedLog check(reports);
  const LogMirror log = Log({1, 2, 2, 3});
  check.OnCommit(kN1, Term(2), Index(2), log);
  check.OnCommit(kN2, Term(4), Index(4), log);
  check.OnCommit(kN1, Term(3), Index(3), log);  // An old node, learning late.
  EXPECT_EQ(check.CommittedBefore(Term(3)), Index(2));
  EXPECT_EQ(check.CommittedBefore(Term(4)), Index(3));
  check.OnCommit(kN1, Term(3), Index(4), log);
  EXPECT_EQ(check.CommittedBefore(Term(4)), Index(4));
  EXPECT_EQ(check.CommittedBefore(Term(9)), Index(4));
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
  check.OnApplied(kN1, Index(2), 77);
  check.OnApplied(kN2, Index(2), 77);
  check.OnApplied({.node = 1, .boot = 2}, Index(1), 70);
  EXPECT_EQ(reports.first(), "");
  check.OnApplied(kN3, Index(2), 78);
  EXPECT_EQ(reports.first(), "state-machine-safety");
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
  Disks durable_;
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

TEST(QuorumRetentionTest, ACommittedEntryThatLeavesAQuorumIsCaught) {
  std::vector<std::unique_ptr<FakeShadow>> shadows;
  Disks disks;
  for (size_t i = 0; i < 3; ++i) {
    shadows.push_back(std::make_unique<FakeShadow>());
    shadows.back()->Found();
    shadows.back()->Store(State(2), {1, 2});
    disks.push_back(std::make_unique<DurableState>(shadows.back()->Reader(),
                                                   FakeShadow::kGroup));
  }
  Reports reports;
  CommittedLog committed(reports);
  LogMirror log;
  for (const uint64_t term : {1u, 2u}) {
    log.AppendFacts(FakeShadow::FactsOf(term));
  }
  committed.OnCommit(kN1, Term(2), Index(2), log);
  QuorumRetention check(reports, committed, disks);
  for (const auto& disk : disks) disk->Update();
  shadows[0]->Store(State(3), {3}, Index(2));
  disks[0]->Update();
  check.OnDisk(kN1);
  EXPECT_EQ(reports.first(), "");  // On two of three disks it still is.
  shadows[1]->Store(State(3), {}, Index(2));
  disks[1]->Update();
  check.OnDisk(kN2);
  EXPECT_EQ(reports.first(), "quorum-retention");
}

// -------------------------------------------------------------- applying

class ApplyOrderTest : public testing::Test {
 protected:
  // A log of a configuration, a no-op and two commands, three committed.
  ApplyOrderTest() : dice_(7), check_(reports_) {
    raft::Core::Init init;
    init.self = NodeId(1);
    init.group = runtime::GroupId(1);
    init.hard_state = {.term = Term(2), .vote = {}, .commit = Index(3)};
    init.entries = {raft::BootstrapEntry({NodeId(1), NodeId(2)}),
                    Record(2, 2, raft::EntryKind::kNoop), Record(3, 2),
                    Record(4, 2)};
    core_.emplace(std::move(init),
                  raft::Core::Env{runtime::Instant::FromNanos(0), dice_});
  }

  std::string Applies(uint64_t upto, const std::vector<uint64_t>& commands) {
    std::vector<raft::Command> applied;
    for (const uint64_t index : commands) {
      applied.push_back({Index(index), Term(2), runtime::Bytes()});
    }
    check_.OnApplied(kN1, *core_, applied, Index(upto));
    return reports_.first();
  }

  runtime::Random dice_;
  std::optional<raft::Core> core_;
  Reports reports_;
  ApplyOrder check_;
};

TEST_F(ApplyOrderTest, AllCommandsInOrderMayBeApplied) {
  EXPECT_EQ(Applies(2, {}), "");
  EXPECT_EQ(Applies(3, {3}), "");
}

TEST_F(ApplyOrderTest, ACommandThatIsLeftOutIsCaught) {
  EXPECT_EQ(Applies(3, {}), "apply-order");
}

TEST_F(ApplyOrderTest, ACommandThatIsAppliedAgainIsCaught) {
  EXPECT_EQ(Applies(3, {3}), "");
  EXPECT_EQ(Applies(3, {3}), "apply-order");
}

TEST_F(ApplyOrderTest, ACommandThatIsNotCommittedIsCaught) {
  EXPECT_EQ(Applies(4, {3, 4}), "apply-beyond-commit");
}

}  // namespace
}  // namespace scenarios
