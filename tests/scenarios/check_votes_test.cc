// Votes: each check lets a good run pass and catches a broken one.

#include <string>

#include "gtest/gtest.h"

#include "scenarios/checks/campaign_timer.h"
#include "scenarios/checks/leader_stickiness.h"
#include "scenarios/checks/pre_vote_harmless.h"
#include "scenarios/checks/vote_justified.h"
#include "scenarios/checks/votes.h"
#include "tests/scenarios/check_fixture.h"

namespace scenarios {
namespace {

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
  check.OnTerm(kN1, Term(5), NodeId());
  EXPECT_EQ(reports.first(), "");
  check.OnTerm(kN1, Term(4), NodeId());
  EXPECT_EQ(reports.first(), "term-monotone");
}

TEST(VotesTest, AVoteThatIsClearedInItsTermIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnStarted(kN1, Term(4), NodeId());
  check.OnTerm(kN1, Term(5), NodeId(2));
  check.OnTerm(kN1, Term(6), NodeId());
  EXPECT_EQ(reports.first(), "");
  check.OnTerm(kN1, Term(6), NodeId(2));
  check.OnTerm(kN1, Term(6), NodeId());
  EXPECT_EQ(reports.first(), "vote-remembered");
}

TEST(VotesTest, ATermThatWasToldAndForgottenIsCaught) {
  Reports reports;
  Votes check(reports);
  check.OnTermLeaves(kN1, Term(5));
  check.OnStarted({.node = 1, .boot = 2}, Term(4), NodeId());
  EXPECT_EQ(reports.first(), "term-monotone");
}

// ------------------------------------------------------- votes and their logs

// n1, whose log ends at entry 2 of term 2, is asked by n2 for a vote in term 3.
FakeStep Asked(uint64_t last, uint64_t last_term, bool granted) {
  FakeStep step;
  step.Tell(Told::Kind::kVoteRequest, 2, 3);
  step.told.last = Index(last);
  step.told.last_term = Term(last_term);
  step.after.term = Term(3);
  step.effects.sends.push_back(SendTo(2, raft::VoteReply{Term(3), granted}));
  return step;
}

std::string Justified(const FakeStep& step) {
  Reports reports;
  VoteJustified check(reports);
  check.OnStep(step.Take());
  return reports.first();
}

TEST(VoteJustifiedTest, ALogThatIsAsGoodMayWin) {
  EXPECT_EQ(Justified(Asked(2, 2, true)), "");
  EXPECT_EQ(Justified(Asked(1, 3, true)), "");
  EXPECT_EQ(Justified(Asked(1, 2, false)), "");
}

TEST(VoteJustifiedTest, AVoteForALogThatLacksSomethingIsCaught) {
  EXPECT_EQ(Justified(Asked(1, 2, true)), "vote-justified");
  EXPECT_EQ(Justified(Asked(9, 1, true)), "vote-justified");
}

TEST(VoteJustifiedTest, AVoteThatNobodyAskedForIsCaught) {
  FakeStep step = Asked(2, 2, true);
  step.told.from = 3;
  EXPECT_EQ(Justified(step), "vote-justified");
  step = Asked(2, 2, true);
  step.told.kind = Told::Kind::kPreVoteRequest;
  EXPECT_EQ(Justified(step), "vote-justified");
}

// ------------------------------------------------------------ standing by

class LeaderStickinessTest : public testing::Test {
 protected:
  LeaderStickinessTest() : check_(reports_) {
    check_.OnStarted(kN1, At(0));
    Hears(1000);
  }

  static runtime::Instant At(int64_t milliseconds) {
    return runtime::Instant::FromNanos(milliseconds * 1'000'000);
  }
  void Hears(int64_t milliseconds) {
    FakeStep contact;
    contact.Tell(Told::Kind::kHeartbeatRequest, 3, 2);
    contact.told.now = At(milliseconds);
    check_.OnStep(contact.Take());
  }
  std::string LosesAt(int64_t milliseconds, uint32_t peer) {
    FakeStep step;
    step.Tell(Told::Kind::kPeerLost, peer, 0);
    step.told.yes = true;  // Not only bulk.
    step.told.now = At(milliseconds);
    step.leader = NodeId(3);
    check_.OnStep(step.Take());
    return reports_.first();
  }
  std::string AskedAt(int64_t milliseconds, bool granted, uint64_t term) {
    FakeStep step = Asked(2, 2, granted);
    step.after.term = Term(term);
    step.told.now = At(milliseconds);
    check_.OnStep(step.Take());
    return reports_.first();
  }

  Reports reports_;
  LeaderStickiness check_;
};

TEST_F(LeaderStickinessTest, AfterTheTimeoutAVoteIsFree) {
  EXPECT_EQ(AskedAt(1149, false, 2), "");
  EXPECT_EQ(AskedAt(1150, true, 3), "");
}

TEST_F(LeaderStickinessTest, AVoteTooSoonIsCaught) {
  EXPECT_EQ(AskedAt(1149, true, 3), "leader-stickiness");
}

TEST_F(LeaderStickinessTest, TakingTheTermTooSoonIsCaught) {
  EXPECT_EQ(AskedAt(1149, false, 3), "leader-stickiness");
}

TEST_F(LeaderStickinessTest, BootCountsAsHearingALeader) {
  check_.OnStarted({.node = 1, .boot = 2}, At(5000));
  EXPECT_EQ(AskedAt(5149, true, 3), "leader-stickiness");
}

TEST_F(LeaderStickinessTest, WhoLosesItsLeaderIsFree) {
  EXPECT_EQ(LosesAt(1010, 3), "");
  EXPECT_EQ(AskedAt(1020, true, 3), "");
}

TEST_F(LeaderStickinessTest, WhoLosesSomebodyElseIsNot) {
  EXPECT_EQ(LosesAt(1010, 2), "");
  EXPECT_EQ(AskedAt(1020, true, 3), "leader-stickiness");
}

TEST_F(LeaderStickinessTest, WhoHearsALostLeaderAgainStandsByIt) {
  LosesAt(1010, 3);
  Hears(1015);
  EXPECT_EQ(AskedAt(1020, true, 3), "leader-stickiness");
}

// -------------------------------------------------------- when to campaign

class CampaignTimerTest : public testing::Test {
 protected:
  CampaignTimerTest() : check_(reports_) {
    check_.OnStarted(kN1, At(0), At(200));
  }

  static runtime::Instant At(int64_t milliseconds) {
    return runtime::Instant::FromNanos(milliseconds * 1'000'000);
  }
  void Hears(int64_t milliseconds, uint64_t term) {
    FakeStep step;
    step.Tell(Told::Kind::kHeartbeatRequest, 2, term);
    step.told.now = At(milliseconds);
    check_.OnStep(step.Take());
  }
  void Loses(int64_t milliseconds, uint32_t peer = 2) {
    FakeStep step;
    step.Tell(Told::Kind::kPeerLost, peer, 0);
    step.told.yes = true;  // Not only bulk.
    step.told.now = At(milliseconds);
    step.leader = NodeId(2);
    check_.OnStep(step.Take());
  }
  std::string Campaigns(int64_t milliseconds) {
    FakeStep step;
    step.told.kind = Told::Kind::kDeadline;
    step.told.now = At(milliseconds);
    step.after.role = Role::kPreCandidate;
    step.effects.role_changed = true;
    check_.OnStep(step.Take());
    return reports_.first();
  }
  std::string PutsOff(FakeStep step, int64_t milliseconds) {
    step.deadline = At(milliseconds);
    check_.OnStep(step.Take());
    return reports_.first();
  }

  Reports reports_;
  CampaignTimer check_;
};

TEST_F(CampaignTimerTest, AfterTheTimeoutOneMayCampaign) {
  Hears(100, 2);
  EXPECT_EQ(Campaigns(250), "");
  Hears(300, 1);  // Of an old leader: it counts for nothing.
  EXPECT_EQ(Campaigns(400), "");
}

TEST_F(CampaignTimerTest, CampaigningAgainstALeaderThatIsHeardIsCaught) {
  Hears(100, 2);
  EXPECT_EQ(Campaigns(249), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, CampaigningAtBootIsCaught) {
  EXPECT_EQ(Campaigns(149), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, CampaigningRightAfterAVoteIsCaught) {
  FakeStep step = Asked(2, 2, true);
  step.after.term = Term(3);
  step.after.vote = NodeId(2);
  step.told.now = At(200);
  check_.OnStep(step.Take());
  EXPECT_EQ(Campaigns(349), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, TimeoutsThatAreAllAlikeAreCaught) {
  const auto campaigns_for = [&](int64_t now, int64_t timeout) {
    FakeStep step;
    step.told.kind = Told::Kind::kDeadline;
    step.told.now = At(now);
    step.deadline = At(now + timeout);
    step.after.role = Role::kPreCandidate;
    step.effects.role_changed = true;
    check_.OnStep(step.Take());
    return reports_.first();
  };
  EXPECT_EQ(campaigns_for(1000, 300), "");
  EXPECT_EQ(campaigns_for(2000, 300), "");
  EXPECT_EQ(campaigns_for(3000, 299), "");
  EXPECT_EQ(campaigns_for(4000, 300), "");
  EXPECT_EQ(campaigns_for(5000, 300), "");
  EXPECT_EQ(campaigns_for(6000, 300), "");
  EXPECT_EQ(campaigns_for(7000, 300), "timeouts-alike");
}

TEST_F(CampaignTimerTest, CampaigningWithoutAPauseIsCaught) {
  EXPECT_EQ(Campaigns(200), "");
  EXPECT_EQ(Campaigns(300), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, TheLeaderAndAVotePutItOff) {
  EXPECT_EQ(PutsOff(FakeStep().Tell(Told::Kind::kHeartbeatRequest, 2, 2), 300),
            "");
  FakeStep vote = Asked(2, 2, true);
  vote.after.vote = NodeId(2);
  EXPECT_EQ(PutsOff(vote, 400), "");
  EXPECT_EQ(PutsOff(vote, 500), "") << "the same candidate asks again";
}

TEST_F(CampaignTimerTest, WhoseLeaderIsLostNeedNotWait) {
  Hears(100, 2);
  Loses(110);
  EXPECT_EQ(Campaigns(111), "");
  EXPECT_EQ(Campaigns(161), "");
  EXPECT_EQ(Campaigns(210), "campaigns-too-soon") << "after 49 ms";
}

TEST_F(CampaignTimerTest, ALeaderThatIsHeardAgainIsNotLost) {
  Loses(110);
  Hears(120, 2);
  EXPECT_EQ(Campaigns(130), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, LosingSomebodyElseIsNoReason) {
  Hears(100, 2);
  Loses(110, 3);
  EXPECT_EQ(Campaigns(111), "campaigns-too-soon");
}

TEST_F(CampaignTimerTest, WhoseLeaderIsLostGivesWayToAnotherForAWhile) {
  Loses(110);
  FakeStep asked = FakeStep().Tell(Told::Kind::kPreVoteRequest, 3, 3);
  asked.told.now = At(130);
  EXPECT_EQ(PutsOff(asked, 205), "");
  EXPECT_EQ(PutsOff(asked, 206), "campaign-put-off");
}

TEST_F(CampaignTimerTest, AnOldLeaderThatPutsItOffIsCaught) {
  const FakeStep old = FakeStep().Tell(Told::Kind::kHeartbeatRequest, 2, 1);
  EXPECT_EQ(PutsOff(old, 200), "");
  EXPECT_EQ(PutsOff(old, 201), "campaign-put-off");
}

TEST_F(CampaignTimerTest, ARefusedCandidateThatPutsItOffIsCaught) {
  EXPECT_EQ(PutsOff(FakeStep().Tell(Told::Kind::kVoteRequest, 3, 2), 300),
            "campaign-put-off");
}

// ------------------------------------------------------------- pre-votes

std::string Harmless(const FakeStep& step) {
  Reports reports;
  PreVoteHarmless check(reports);
  check.OnStep(step.Take());
  return reports.first();
}

TEST(PreVoteHarmlessTest, AnAnswerMayTeachATermOrWin) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteReply, 2, 3);
  step.told.own_term = Term(7);
  step.after.term = Term(7);
  step.Store();
  EXPECT_EQ(Harmless(step), "");
  step.told.yes = true;
  step.told.own_term = Term(2);
  step.after.term = Term(3);
  step.after.role = Role::kCandidate;
  EXPECT_EQ(Harmless(step), "");
}

TEST(PreVoteHarmlessTest, AskingThatChangesTheVoterIsCaught) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteRequest, 2, 3);
  EXPECT_EQ(Harmless(step), "");
  step.Store();
  EXPECT_EQ(Harmless(step), "pre-vote-harmless");
}

TEST(PreVoteHarmlessTest, AskingThatChangesTheAskerIsCaught) {
  FakeStep step;
  step.told.kind = Told::Kind::kDeadline;
  step.after.role = Role::kPreCandidate;
  step.effects.role_changed = true;
  EXPECT_EQ(Harmless(step), "");
  step.before.vote = NodeId(2);
  EXPECT_EQ(Harmless(step), "pre-vote-harmless");
}

TEST(PreVoteHarmlessTest, AGrantThatTeachesATermIsCaught) {
  FakeStep step;
  step.Tell(Told::Kind::kPreVoteReply, 2, 3);
  step.told.own_term = Term(7);
  step.told.yes = true;
  step.after.term = Term(7);
  EXPECT_EQ(Harmless(step), "pre-vote-harmless");
}

}  // namespace
}  // namespace scenarios
