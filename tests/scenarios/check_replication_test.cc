// How a commit index and a match index may move: each check lets a good run
// pass and catches a broken one.

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "scenarios/checks/commit_progress.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/follower_commit.h"
#include "scenarios/checks/leader_match.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

// -------------------------------------------------------- as a follower

FakeStep Compares(uint64_t last, uint64_t commit) {
  FakeStep step;
  step.Tell(Told::Kind::kAppendRequest, 2, 2);
  step.told.last = Index(last);
  step.told.commit = Index(commit);
  raft::AppendReply reply;
  reply.accepted = true;
  step.effects.sends.push_back(SendTo(2, reply));
  return step;
}

class FollowerCommitTest : public testing::Test {
 protected:
  FollowerCommitTest() : check_(reports_) {}

  std::string Commits(FakeStep step, uint64_t commit) {
    step.after.commit = Index(commit);
    check_.OnStep(step.Take());
    return reports_.first();
  }

  Reports reports_;
  FollowerCommit check_;
};

TEST_F(FollowerCommitTest, WhatTheLeaderHasComparedMayBeCommitted) {
  EXPECT_EQ(Commits(Compares(3, 5), 3), "");
  FakeStep heartbeat;
  heartbeat.Tell(Told::Kind::kHeartbeatRequest, 2, 2);
  heartbeat.told.commit = Index(3);
  EXPECT_EQ(Commits(heartbeat, 3), "");
}

TEST_F(FollowerCommitTest, CommittingItsOwnTailIsCaught) {
  EXPECT_EQ(Commits(Compares(3, 5), 4), "follower-commit");
}

TEST_F(FollowerCommitTest, CommittingMoreThanTheLeaderIsCaught) {
  EXPECT_EQ(Commits(Compares(3, 2), 3), "follower-commit");
}

TEST_F(FollowerCommitTest, AHeartbeatThatComparesNothingIsCaught) {
  FakeStep heartbeat;
  heartbeat.Tell(Told::Kind::kHeartbeatRequest, 2, 2);
  heartbeat.told.commit = Index(3);
  EXPECT_EQ(Commits(heartbeat, 3), "follower-commit");
}

TEST_F(FollowerCommitTest, WhatAFormerLeaderComparedDoesNotCount) {
  EXPECT_EQ(Commits(Compares(3, 0), 0), "");
  FakeStep heartbeat;
  heartbeat.Tell(Told::Kind::kHeartbeatRequest, 3, 4);
  heartbeat.told.commit = Index(3);
  heartbeat.after.term = Term(4);
  EXPECT_EQ(Commits(heartbeat, 3), "follower-commit");
}

// ----------------------------------------------------------- as a leader

class LeaderMatchTest : public testing::Test {
 protected:
  LeaderMatchTest() : check_(reports_, disks_) {
    for (size_t i = 0; i < 2; ++i) {
      shadows_.push_back(std::make_unique<FakeShadow>());
      shadows_.back()->Found();
      disks_.push_back(std::make_unique<DurableState>(shadows_.back()->Reader(),
                                                      FakeShadow::kGroup));
    }
    shadows_[1]->Store(State(2), {1, 2});
    step_.log = LogMirror();
    for (const uint64_t term : {1u, 2u, 2u}) {
      step_.log.AppendFacts(FakeShadow::FactsOf(term));
    }
    step_.Lead().before.role = Role::kCandidate;
    step_.Peer(2).next = Index(4);
    Take();
    step_.before.role = Role::kLeader;
  }

  std::string Take() {
    check_.OnStep(step_.Take());
    return reports_.first();
  }
  std::string Moves(uint64_t match) {
    step_.Peer(2).match = Index(match);
    return Take();
  }
  void Acknowledge(uint64_t match, bool accepted = true) {
    step_.Tell(Told::Kind::kAppendReply, 2, 2);
    step_.told.session = 1;
    step_.told.yes = accepted;
    step_.told.last = Index(match);
  }

  std::vector<std::unique_ptr<FakeShadow>> shadows_;
  Disks disks_;
  Reports reports_;
  LeaderMatch check_;
  FakeStep step_;
};

TEST_F(LeaderMatchTest, AnAcknowledgementMovesIt) {
  Acknowledge(2);
  EXPECT_EQ(Moves(2), "");
}

TEST_F(LeaderMatchTest, BelievingMoreThanTheDiskHoldsIsCaught) {
  Acknowledge(3);
  EXPECT_EQ(Moves(3), "match-is-true");
}

TEST_F(LeaderMatchTest, AnotherLogOnTheDiskIsCaught) {
  shadows_[1]->Store(State(2), {1}, Index(2));
  Acknowledge(2);
  EXPECT_EQ(Moves(2), "match-is-true");
}

TEST_F(LeaderMatchTest, WhoHasGoneOnToALaterTermBindsNobody) {
  shadows_[1]->Store(State(3), {3}, Index(2));
  Acknowledge(2);
  EXPECT_EQ(Moves(2), "");
}

TEST_F(LeaderMatchTest, MovingItBeyondTheAnswerIsCaught) {
  Acknowledge(1);
  EXPECT_EQ(Moves(2), "match-moved");
}

TEST_F(LeaderMatchTest, ARefusalThatMovesItIsCaught) {
  Acknowledge(2, false);
  EXPECT_EQ(Moves(2), "match-moved");
}

TEST_F(LeaderMatchTest, AHeartbeatThatMovesItIsCaught) {
  step_.Tell(Told::Kind::kHeartbeatReply, 2, 2);
  EXPECT_EQ(Moves(2), "match-moved");
}

TEST_F(LeaderMatchTest, AnAnswerOfAnotherSessionMovesItToo) {
  Acknowledge(2);
  step_.told.session = 7;
  EXPECT_EQ(Moves(2), "");
}

TEST_F(LeaderMatchTest, AnAnswerOfAnotherTermIsCaught) {
  Acknowledge(2);
  step_.told.term = Term(1);
  EXPECT_EQ(Moves(2), "match-moved");
}

TEST_F(LeaderMatchTest, OneThatGoesBackIsCaught) {
  Acknowledge(2);
  EXPECT_EQ(Moves(2), "");
  Acknowledge(1);
  EXPECT_EQ(Moves(1), "match-moved");
}

TEST_F(LeaderMatchTest, SendingAgainWhatWasAcknowledgedIsCaught) {
  Acknowledge(2);
  step_.Peer(2).next = Index(3);
  EXPECT_EQ(Moves(2), "");
  step_.Peer(2).next = Index(2);
  EXPECT_EQ(Take(), "next-out-of-place");
}

TEST_F(LeaderMatchTest, SendingWhatTheLogDoesNotHaveIsCaught) {
  step_.Peer(2).next = Index(5);
  EXPECT_EQ(Take(), "next-out-of-place");
}

TEST(CommitProgressTest, WhatAMajorityHasMustBeCommitted) {
  FakeStep step;
  step.Lead().log = Log({1, 2, 2});
  step.durable_upto = Index(3);
  step.Peer(2).match = Index(3);
  step.Peer(3).match = Index(0);
  step.Tell(Told::Kind::kAppendReply, 2, 2);
  Reports reports;
  CommitProgress check(reports);
  step.after.commit = Index(3);
  check.OnStep(step.Take());
  EXPECT_EQ(reports.first(), "");
  step.after.commit = Index(2);
  check.OnStep(step.Take());
  EXPECT_EQ(reports.first(), "commit-held-back");
}

TEST(CommitProgressTest, AnEntryOfAFormerTermWaits) {
  FakeStep step;
  step.Lead().log = Log({1, 1, 2});
  step.durable_upto = Index(3);
  step.Peer(2).match = Index(2);
  step.Peer(3).match = Index(0);
  step.Tell(Told::Kind::kAppendReply, 2, 2);
  Reports reports;
  CommitProgress check(reports);
  check.OnStep(step.Take());
  EXPECT_EQ(reports.first(), "");
}

TEST(CommitProgressTest, HalfOfFourIsNoMajority) {
  FakeStep step;
  step.Lead().log = Log({1, 2, 2});
  step.durable_upto = Index(3);
  step.Peer(2).match = Index(3);
  step.Peer(3).match = Index(0);
  step.Peer(4).match = Index(0);
  step.Tell(Told::Kind::kAppendReply, 2, 2);
  Reports reports;
  CommitProgress check(reports);
  check.OnStep(step.Take());
  EXPECT_EQ(reports.first(), "");
}

}  // namespace
}  // namespace scenarios
