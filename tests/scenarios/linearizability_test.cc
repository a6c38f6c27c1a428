// The checker of linearizability on histories that are told in words, by what
// each must mean, and its budgets.

#include "scenarios/linearizability.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/history.h"

namespace scenarios {
namespace {

// A history told in words: Ask() opens an operation, Told() closes it.
class Story {
 public:
  History::OperationId Ask(kv::Operation operation, std::string argument = "",
                           std::string expected = "", std::string key = "k") {
    return history_.Invoke({.client = 1,
                            .operation = operation,
                            .key = std::move(key),
                            .argument = std::move(argument),
                            .expected = std::move(expected)},
                           Now());
  }
  History::OperationId Set(std::string value) {
    return Ask(kv::Operation::kSet, std::move(value));
  }
  History::OperationId Get() { return Ask(kv::Operation::kGet); }
  void Told(History::OperationId id, Answer answer) {
    history_.Answered(id, std::move(answer), Now());
  }
  void Told(History::OperationId id, absl::string_view text) {
    Told(id, Answer::Text(text));
  }
  void Told(History::OperationId id, int integer) {
    Told(id, Answer::Integer(integer));
  }
  void ToldNil(History::OperationId id) { Told(id, Answer::Nil()); }
  void Done(History::OperationId id) { Told(id, Answer::Unsaid()); }
  void Refused(History::OperationId id) { history_.Refused(id, Now()); }

  Verdict Check() const {
    return CheckLinearizability(history_.operations()).verdict;
  }
  const History& history() const { return history_; }

 private:
  absl::Duration Now() { return absl::Milliseconds(++now_); }

  History history_;
  int now_ = 0;
};

TEST(LinearizabilityTest, AnEmptyHistoryIsLinearizable) {
  EXPECT_EQ(Story().Check(), Verdict::kOk);
}

TEST(LinearizabilityTest, AReadSeesTheWriteThatReturnedBefore) {
  Story story;
  story.ToldNil(story.Set("a"));
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kOk);
}

TEST(LinearizabilityTest, AStaleReadIsCaught) {
  Story story;
  story.ToldNil(story.Set("a"));
  story.Told(story.Set("b"), "a");
  story.Told(story.Get(), "a");
  const LinearizabilityResult result =
      CheckLinearizability(story.history().operations());
  EXPECT_EQ(result.verdict, Verdict::kViolated);
  EXPECT_EQ(result.key, "k");
  EXPECT_NE(result.evidence.find("the key could hold b"), std::string::npos)
      << result.evidence;
}

TEST(LinearizabilityTest, AReadBesideAWriteMaySeeEither) {
  for (const bool sees_it : {false, true}) {
    Story story;
    const auto write = story.Set("a");
    const auto read = story.Get();
    story.Told(read, sees_it ? Answer::Text("a") : Answer::Nil());
    story.ToldNil(write);
    EXPECT_EQ(story.Check(), Verdict::kOk);
  }
}

TEST(LinearizabilityTest, TwoReadsInARowNeverGoBackInTime) {
  Story story;
  const auto write = story.Set("a");
  story.Told(story.Get(), "a");
  story.ToldNil(story.Get());
  story.ToldNil(write);
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, ALostUpdateIsCaught) {
  Story story;
  const auto first = story.Set("a");
  const auto second = story.Set("b");
  story.ToldNil(first);
  story.ToldNil(second);
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AnUnansweredWriteMayHappenLateOrNever) {
  Story never;
  never.Set("a");
  never.ToldNil(never.Get());
  EXPECT_EQ(never.Check(), Verdict::kOk);

  Story late;
  late.Set("a");
  late.ToldNil(late.Get());
  late.Told(late.Get(), "a");
  EXPECT_EQ(late.Check(), Verdict::kOk);
}

TEST(LinearizabilityTest, AnUnansweredWriteHappensAtMostOnce) {
  Story story;
  story.Set("a");
  story.Told(story.Get(), "a");
  story.Told(story.Set("b"), "a");
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, NothingHappensBeforeItWasAsked) {
  Story story;
  story.Told(story.Get(), "a");
  story.Set("a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, ARefusedWriteIsNeverSeen) {
  Story story;
  story.Refused(story.Set("a"));
  story.ToldNil(story.Get());
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AnIncrementAppliedTwiceIsCaught) {
  Story story;
  story.Told(story.Ask(kv::Operation::kIncrement, "1"), 1);
  story.Told(story.Ask(kv::Operation::kIncrement, "1"), 3);
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, ManyUnansweredIncrementsAreCounted) {
  Story story;
  for (int i = 0; i < 40; ++i) story.Ask(kv::Operation::kIncrement, "1");
  story.Told(story.Get(), "17");
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "40");
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "41");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, ACompareAndSetThatCannotHaveWonIsCaught) {
  Story story;
  story.ToldNil(story.Set("a"));
  story.Told(story.Ask(kv::Operation::kCompareAndSet, "c", "b"), 1);
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AFailedCompareAndSetBetraysAnUnansweredWrite) {
  Story story;
  story.ToldNil(story.Set("a"));
  story.Set("b");
  story.Told(story.Ask(kv::Operation::kCompareAndSet, "c", "a"), 0);
  EXPECT_EQ(story.Check(), Verdict::kOk);
}

TEST(LinearizabilityTest, KeysAreJudgedApart) {
  Story story;
  const auto x = story.Ask(kv::Operation::kSet, "a", "", "x");
  story.ToldNil(x);
  story.ToldNil(story.Ask(kv::Operation::kGet, "", "", "y"));
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.ToldNil(story.Ask(kv::Operation::kGet, "", "", "x"));
  EXPECT_EQ(CheckLinearizability(story.history().operations()).key, "x");
}

TEST(LinearizabilityTest, WithoutBudgetThereIsNoVerdict) {
  Story story;
  for (int i = 0; i < 12; ++i) story.Set(absl::StrCat("v", i));
  story.Told(story.Get(), "v3");
  story.Told(story.Get(), "v9");
  EXPECT_EQ(CheckLinearizability(story.history().operations(), {.steps_max = 5})
                .verdict,
            Verdict::kUnknown);
  EXPECT_EQ(story.Check(), Verdict::kOk);
}

// ---------------------------------------------- answers that were left out

TEST(LinearizabilityTest, APutIsAWriteThatTellsNothing) {
  Story story;
  story.Told(story.Ask(kv::Operation::kPut, "a"), 1);
  story.Told(story.Ask(kv::Operation::kPut, "b"), 1);
  story.Told(story.Get(), "b");
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, WhatIsDoneIsDoneThoughNobodyKnowsTheAnswer) {
  Story story;
  story.Done(story.Set("a"));
  story.ToldNil(story.Get());
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AViolationShowsThoughTheAnswersOfWritesAreLeftOut) {
  Story story;
  story.Done(story.Set("a"));
  story.Done(story.Set("b"));
  story.Told(story.Get(), "b");
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Done(story.Ask(kv::Operation::kIncrement, "1"));
  story.Told(story.Get(), "b");  // No number: an increment changes nothing.
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AWriteBesideAnotherOneNeedNeverBeSeen) {
  Story story;
  const auto first = story.Set("a");
  const auto second = story.Set("b");
  story.Done(second);
  story.Told(story.Get(), "b");
  story.Done(first);
  story.Told(story.Get(), "b");  // The first came right before the second.
  EXPECT_EQ(story.Check(), Verdict::kOk);
  story.Told(story.Get(), "a");
  EXPECT_EQ(story.Check(), Verdict::kViolated);
}

TEST(LinearizabilityTest, AWriteIsSeenLateOnlyWhileItRuns) {
  for (const bool runs : {true, false}) {
    Story story;
    const auto first = story.Set("a");
    story.Done(story.Set("b"));
    story.Told(story.Get(), "b");
    if (!runs) story.Done(first);
    story.Told(story.Get(), "b");
    story.Told(story.Get(), "a");
    EXPECT_EQ(story.Check(), runs ? Verdict::kOk : Verdict::kViolated);
  }
}

TEST(LinearizabilityTest, AnUnseenWriteCoversOneThatRunsBesideASwap) {
  Story story;
  story.ToldNil(story.Set("r"));
  const auto covered = story.Set("x");
  story.Set("r");  // Without an answer.
  story.Told(story.Set("y"), "r");
  story.Done(covered);
  story.Told(story.Get(), "y");  // x, the unanswered r, the swap to y.
  EXPECT_EQ(story.Check(), Verdict::kOk);
}

// ----------------------------------------------------------------- budgets

// Whether counters add up to a number, one by one of many: no order is short.
void AskForAHardKey(Story& story, const std::string& key) {
  for (int i = 0; i < 26; ++i) {
    story.Ask(kv::Operation::kIncrement, absl::StrCat((1 << i) * 2), "", key);
  }
  story.Told(story.Ask(kv::Operation::kGet, "", "", key), "33554433");
}

TEST(LinearizabilityTest, AHardKeyHidesNoViolatedOneWhereverItSorts) {
  for (const char* hard : {"a", "z"}) {
    Story story;
    AskForAHardKey(story, hard);
    story.ToldNil(story.Ask(kv::Operation::kSet, "v", "", "m"));
    story.ToldNil(story.Ask(kv::Operation::kGet, "", "", "m"));
    const LinearizabilityResult result = CheckLinearizability(
        story.history().operations(),
        {.steps_max = 20'000, .configurations_max = 5'000});
    EXPECT_EQ(result.verdict, Verdict::kViolated);
    EXPECT_EQ(result.key, "m");
  }
}

TEST(LinearizabilityTest, AHardKeyAmongGoodOnesIsNoPass) {
  Story story;
  AskForAHardKey(story, "hard");
  story.ToldNil(story.Ask(kv::Operation::kSet, "v", "", "m"));
  const LinearizabilityResult result =
      CheckLinearizability(story.history().operations(),
                           {.steps_max = 20'000, .configurations_max = 5'000});
  EXPECT_EQ(result.verdict, Verdict::kUnknown);
  EXPECT_EQ(result.key, "hard");
}

TEST(LinearizabilityTest, EveryKeyHasABudgetOfItsOwn) {
  Story story;
  for (int i = 0; i < 6; ++i) AskForAHardKey(story, absl::StrCat("hard", i));
  for (int i = 0; i < 200; ++i) {
    const std::string key = absl::StrCat("k", i);
    story.ToldNil(story.Ask(kv::Operation::kSet, "v", "", key));
  }
  const LinearizabilityBudget budget{.steps_max = 20'000,
                                     .configurations_max = 5'000};
  const LinearizabilityResult result =
      CheckLinearizability(story.history().operations(), budget);
  EXPECT_EQ(result.verdict, Verdict::kUnknown);
  // Three rounds at most, and what one step may exceed.
  EXPECT_LT(result.steps, 6 * 2 * budget.steps_max);
}

}  // namespace
}  // namespace scenarios
