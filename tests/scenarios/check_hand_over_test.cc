// How the lead is handed over: the check lets a good transfer pass and catches
// broken ones.

#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/hand_over.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

class HandOverTest : public testing::Test {
 protected:
  HandOverTest() : check_(reports_, disks_) {
    for (FakeShadow& shadow : shadows_) {
      shadow.Found();
      disks_.push_back(
          std::make_unique<DurableState>(shadow.Reader(), FakeShadow::kGroup));
    }
    check_.OnStarted(kN1);
  }

  static runtime::Instant At(int64_t milliseconds) {
    return runtime::Instant::FromNanos(milliseconds * 1'000'000);
  }
  std::string Take(const FakeStep& step) {
    check_.OnStep(step.Take());
    return reports_.first();
  }

  // n1 leads, and has two entries; n2 has these on its disk.
  std::string TellsToStand(const std::vector<uint64_t>& terms) {
    shadows_[1].Store(State(2), terms);
    FakeStep step;
    step.Lead();
    step.log = LogMirror();
    for (const uint64_t term : {1u, 2u}) {
      step.log.AppendFacts(FakeShadow::FactsOf(term));
    }
    step.effects.sends.push_back(
        SendTo(2, raft::TimeoutNow{Term(2), Index(2)}));
    return Take(step);
  }

  // n1 follows n2 in term 2, and its log ends at 2.
  std::string IsTold(uint32_t by, uint64_t term, uint64_t last) {
    FakeStep follows;
    follows.leader = NodeId(2);
    Take(follows);
    FakeStep step;
    step.Tell(Told::Kind::kTimeoutNow, by, term);
    step.told.last = Index(last);
    step.after.term = Term(3);
    step.after.role = Role::kCandidate;
    step.effects.sends.push_back(
        SendTo(3, raft::VoteRequest{Term(3), Index(2), Term(2), true}));
    return Take(step);
  }

  void BeginsAt(int64_t milliseconds) {
    FakeStep step;
    step.Lead();
    step.told.kind = Told::Kind::kTransferLead;
    step.told.ticket = raft::Ticket(7);
    step.told.now = At(milliseconds);
    Take(step);
  }
  void Ends() {
    FakeStep step;
    step.Lead();
    step.effects.transfers.push_back(
        {raft::Ticket(7), raft::TransferEnd::kTooLate});
    Take(step);
  }
  std::string Accepts() {
    FakeStep step;
    step.Lead();
    step.told.kind = Told::Kind::kPropose;
    step.effects.accepted.push_back({raft::Ticket(8), Index(3), Term(2)});
    return Take(step);
  }
  std::string Refuses() {
    FakeStep step;
    step.Lead();
    step.told.kind = Told::Kind::kPropose;
    step.effects.refused.push_back(
        {raft::Ticket(8), raft::RefusalReason::kHandingOver});
    return Take(step);
  }
  std::string BeatsAt(int64_t milliseconds) {
    FakeStep step;
    step.Lead();
    step.told.kind = Told::Kind::kDeadline;
    step.told.now = At(milliseconds);
    return Take(step);
  }

  FakeShadow shadows_[2];
  Disks disks_;
  Reports reports_;
  HandOver check_;
};

TEST_F(HandOverTest, WhoHasAllMayBeToldToStand) {
  EXPECT_EQ(TellsToStand({1, 2}), "");
}

TEST_F(HandOverTest, TellingOneThatLacksAnEntryIsCaught) {
  EXPECT_EQ(TellsToStand({1}), "handed-over-too-early");
}

TEST_F(HandOverTest, TellingOneWhoseLogIsAnotherIsCaught) {
  EXPECT_EQ(TellsToStand({1, 1}), "handed-over-too-early");
}

TEST_F(HandOverTest, WhoIsToldByItsLeaderMayStand) {
  EXPECT_EQ(IsTold(2, 2, 2), "");
}

TEST_F(HandOverTest, StandingAtTheWordOfAnotherIsCaught) {
  EXPECT_EQ(IsTold(3, 2, 2), "stands-uncalled");
}

TEST_F(HandOverTest, StandingAtTheWordOfAnOlderTermIsCaught) {
  EXPECT_EQ(IsTold(2, 1, 2), "stands-uncalled");
}

TEST_F(HandOverTest, StandingAtALateWordIsCaught) {
  EXPECT_EQ(IsTold(2, 2, 1), "stands-uncalled");
}

TEST_F(HandOverTest, SpeakingForALeaderThatDidNotAskIsCaught) {
  FakeStep step;
  step.effects.sends.push_back(
      SendTo(3, raft::VoteRequest{Term(3), Index(2), Term(2), true}));
  EXPECT_EQ(Take(step), "stands-uncalled");
}

TEST_F(HandOverTest, RefusingProposalsMeanwhileIsAsItShouldBe) {
  EXPECT_EQ(Accepts(), "");
  BeginsAt(1000);
  EXPECT_EQ(Refuses(), "");
  Ends();
  EXPECT_EQ(Accepts(), "");
}

TEST_F(HandOverTest, TakingProposalsMeanwhileIsCaught) {
  BeginsAt(1000);
  EXPECT_EQ(Accepts(), "hand-over-takes-proposals");
}

TEST_F(HandOverTest, RefusingProposalsAfterTheEndIsCaught) {
  BeginsAt(1000);
  Ends();
  EXPECT_EQ(Refuses(), "hand-over-stuck");
}

TEST_F(HandOverTest, HandingOverForEverIsCaught) {
  BeginsAt(1000);
  EXPECT_EQ(BeatsAt(1600), "");
  EXPECT_EQ(BeatsAt(1601), "hand-over-stuck");
}

}  // namespace
}  // namespace scenarios
