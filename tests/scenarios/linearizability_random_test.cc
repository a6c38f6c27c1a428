// The checker of linearizability against a search of every order, on random
// histories of a true register and on ones in which one answer was changed.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "scenarios/history.h"
#include "scenarios/linearizability.h"
#include "scenarios/register_model.h"

namespace scenarios {
namespace {

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
