// What Redis clients are told: each check lets a good run pass and catches a
// broken one.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "scenarios/checks/bank_books.h"
#include "scenarios/checks/lease_books.h"
#include "scenarios/checks/watch_books.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/wall_times.h"
#include "tests/scenarios/check_fixture.h"

namespace scenarios {
namespace {

// -------------------------------------------------------------- bank books

// Two clients, three accounts.
class BankBooksTest : public testing::Test {
 protected:
  std::string Audit(const BankBooks::Floor& certain,
                    const std::vector<int64_t>& balances,
                    const std::vector<int64_t>& counts) {
    books_.OnAudited("an audit", certain, balances, counts);
    return reports_.first();
  }
  std::string AuditNow(const std::vector<int64_t>& balances,
                       const std::vector<int64_t>& counts) {
    return Audit(books_.CertainNow(), balances, counts);
  }

  Reports reports_;
  BankBooks books_{reports_, 2};
};

TEST_F(BankBooksTest, AnOrdinaryDayIsFine) {
  EXPECT_EQ(AuditNow({0, 0, 0}, {0, 0}), "");
  books_.OnMoveAsked(1);
  books_.OnMoved(1, 1);
  EXPECT_EQ(AuditNow({-5, 5, 0}, {1, 0}), "");
  books_.OnMoveAsked(1);
  books_.OnNotMoved(1);
  books_.OnMoveAsked(1);  // Nobody tells.
  EXPECT_EQ(AuditNow({-5, 5, 0}, {1, 0}), "");
  books_.OnMoveAsked(1);
  books_.OnMoved(1, 3);  // It took effect.
  books_.OnMoveAsked(2);
  EXPECT_EQ(AuditNow({-7, 5, 2}, {3, 1}), "");
  books_.OnMoved(2, 1);
}

TEST_F(BankBooksTest, HalfATransactionIsCaught) {
  EXPECT_EQ(AuditNow({-5, 0, 0}, {0, 0}), "bank-total");
}

TEST_F(BankBooksTest, WhatWasNotAskedForDoesNotHappen) {
  books_.OnMoveAsked(1);
  EXPECT_EQ(AuditNow({0, 0, 0}, {2, 0}), "exec-twice");
}

TEST_F(BankBooksTest, ATransactionThatCountsTwiceIsCaught) {
  books_.OnMoveAsked(1);
  books_.OnMoved(1, 2);
  EXPECT_EQ(reports_.first(), "exec-twice");
}

TEST_F(BankBooksTest, WhatWasCalledOffHasNoEffect) {
  books_.OnMoveAsked(1);
  books_.OnNotMoved(1);
  EXPECT_EQ(AuditNow({0, 0, 0}, {1, 0}), "exec-twice");
}

TEST_F(BankBooksTest, WhatWasSeenCannotBeCalledOff) {
  books_.OnMoveAsked(1);
  EXPECT_EQ(AuditNow({0, 0, 0}, {1, 0}), "");
  books_.OnNotMoved(1);
  EXPECT_EQ(reports_.first(), "exec-twice");
}

TEST_F(BankBooksTest, WhatWasDoneBeforeAnAuditIsSeenByIt) {
  books_.OnMoveAsked(1);
  const BankBooks::Floor before = books_.CertainNow();
  books_.OnMoved(1, 1);
  EXPECT_EQ(Audit(before, {0, 0, 0}, {0, 0}), "");
  EXPECT_EQ(AuditNow({0, 0, 0}, {0, 0}), "exec-lost");
}

TEST_F(BankBooksTest, NoAuditSeesLessThanAnother) {
  books_.OnMoveAsked(1);  // Nobody tells.
  EXPECT_EQ(AuditNow({0, 0, 0}, {1, 0}), "");
  EXPECT_EQ(AuditNow({0, 0, 0}, {0, 0}), "exec-lost");
}

TEST_F(BankBooksTest, ATransactionThatDoesNotCountIsCaught) {
  books_.OnMoveAsked(1);
  books_.OnMoved(1, 1);
  books_.OnMoveAsked(1);
  books_.OnMoved(1, 1);
  EXPECT_EQ(reports_.first(), "exec-lost");
}

// ------------------------------------------------------------- lease books

// Two nodes; the clock of n2 is a second ahead. A value "a" that lasts 500 was
// set through n1 when its clock showed 1000 to 1010: it is due from 1500 to
// 1510, which n2's clock shows already.
class LeaseBooksTest : public testing::Test {
 protected:
  LeaseBooksTest() { Set("a", 500); }

  LeaseBooks::Set Ask(const std::string& value, int64_t lasts_ms) {
    return books_.OnSetAsked("k", value, lasts_ms, 1);
  }
  void Set(const std::string& value, int64_t lasts_ms) {
    const LeaseBooks::Set set = Ask(value, lasts_ms);
    Pass(10);
    books_.OnSetDone(set);
  }
  void Pass(int64_t span_ms) {
    shown_ms_[0] += span_ms;
    shown_ms_[1] += span_ms;
  }
  void AgreeOnTime() { shown_ms_[1] = shown_ms_[0]; }

  LeaseBooks::Read Begin() { return books_.OnReadAsked("k"); }
  std::string Gone(const LeaseBooks::Read& read) {
    books_.OnGone(read);
    return reports_.first();
  }
  std::string Value(const LeaseBooks::Read& read, const std::string& value) {
    books_.OnValue(read, value);
    return reports_.first();
  }
  std::string There(const LeaseBooks::Read& read) {
    books_.OnThere(read);
    return reports_.first();
  }
  std::string TimeLeft(const LeaseBooks::Read& read, int64_t left_ms) {
    books_.OnTimeLeft(read, left_ms);
    return reports_.first();
  }
  std::string Deadline(const LeaseBooks::Read& read, int64_t deadline_ms) {
    books_.OnDeadline(read, deadline_ms);
    return reports_.first();
  }

  Reports reports_;
  std::vector<int64_t> shown_ms_ = {1000, 2000};
  WallTimes walls_{2, [this](uint32_t node) { return shown_ms_[node - 1]; }};
  LeaseBooks books_{reports_, walls_};
};

TEST_F(LeaseBooksTest, AnOrdinaryDayIsFine) {
  EXPECT_EQ(Value(Begin(), "a"), "");
  EXPECT_EQ(There(Begin()), "");
  EXPECT_EQ(Deadline(Begin(), 1505), "");
  EXPECT_EQ(TimeLeft(Begin(), 495), "");
  Pass(600);
  EXPECT_EQ(Gone(Begin()), "");
  Set("b", 900);
  EXPECT_EQ(Value(Begin(), "b"), "");
}

// n2 may have led.
TEST_F(LeaseBooksTest, AKeyMayGoByAnyClock) { EXPECT_EQ(Gone(Begin()), ""); }

TEST_F(LeaseBooksTest, AKeyMayStayByAnyClock) {
  Pass(480);
  shown_ms_[0] -= 300;
  EXPECT_EQ(There(Begin()), "");
}

TEST_F(LeaseBooksTest, AKeyThatIsDueOnAllClocksIsNotAnswered) {
  const LeaseBooks::Read early = Begin();
  Pass(500);
  EXPECT_EQ(Value(early, "a"), "");
  EXPECT_EQ(Value(Begin(), "a"), "expired-key-answered");
}

TEST_F(LeaseBooksTest, NeitherDoesItExist) {
  Pass(500);
  EXPECT_EQ(There(Begin()), "expired-key-answered");
}

TEST_F(LeaseBooksTest, AKeyThatHasNoTimeLeftIsGone) {
  Pass(480);
  shown_ms_[0] -= 300;
  EXPECT_EQ(TimeLeft(Begin(), 0), "expired-key-answered");
}

TEST_F(LeaseBooksTest, ADeadlineOnceToldIsExact) {
  EXPECT_EQ(Deadline(Begin(), 1503), "");
  EXPECT_EQ(Deadline(Begin(), 1504), "deadline-untrue");
}

TEST_F(LeaseBooksTest, ADeadlineThatNobodyHasSetIsCaught) {
  EXPECT_EQ(Deadline(Begin(), 1511), "deadline-untrue");
}

TEST_F(LeaseBooksTest, NoDeadlineIsCaught) {
  EXPECT_EQ(TimeLeft(Begin(), -1), "deadline-untrue");
}

TEST_F(LeaseBooksTest, ATimeThatNoClockTellsIsCaught) {
  AgreeOnTime();
  EXPECT_EQ(TimeLeft(Begin(), 490), "");
  EXPECT_EQ(TimeLeft(Begin(), 489), "deadline-untrue");
}

TEST_F(LeaseBooksTest, AKeyThatIsDueOnNoClockIsThere) {
  AgreeOnTime();
  Set("b", 500);  // n2 agrees by now.
  EXPECT_EQ(Gone(Begin()), "key-gone-early");
}

TEST_F(LeaseBooksTest, WhatHasGoneStaysGone) {
  const LeaseBooks::Read early = Begin();
  EXPECT_EQ(Gone(Begin()), "");
  EXPECT_EQ(Value(early, "a"), "");
  EXPECT_EQ(Value(Begin(), "a"), "key-came-back");
}

TEST_F(LeaseBooksTest, WhatHasGoneDoesNotExist) {
  EXPECT_EQ(Gone(Begin()), "");
  EXPECT_EQ(There(Begin()), "key-came-back");
}

TEST_F(LeaseBooksTest, AValueThatWasReplacedIsGone) {
  Set("b", 500);
  EXPECT_EQ(Value(Begin(), "a"), "value-untrue");
}

TEST_F(LeaseBooksTest, AValueThatWasSeenIsTheLast) {
  (void)Ask("b", 500);
  EXPECT_EQ(Value(Begin(), "a"), "");
  EXPECT_EQ(Value(Begin(), "b"), "");
  EXPECT_EQ(Value(Begin(), "a"), "value-untrue");
}

TEST_F(LeaseBooksTest, AValueThatWasNotSetIsNotRead) {
  books_.OnSetNotDone(Ask("b", 500));
  EXPECT_EQ(Value(Begin(), "b"), "value-untrue");
}

TEST_F(LeaseBooksTest, AValueThatWasReadWasSet) {
  const LeaseBooks::Set set = Ask("b", 500);
  EXPECT_EQ(Value(Begin(), "b"), "");
  books_.OnSetNotDone(set);
  EXPECT_EQ(reports_.first(), "value-untrue");
}

TEST_F(LeaseBooksTest, WhatOneConnectionAsksBehindASetFindsIt) {
  const LeaseBooks::Set set = Ask("b", 500);
  LeaseBooks::Read read = Begin();
  books_.OnSetDone(set);
  EXPECT_EQ(Value(read, "a"), "");
  read.behind = set.number;
  EXPECT_EQ(Value(read, "a"), "value-untrue");
}

// What nobody was told of may be set at any time later.
TEST_F(LeaseBooksTest, AnOpenSetExcusesWhatItCanExplain) {
  AgreeOnTime();
  Set("b", 500);
  (void)Ask("c", 20);
  Pass(5);
  EXPECT_EQ(Value(Begin(), "c"), "");
  EXPECT_EQ(Value(Begin(), "c"), "");
  Pass(30);
  EXPECT_EQ(Gone(Begin()), "");
}

TEST_F(LeaseBooksTest, ASetThatMustFindNothingIsNoExcuseForItself) {
  AgreeOnTime();
  Set("b", 500);
  const LeaseBooks::Read read = books_.OnReadAsked("k", 1);
  const LeaseBooks::Set set = Ask("c", 0);
  books_.OnGoneForSet(read, set);
  EXPECT_EQ(reports_.first(), "key-gone-early");
}

// ------------------------------------------------------------- watch books

// The clock of the one node shows what Pass() lets it show.
class WatchBooksTest : public testing::Test {
 protected:
  using Watched = WatchBooks::Watched;

  void Pass(int64_t milliseconds) { now_ms_ += milliseconds; }
  // A key that was there, and lasts so long from now on; 0: for ever.
  Watched There(int64_t lasts_ms = 0) {
    Watched one{.key = "k", .was_there = true};
    if (lasts_ms == 0) return one;
    one.lease = WatchBooks::Lease{
        .asked = books_.Now(), .node = 1, .lasts_ms = lasts_ms};
    books_.OnLeaseDone(*one.lease);
    return one;
  }
  std::string Executed(const Watched& one) {
    books_.OnExecuted({one}, books_.Now(), 1);
    return reports_.first();
  }
  std::string CalledOff(const Watched& one) {
    books_.OnCalledOff({one});
    return reports_.first();
  }

  int64_t now_ms_ = 1'000'000;
  Reports reports_;
  WallTimes walls_{1, [this](uint32_t) { return now_ms_; }};
  WatchBooks books_{reports_, walls_};
};

TEST_F(WatchBooksTest, WhatNobodyTouchedIsExecuted) {
  EXPECT_EQ(Executed(There()), "");
  EXPECT_EQ(CalledOff(There()), "exec-called-off-for-nothing");
}

TEST_F(WatchBooksTest, WhatWasChangedIsCalledOff) {
  Watched changed = There();
  changed.changed = true;
  EXPECT_EQ(CalledOff(changed), "");
  EXPECT_EQ(Executed(changed), "exec-on-changed-key");
}

TEST_F(WatchBooksTest, WhatNobodyKnowsMayBeEither) {
  Watched perhaps = There();
  perhaps.may_have_changed = true;
  EXPECT_EQ(CalledOff(perhaps), "");
  EXPECT_EQ(Executed(perhaps), "");
}

TEST_F(WatchBooksTest, WhatHasExpiredIsCalledOff) {
  const Watched short_lived = There(50);
  EXPECT_EQ(Executed(short_lived), "");
  Pass(50);  // To the millisecond it may be either.
  EXPECT_EQ(Executed(short_lived), "");
  EXPECT_EQ(CalledOff(short_lived), "");
  Pass(1);
  EXPECT_EQ(CalledOff(short_lived), "");
  EXPECT_EQ(Executed(short_lived), "exec-on-changed-key");
}

TEST_F(WatchBooksTest, WhatCannotHaveExpiredIsNoExcuse) {
  const Watched long_lived = There(500);
  Pass(499);
  EXPECT_EQ(CalledOff(long_lived), "exec-called-off-for-nothing");
}

TEST_F(WatchBooksTest, OfAKeyThatWasNotThereNothingIsSaid) {
  const Watched absent{.key = "k", .was_there = false};
  EXPECT_EQ(CalledOff(absent), "");
  EXPECT_EQ(Executed(absent), "");
}

// ---------------------------------------------------------- redis outcomes

RespReply Error(const std::string& text) {
  return {
      .kind = RespReply::Kind::kError, .text = text, .integer = 0, .parts = {}};
}

TEST(RedisOutcomesTest, WhatAServerMaySayIsCounted) {
  Reports reports;
  RedisOutcomes outcomes(reports);
  const std::vector<RespReply> replies = {
      RespReply(), Error("CLUSTERDOWN no leader"), Error("BUSY later"),
      Error("UNCERTAIN it may yet take effect")};
  const std::vector<RespVerdict> verdicts = {
      RespVerdict::kAnswered, RespVerdict::kNotDone, RespVerdict::kNotDone,
      RespVerdict::kUnknown, RespVerdict::kUnknown};
  for (size_t i = 0; i < verdicts.size(); ++i) {
    EXPECT_EQ(outcomes.Judge({"PING"}, replies, i), verdicts[i]) << i;
  }
  EXPECT_EQ(outcomes.answered(), 1u);
  EXPECT_EQ(outcomes.refused(), 2u);
  EXPECT_EQ(outcomes.unknown(), 2u);
  EXPECT_EQ(reports.first(), "");
}

TEST(RedisOutcomesTest, EveryOtherErrorIsCaught) {
  Reports reports;
  RedisOutcomes outcomes(reports);
  EXPECT_EQ(outcomes.Judge({"EXEC"}, {Error("ERR EXEC without MULTI")}, 0),
            RespVerdict::kWrong);
  EXPECT_EQ(reports.first(), "redis-reply");
}

}  // namespace
}  // namespace scenarios
