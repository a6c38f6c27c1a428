// The checks of a whole cluster: what only their assembly can know.

#include "scenarios/checks/safety_checks.h"

#include "gtest/gtest.h"

#include "raft/core/membership.h"
#include "runtime/random.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

class SafetyChecksTest : public testing::Test {
 protected:
  SafetyChecksTest()
      : dice_(7),
        checks_(reports_, {shadow_.Reader()}),
        core_(Founded(), {runtime::Instant(), dice_}) {
    shadow_.Found();
    shadow_.SetIncarnation(1);
  }

  static raft::Core::Init Founded() {
    raft::Core::Init init;
    init.self = NodeId(1);
    init.group = runtime::GroupId(1);
    init.hard_state.term = Term(1);
    init.entries = {raft::BootstrapEntry({NodeId(1)})};
    return init;
  }

  FakeShadow shadow_;
  runtime::Random dice_;
  Reports reports_;
  SafetyChecks checks_;
  raft::Core core_;
};

TEST_F(SafetyChecksTest, WhateverADeadProcessDoesIsCaught) {
  const raft::Effects effects;
  const raft::Send send = SendTo(2, raft::VoteReply{});
  for (int what = 0; what < 7; ++what) {
    Reports reports;
    SafetyChecks checks(reports, {shadow_.Reader()});
    raft::NodeObserver& observer = *checks.Begin(1, 1);
    checks.End(1);
    switch (what) {
      case 0:
        observer.OnStarted(core_, runtime::Instant());
        break;
      case 1:
        observer.OnEvent(core_, raft::DeadlineReached(), runtime::Instant());
        break;
      case 2:
        observer.OnStep(core_, effects);
        break;
      case 3:
        observer.OnSendLeaves(core_, send);
        break;
      case 4:
        observer.OnApplied(core_, {}, {}, Index(1), 0);
        break;
      case 5:
        observer.OnStored(core_, Sequence(1));
        break;
      default:
        observer.OnAnswered(core_, raft::Ticket(1), raft::Outcome());
        break;
    }
    EXPECT_EQ(reports.first(), "dead-process-has-an-effect") << what;
  }
}

TEST_F(SafetyChecksTest, ANodeIsSeenFromItsStartToItsEnd) {
  EXPECT_EQ(checks_.View(1), nullptr);
  raft::NodeObserver& observer = *checks_.Begin(1, 1);
  EXPECT_EQ(checks_.View(1), nullptr);  // Not up yet.
  observer.OnStarted(core_, runtime::Instant());
  ASSERT_NE(checks_.View(1), nullptr);
  EXPECT_EQ(checks_.View(1)->term, Term(1));
  checks_.End(1);
  EXPECT_EQ(checks_.View(1), nullptr);
}

TEST_F(SafetyChecksTest, ANodeThatStartsWithMoreThanItsDiskHoldsIsCaught) {
  checks_.Begin(1, 1)->OnStarted(core_, runtime::Instant());
  EXPECT_EQ(reports_.first(), "disk-holds-the-log");
}

}  // namespace
}  // namespace scenarios
