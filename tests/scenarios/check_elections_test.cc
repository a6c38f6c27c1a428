// Who leads, and who lives: each check lets a good run pass and catches a
// broken one.

#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/election_quorum.h"
#include "scenarios/checks/election_safety.h"
#include "scenarios/checks/incarnations.h"
#include "scenarios/checks/leader_contact.h"
#include "scenarios/checks/role_transitions.h"
#include "scenarios/checks/steady_leader.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

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

// -------------------------------------------------------- who is elected

class ElectionQuorumTest : public testing::Test {
 protected:
  ElectionQuorumTest()
      : disk_(shadow_.Reader(), FakeShadow::kGroup), check_(reports_, 3) {
    shadow_.Found();
    shadow_.SetIncarnation(4);
    shadow_.Store(State(5, 1), {1});
  }

  void Grant(const NodeLife& voter, uint64_t candidate, uint64_t term,
             uint64_t incarnation) {
    raft::Send send = SendTo(candidate, raft::VoteReply{Term(term), true});
    send.echo = runtime::Incarnation(incarnation);
    check_.OnSendLeaves(voter, send);
  }
  std::string Leads(uint64_t term) {
    check_.OnLeader(kN1, Term(term), disk_);
    return reports_.first();
  }

  FakeShadow shadow_;
  DurableState disk_;
  Reports reports_;
  ElectionQuorum check_;
};

TEST_F(ElectionQuorumTest, OneVoteAndItsOwnAreAMajorityOfThree) {
  Grant(kN2, 1, 5, 4);
  EXPECT_EQ(Leads(5), "");
}

TEST_F(ElectionQuorumTest, VotesOfAnotherTermDoNotCount) {
  Grant(kN2, 1, 4, 4);
  EXPECT_EQ(Leads(5), "elected-by-quorum");
}

TEST_F(ElectionQuorumTest, VotesForAnotherDoNotCount) {
  Grant(kN2, 3, 5, 4);
  EXPECT_EQ(Leads(5), "elected-by-quorum");
}

TEST_F(ElectionQuorumTest, VotesForADeadLifeDoNotCount) {
  Grant(kN2, 1, 5, 3);
  EXPECT_EQ(Leads(5), "elected-by-quorum");
}

TEST_F(ElectionQuorumTest, LeadingByAnOwnVoteThatIsNotDurableIsCaught) {
  Grant(kN2, 1, 6, 4);
  Grant(kN3, 1, 6, 4);
  EXPECT_EQ(Leads(6), "own-vote-durable");
}

TEST_F(ElectionQuorumTest, StandingWithoutConsentIsCaught) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteReply, 2, 3);
  step.before.role = Role::kPreCandidate;
  step.after.role = Role::kCandidate;
  check_.OnStep(step.Take(), disk_);
  EXPECT_EQ(reports_.first(), "stands-by-quorum");
}

// The leader has called it: an answer that comes late changes nothing.
TEST_F(ElectionQuorumTest, WhoStandsAlreadyNeedsNoConsent) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteReply, 2, 3);
  step.before.role = Role::kCandidate;
  step.after.role = Role::kCandidate;
  check_.OnStep(step.Take(), disk_);
  EXPECT_EQ(reports_.first(), "");
}

// ------------------------------------------------------------------ roles

class RoleTransitionsTest : public testing::Test {
 protected:
  RoleTransitionsTest()
      : elections_(reports_), check_(reports_, elections_, 3) {
    elections_.OnLeader(kN2, Term(2));
  }

  std::string Goes(Role from, uint64_t term, Role to, uint64_t to_term) {
    FakeStep step;
    step.before.role = from;
    step.before.term = Term(term);
    step.after.role = to;
    step.after.term = Term(to_term);
    step.effects.role_changed = true;
    check_.OnStep(step.Take());
    return reports_.first();
  }
  std::string Follows(uint64_t leader, uint64_t term) {
    FakeStep step;
    step.before.term = step.after.term = Term(term);
    step.leader = NodeId(leader);
    step.effects.role_changed = true;
    check_.OnStep(step.Take());
    return reports_.first();
  }

  Reports reports_;
  ElectionSafety elections_;
  RoleTransitions check_;
};

TEST_F(RoleTransitionsTest, TheWayToTheLeadAndBackIsAllowed) {
  EXPECT_EQ(Goes(Role::kFollower, 2, Role::kPreCandidate, 2), "");
  EXPECT_EQ(Goes(Role::kPreCandidate, 2, Role::kCandidate, 3), "");
  EXPECT_EQ(Goes(Role::kCandidate, 3, Role::kPreCandidate, 3), "");
  EXPECT_EQ(Goes(Role::kCandidate, 3, Role::kLeader, 3), "");
  EXPECT_EQ(Goes(Role::kLeader, 3, Role::kFollower, 3), "");
}

TEST_F(RoleTransitionsTest, LeadingWithoutStandingIsCaught) {
  EXPECT_EQ(Goes(Role::kPreCandidate, 2, Role::kLeader, 2), "role-transition");
}

TEST_F(RoleTransitionsTest, StandingWithoutAskingIsCaught) {
  EXPECT_EQ(Goes(Role::kFollower, 2, Role::kCandidate, 3), "role-transition");
}

TEST_F(RoleTransitionsTest, ALeaderThatStandsAgainIsCaught) {
  EXPECT_EQ(Goes(Role::kLeader, 2, Role::kPreCandidate, 2), "role-transition");
}

TEST_F(RoleTransitionsTest, FollowingTheLeaderIsAllowed) {
  EXPECT_EQ(Follows(2, 2), "");
  EXPECT_EQ(Follows(0, 2), "");
  EXPECT_EQ(Follows(2, 2), "");
}

TEST_F(RoleTransitionsTest, FollowingOneWhoDoesNotLeadIsCaught) {
  EXPECT_EQ(Follows(3, 2), "one-leader-known");
}

TEST_F(RoleTransitionsTest, FollowingInATermWithoutLeaderIsCaught) {
  EXPECT_EQ(Follows(2, 3), "one-leader-known");
}

TEST_F(RoleTransitionsTest, StayingInATermThatIsOverIsCaught) {
  FakeStep step;
  step.Tell(Told::Kind::kHeartbeatReply, 3, 3);
  step.after.term = Term(3);
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "");
  step.after.term = Term(2);
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "term-ignored");
}

TEST_F(RoleTransitionsTest, ARefusedPreVoteTeachesATermAndAGrantedOneDoesNot) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteReply, 3, 3);
  step.told.own_term = Term(5);
  step.told.yes = true;
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "");
  step.told.yes = false;
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "term-ignored");
}

// ------------------------------------------------------------------ lives

class IncarnationsTest : public testing::Test {
 protected:
  IncarnationsTest() : check_(reports_, disks_) {
    shadow_.Found();
    disks_.push_back(
        std::make_unique<DurableState>(shadow_.Reader(), FakeShadow::kGroup));
  }
  void Boot(uint64_t incarnation) {
    shadow_.SetIncarnation(incarnation);
    disks_[0]->Update();
    check_.OnStarted(kN1);
  }

  FakeShadow shadow_;
  Disks disks_;
  Reports reports_;
  Incarnations check_;
};

TEST_F(IncarnationsTest, EachLifeHasALargerOne) {
  Boot(1);
  Boot(3);
  check_.OnHeard(kN2, 1, runtime::Incarnation(3));
  EXPECT_EQ(reports_.first(), "");
}

TEST_F(IncarnationsTest, OneThatComesAgainIsCaught) {
  Boot(3);
  Boot(3);
  EXPECT_EQ(reports_.first(), "incarnation-grows");
}

TEST_F(IncarnationsTest, OneThatIsToldBeforeItIsDurableIsCaught) {
  Boot(3);
  check_.OnHeard(kN2, 1, runtime::Incarnation(4));
  EXPECT_EQ(reports_.first(), "incarnation-durable");
}

TEST_F(IncarnationsTest, WhatWasSaidBeforeTheDiskWasWipedMayStillArrive) {
  Boot(3);
  shadow_.SetIncarnation(0);
  disks_[0]->Reread();
  check_.OnHeard(kN2, 1, runtime::Incarnation(3));
  EXPECT_EQ(reports_.first(), "");
}

// ----------------------------------------------------------- being cut off

class LeaderContactTest : public testing::Test {
 protected:
  LeaderContactTest() : check_(reports_, 3) {
    step_.Lead().before.role = Role::kCandidate;
    step_.deadline = runtime::Instant::FromNanos(2'000'000'000);
    check_.OnStep(step_.Take());
    step_.before.role = Role::kLeader;
  }

  std::string At(int64_t milliseconds, Told::Kind kind, uint64_t term = 2) {
    step_.Tell(kind, 2, term);
    step_.told.now = runtime::Instant::FromNanos(milliseconds * 1'000'000);
    check_.OnStep(step_.Take());
    return reports_.first();
  }

  Reports reports_;
  LeaderContact check_;
  FakeStep step_;
};

TEST_F(LeaderContactTest, OneFollowerOfTwoIsEnough) {
  EXPECT_EQ(At(500, Told::Kind::kHeartbeatReply), "");
  EXPECT_EQ(At(1100, Told::Kind::kDeadline), "");
}

TEST_F(LeaderContactTest, LeadingWithoutAnyIsCaught) {
  EXPECT_EQ(At(600, Told::Kind::kDeadline), "");
  EXPECT_EQ(At(601, Told::Kind::kDeadline), "leads-cut-off");
}

// It was to act at 2000 ms, and heartbeats are 50 ms apart.
TEST_F(LeaderContactTest, WhatItDidNotSeeForItWasNotThereCountsAsAHeartbeat) {
  EXPECT_EQ(At(1450, Told::Kind::kHeartbeatReply), "");
  EXPECT_EQ(At(9000, Told::Kind::kDeadline), "");
  step_.deadline = runtime::Instant::FromNanos(9'050'000'000);
  EXPECT_EQ(At(9000, Told::Kind::kPropose), "");
  EXPECT_EQ(At(9050, Told::Kind::kDeadline), "leads-cut-off");
}

TEST_F(LeaderContactTest, WhoWasCutOffBeforeItSleptIsCaughtAtOnce) {
  EXPECT_EQ(At(1440, Told::Kind::kHeartbeatReply), "");
  EXPECT_EQ(At(9000, Told::Kind::kDeadline), "leads-cut-off");
}

TEST_F(LeaderContactTest, AnswersToAFormerTermDoNotCount) {
  EXPECT_EQ(At(500, Told::Kind::kHeartbeatReply, 1), "");
  EXPECT_EQ(At(601, Told::Kind::kDeadline), "leads-cut-off");
}

// ------------------------------------------------------------------ peace

TEST(SteadyLeaderTest, TermsMayChangeUntilAllFollowInTheQuiet) {
  Reports reports;
  SteadyLeader check(reports, 2);
  check.OnLeader(kN1, Term(2), NodeId(1));
  check.OnLeader(kN2, Term(2), NodeId(1));
  check.OnLeader(kN2, Term(3), NodeId());
  check.BeginQuiet();
  check.OnLeader(kN1, Term(3), NodeId());
  check.OnLeader(kN2, Term(4), NodeId(2));
  check.OnLeader(kN1, Term(4), NodeId(2));
  EXPECT_EQ(reports.first(), "");
}

TEST(SteadyLeaderTest, ATermThatEndsInTheQuietIsCaught) {
  Reports reports;
  SteadyLeader check(reports, 2);
  check.OnLeader(kN1, Term(2), NodeId(1));
  check.OnLeader(kN2, Term(2), NodeId(1));
  check.BeginQuiet();
  check.OnLeader(kN2, Term(3), NodeId());
  EXPECT_EQ(reports.first(), "leader-disrupted");
}

}  // namespace
}  // namespace scenarios
