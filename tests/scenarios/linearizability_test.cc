#include "scenarios/linearizability.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "scenarios/history.h"
#include "scenarios/register_model.h"

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

// ------------------------------------------------------------ random ones

struct Shape {
  int operations = 0;
  int clients = 0;
  uint32_t unanswered_ppm = 0;
  int keys = 1;
  int values = 7;
  uint32_t unsaid_ppm = 0;  // Of an answer to be left out.
  bool blind = false;       // Only blind writes and reads.
};

kv::Operation AnyOperation(runtime::Random& dice, bool blind) {
  if (blind) {
    return dice.Below(3) == 0 ? kv::Operation::kGet : kv::Operation::kPut;
  }
  switch (dice.Below(11)) {
    case 0:
      return kv::Operation::kIncrement;
    case 1:
      return kv::Operation::kCompareAndSet;
    case 2:
      return kv::Operation::kDelete;
    case 3:
    case 4:
      return kv::Operation::kGet;
    case 5:
    case 6:
      return kv::Operation::kPut;
    case 7:
      return kv::Operation::kExists;
    case 8:
      return kv::Operation::kSetIfAbsent;
    default:
      return kv::Operation::kSet;
  }
}

// Runs clients against a true register: each operation takes effect at one
// moment between its invocation and its answer.
class TrueRegister {
 public:
  explicit TrueRegister(runtime::Random dice) : dice_(std::move(dice)) {}

  History Run(const Shape& shape) {
    states_.assign(static_cast<size_t>(shape.keys), RegisterModel::kAbsent);
    clients_.assign(static_cast<size_t>(shape.clients), {});
    int left = shape.operations;
    while (left > 0) {
      Client& client = clients_[dice_.Below(clients_.size())];
      if (!client.busy) {
        Begin(client, shape);
        --left;
      } else if (!client.done) {
        TakeEffect(client);
      } else {
        const bool unsaid = dice_.Chance(shape.unsaid_ppm);
        history_.Answered(client.id, unsaid ? Answer::Unsaid() : client.answer,
                          absl::ZeroDuration());
        client.busy = false;
      }
      if (client.busy && dice_.Chance(shape.unanswered_ppm)) {
        client.busy = false;  // Done or not: nobody will ever know.
      }
    }
    return std::move(history_);
  }

 private:
  struct Client {
    bool busy = false;
    bool done = false;
    size_t key = 0;
    History::OperationId id = 0;
    Answer answer;
  };

  void Begin(Client& client, const Shape& shape) {
    client.busy = true;
    client.done = false;
    client.key = dice_.Below(static_cast<uint64_t>(shape.keys));
    const kv::Operation operation = AnyOperation(dice_, shape.blind);
    const uint64_t expected = dice_.Below(4);
    client.id = history_.Invoke(
        {.client = 1,
         .operation = operation,
         .key = absl::StrCat("k", client.key),
         .argument = operation == kv::Operation::kIncrement
                         ? "1"
                         : absl::StrCat(serial_++ % shape.values),
         .expected = absl::StrCat(expected)},
        absl::ZeroDuration());
  }
  void TakeEffect(Client& client) {
    RegisterModel::Transition transition = model_.Apply(
        history_.operation(client.id).question, states_[client.key]);
    states_[client.key] = transition.next;
    client.answer = std::move(transition.answer);
    client.done = true;
  }

  runtime::Random dice_;
  History history_;
  RegisterModel model_;
  std::vector<RegisterModel::State> states_;
  std::vector<Client> clients_;
  int serial_ = 0;
};

// Tries every order of every subset: slow, and obviously right.
class EveryOrder {
 public:
  explicit EveryOrder(std::span<const OperationRecord> operations)
      : operations_(operations), placed_(operations.size(), false) {}

  bool Linearizable() { return Search(RegisterModel::kAbsent); }

 private:
  bool Search(RegisterModel::State state) {
    uint64_t first_return = OperationRecord::kNever;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if (!placed_[i]) {
        first_return = std::min(first_return, operations_[i].returned);
      }
    }
    if (first_return == OperationRecord::kNever) return true;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if (placed_[i] || operations_[i].invoked > first_return) continue;
      const RegisterModel::Transition transition =
          model_.Apply(operations_[i].question, state);
      if (operations_[i].state == OperationRecord::State::kDone &&
          operations_[i].answer.kind != Answer::Kind::kUnsaid &&
          transition.answer != operations_[i].answer) {
        continue;
      }
      placed_[i] = true;
      const bool found = Search(transition.next);
      placed_[i] = false;
      if (found) return true;
    }
    return false;
  }

  std::span<const OperationRecord> operations_;
  RegisterModel model_;
  std::vector<bool> placed_;
};

// The same history with one answer replaced by another one of its kind.
History WithOneAnswerChanged(const History& from, runtime::Random& dice) {
  std::vector<size_t> answered;
  for (size_t i = 0; i < from.operations().size(); ++i) {
    if (from.operation(i).state == OperationRecord::State::kDone &&
        from.operation(i).answer.kind != Answer::Kind::kUnsaid) {
      answered.push_back(i);
    }
  }
  const size_t victim =
      answered.empty() ? 0 : answered[dice.Below(answered.size())];
  const int64_t lie = dice.Between(0, 6);
  struct Moment {
    uint64_t at;
    size_t id;
    bool returns;
  };
  std::vector<Moment> moments;
  for (size_t i = 0; i < from.operations().size(); ++i) {
    moments.push_back({from.operation(i).invoked, i, false});
    if (from.operation(i).state == OperationRecord::State::kDone) {
      moments.push_back({from.operation(i).returned, i, true});
    }
  }
  std::sort(moments.begin(), moments.end(),
            [](const Moment& a, const Moment& b) { return a.at < b.at; });
  History changed;
  for (const Moment& moment : moments) {
    const OperationRecord& record = from.operation(moment.id);
    if (!moment.returns) {
      changed.Invoke(record.question, absl::ZeroDuration());
      continue;
    }
    Answer answer = record.answer;
    if (moment.id == victim) {
      answer = answer.kind == Answer::Kind::kInteger
                   ? Answer::Integer(lie)
                   : Answer::Text(absl::StrCat(lie));
    }
    changed.Answered(moment.id, answer, absl::ZeroDuration());
  }
  return changed;
}

// How many of the changed histories are violated.
int CompareWithEveryOrder(const Shape& shape, uint64_t seeds) {
  int violated = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    runtime::Random dice(runtime::StreamSeed(seed, "mutation"));
    const History good =
        TrueRegister(runtime::Random(runtime::StreamSeed(seed, "clients")))
            .Run(shape);
    EXPECT_EQ(CheckLinearizability(good.operations()).verdict, Verdict::kOk);
    const History changed = WithOneAnswerChanged(good, dice);
    const bool linearizable = EveryOrder(changed.operations()).Linearizable();
    const LinearizabilityResult result =
        CheckLinearizability(changed.operations());
    EXPECT_EQ(result.verdict, linearizable ? Verdict::kOk : Verdict::kViolated)
        << result.evidence;
    if (!linearizable) ++violated;
    if (testing::Test::HasFailure()) {
      for (const OperationRecord& record : changed.operations()) {
        ADD_FAILURE() << record.ToString() << " " << record.invoked << ".."
                      << record.returned;
      }
      break;
    }
  }
  return violated;
}

TEST(LinearizabilityTest, AgreesWithTheSearchOfEveryOrder) {
  const int violated = CompareWithEveryOrder(
      {.operations = 9, .clients = 4, .unanswered_ppm = 100'000}, 3000);
  EXPECT_GT(violated, 500);  // The mutations really break something.
}

TEST(LinearizabilityTest, AgreesWithItWhenAnswersAreLeftOut) {
  const int violated = CompareWithEveryOrder({.operations = 9,
                                              .clients = 4,
                                              .unanswered_ppm = 50'000,
                                              .values = 3,
                                              .unsaid_ppm = 400'000},
                                             4000);
  EXPECT_GT(violated, 500);
}

TEST(LinearizabilityTest, AgreesWithItOnBlindWritesOfFewValues) {
  for (const int clients : {2, 4, 6}) {
    const int violated = CompareWithEveryOrder({.operations = 9,
                                                .clients = clients,
                                                .unanswered_ppm = 60'000,
                                                .values = 3,
                                                .blind = true},
                                               2000);
    EXPECT_GT(violated, 100);
  }
}

TEST(LinearizabilityTest, LongHistoriesTakeAFewStepsPerOperation) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    const History history =
        TrueRegister(runtime::Random(runtime::StreamSeed(seed, "long")))
            .Run({.operations = 3000,
                  .clients = 10,
                  .unanswered_ppm = 2'000,
                  .keys = 8});
    const LinearizabilityResult result =
        CheckLinearizability(history.operations());
    EXPECT_EQ(result.verdict, Verdict::kOk) << result.evidence;
    EXPECT_LT(result.steps, 1'000'000u);
  }
}

// Many unanswered blind writes, of a few values or each of its own.
TEST(LinearizabilityTest, BlindWritesWithoutAnswersAreNoHarderWithFewValues) {
  for (const int values : {2, 3, 5, 100'000}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      SCOPED_TRACE(absl::StrCat(values, " values, seed ", seed));
      const History history =
          TrueRegister(runtime::Random(runtime::StreamSeed(seed, "blind")))
              .Run({.operations = 3000,
                    .clients = 10,
                    .unanswered_ppm = 60'000,
                    .values = values,
                    .blind = true});
      const LinearizabilityResult result =
          CheckLinearizability(history.operations());
      EXPECT_EQ(result.verdict, Verdict::kOk) << result.evidence;
      EXPECT_LT(result.steps, 1'000'000u);
    }
  }
}

TEST(LinearizabilityTest, AViolationAmongBlindWritesIsProved) {
  int violated = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    runtime::Random dice(runtime::StreamSeed(seed, "mutation"));
    const History good =
        TrueRegister(runtime::Random(runtime::StreamSeed(seed, "blind")))
            .Run({.operations = 1000,
                  .clients = 6,
                  .unanswered_ppm = 5'000,
                  .values = 100'000,
                  .blind = true});
    const History changed = WithOneAnswerChanged(good, dice);
    const LinearizabilityResult result =
        CheckLinearizability(changed.operations());
    EXPECT_NE(result.verdict, Verdict::kUnknown);
    if (result.verdict == Verdict::kViolated) ++violated;
  }
  EXPECT_GT(violated, 10);
}

}  // namespace
}  // namespace scenarios
