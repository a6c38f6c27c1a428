#include "scenarios/client_oracle.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "scenarios/history.h"
#include "scenarios/linearizability.h"
#include "scenarios/register_model.h"

namespace scenarios {
namespace {

// A history of one key told in words: Ask() opens an operation, Told() closes
// it, and the others do both.
class Story {
 public:
  History::OperationId Ask(uint32_t client, kv::Operation operation,
                           std::string argument = "",
                           std::string expected = "") {
    return history_.Invoke({.client = client,
                            .operation = operation,
                            .key = "k",
                            .argument = std::move(argument),
                            .expected = std::move(expected)},
                           Now());
  }
  void Told(History::OperationId id, Answer answer) {
    history_.Answered(id, std::move(answer), Now());
  }
  void Refused(History::OperationId id) { history_.Refused(id, Now()); }

  // `previous` "": there was no value.
  void Set(uint32_t client, std::string value, absl::string_view previous) {
    Told(Ask(client, kv::Operation::kSet, std::move(value)), Text(previous));
  }
  void Get(uint32_t client, absl::string_view value) {
    Told(Ask(client, kv::Operation::kGet), Text(value));
  }
  void Increment(uint32_t client, int64_t count) {
    Told(Ask(client, kv::Operation::kIncrement, "1"), Answer::Integer(count));
  }

  // The rule that is broken, or "".
  std::string Rule() const {
    const auto finding = AskClientOracle(history_.operations());
    if (!finding.has_value()) return "";
    EXPECT_EQ(finding->key, "k");
    EXPECT_FALSE(finding->evidence.empty());
    return finding->rule;
  }
  const History& history() const { return history_; }

 private:
  static Answer Text(absl::string_view text) {
    return text.empty() ? Answer::Nil() : Answer::Text(text);
  }
  absl::Duration Now() { return absl::Milliseconds(++now_); }

  History history_;
  int now_ = 0;
};

TEST(ClientOracleTest, AnOrdinaryDayIsFine) {
  Story story;
  story.Get(1, "");
  story.Set(1, "a", "");
  const auto lost = story.Ask(2, kv::Operation::kSet, "b");  // No answer.
  story.Get(3, "a");
  story.Set(1, "c", "b");
  story.Get(3, "c");
  story.Refused(story.Ask(2, kv::Operation::kSet, "d"));
  story.Told(story.Ask(2, kv::Operation::kCompareAndSet, "e", "c"),
             Answer::Integer(1));
  story.Get(1, "e");
  EXPECT_EQ(story.Rule(), "");
  EXPECT_EQ(lost, 2u);
}

TEST(ClientOracleTest, AValueThatNobodyWroteIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Get(1, "x");
  EXPECT_EQ(story.Rule(), "phantom-value");
}

TEST(ClientOracleTest, AValueWhoseWriteWasRefusedIsCaught) {
  Story story;
  story.Refused(story.Ask(1, kv::Operation::kSet, "a"));
  story.Get(2, "a");
  EXPECT_EQ(story.Rule(), "phantom-value");
}

TEST(ClientOracleTest, AValueWhoseWriteWasNotDoneIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Told(story.Ask(1, kv::Operation::kCompareAndSet, "b", "x"),
             Answer::Integer(0));
  story.Get(2, "b");
  EXPECT_EQ(story.Rule(), "phantom-value");
}

TEST(ClientOracleTest, AValueOfTheFutureIsCaught) {
  Story story;
  story.Get(1, "a");
  story.Set(2, "a", "");
  EXPECT_EQ(story.Rule(), "phantom-value");
}

TEST(ClientOracleTest, AWriteThatFindsItselfIsCaught) {
  Story story;
  story.Set(1, "a", "a");
  EXPECT_EQ(story.Rule(), "executed-twice");
}

TEST(ClientOracleTest, TwoWritesThatReplaceOneValueAreCaught) {
  Story story;
  story.Set(1, "a", "");
  const auto one = story.Ask(1, kv::Operation::kSet, "b");
  const auto other = story.Ask(2, kv::Operation::kSet, "c");
  story.Told(one, Answer::Text("a"));
  story.Told(other, Answer::Text("a"));
  EXPECT_EQ(story.Rule(), "two-successors");
}

TEST(ClientOracleTest, WritesThatReplaceEachOtherAreCaught) {
  Story story;
  const auto one = story.Ask(1, kv::Operation::kSet, "a");
  const auto other = story.Ask(2, kv::Operation::kSet, "b");
  story.Told(one, Answer::Text("b"));
  story.Told(other, Answer::Text("a"));
  EXPECT_EQ(story.Rule(), "no-order");
}

TEST(ClientOracleTest, AClientThatMissesItsOwnWriteIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Set(1, "b", "a");
  story.Get(1, "a");
  (void)story.Ask(2, kv::Operation::kSet, "c");
  EXPECT_EQ(story.Rule(), "read-your-writes");
}

TEST(ClientOracleTest, AClientThatGoesBackInWhatItSawIsCaught) {
  Story story;
  story.Set(2, "a", "");
  const auto running = story.Ask(2, kv::Operation::kSet, "b");
  story.Get(1, "b");
  story.Get(1, "a");
  story.Told(running, Answer::Text("a"));
  EXPECT_EQ(story.Rule(), "monotonic-reads");
}

TEST(ClientOracleTest, AReadOfWhatAnotherHasReplacedIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Set(1, "b", "a");
  story.Get(2, "a");
  (void)story.Ask(1, kv::Operation::kSet, "c");
  EXPECT_EQ(story.Rule(), "stale-read");
}

TEST(ClientOracleTest, AStaleReadIsCaughtWithoutAChainToo) {
  Story story;
  story.Told(story.Ask(1, kv::Operation::kSetIfAbsent, "a"),
             Answer::Integer(1));
  (void)story.Ask(3, kv::Operation::kSet, "x");  // May stand between them.
  story.Set(1, "b", "x");
  story.Get(2, "a");
  (void)story.Ask(1, kv::Operation::kSet, "c");
  EXPECT_EQ(story.Rule(), "stale-read");
}

TEST(ClientOracleTest, AReadBesideTheWriteMaySeeEither) {
  Story story;
  story.Set(1, "a", "");
  const auto read = story.Ask(2, kv::Operation::kGet);
  story.Set(1, "b", "a");
  story.Told(read, Answer::Text("a"));
  EXPECT_EQ(story.Rule(), "");
}

TEST(ClientOracleTest, AnAcknowledgedWriteThatIsGoneInTheEndIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Set(1, "b", "a");
  story.Get(0, "a");
  EXPECT_EQ(story.Rule(), "lost-write");
}

TEST(ClientOracleTest, AKeyThatVanishesIsCaught) {
  Story story;
  story.Set(1, "a", "");
  story.Get(2, "");
  (void)story.Ask(1, kv::Operation::kSet, "b");
  EXPECT_EQ(story.Rule(), "absence");
}

TEST(ClientOracleTest, AKeyThatSomebodyDeletesMayVanish) {
  Story story;
  (void)story.Ask(3, kv::Operation::kDelete);
  story.Set(1, "a", "");
  story.Get(2, "");
  EXPECT_EQ(story.Rule(), "");
}

TEST(ClientOracleTest, ACounterThatLosesAnIncrementIsCaught) {
  Story story;
  story.Increment(1, 1);
  story.Increment(2, 2);
  story.Get(1, "2");
  EXPECT_EQ(story.Rule(), "");
  story.Get(1, "1");
  EXPECT_EQ(story.Rule(), "lost-increment");
}

TEST(ClientOracleTest, TwoIncrementsToOneNumberAreCaught) {
  Story story;
  const auto one = story.Ask(1, kv::Operation::kIncrement, "1");
  const auto other = story.Ask(2, kv::Operation::kIncrement, "1");
  story.Told(one, Answer::Integer(1));
  story.Told(other, Answer::Integer(1));
  EXPECT_EQ(story.Rule(), "repeated-count");
}

TEST(ClientOracleTest, ACounterThatGoesBackIsCaught) {
  Story story;
  (void)story.Ask(1, kv::Operation::kIncrement, "1");  // No answer.
  story.Get(2, "1");
  story.Get(3, "");
  EXPECT_EQ(story.Rule(), "stale-read");
}

TEST(ClientOracleTest, ACounterThatCountsTwiceIsCaught) {
  Story story;
  story.Increment(1, 1);
  story.Get(2, "2");
  EXPECT_EQ(story.Rule(), "phantom-value");
}

// What a correct store might answer to clients that ask at random; with `lie`,
// one read in eight answers with a value of the past.
History Random(runtime::Random& dice, bool lie) {
  constexpr uint32_t kClients = 3;
  constexpr int kTurns = 60;
  struct Running {
    History::OperationId id = 0;
    bool asked = false;
    bool done = false;
    Answer answer;
  };
  History history;
  RegisterModel model;
  RegisterModel::State state = RegisterModel::kAbsent;
  std::vector<Running> clients(kClients);
  std::vector<std::string> past = {"v0"};
  for (int turn = 0; turn < kTurns; ++turn) {
    const uint64_t number = dice.Below(kClients);
    Running& client = clients[number];
    const absl::Duration now = absl::Milliseconds(turn);
    if (!client.asked) {
      Question question;
      question.client = static_cast<uint32_t>(number);
      question.key = "k";
      if (dice.Below(2) == 0) {
        question.operation = kv::Operation::kSet;
        question.argument = absl::StrCat("v", turn);
        past.push_back(question.argument);
      }
      client.id = history.Invoke(question, now);
      client.asked = true;
    } else if (!client.done) {
      const auto transition =
          model.Apply(history.operation(client.id).question, state);
      state = transition.next;
      client.answer = transition.answer;
      client.done = true;
    } else {
      const bool reads = history.operation(client.id).question.operation ==
                         kv::Operation::kGet;
      if (lie && reads && dice.Below(8) == 0) {
        client.answer = Answer::Text(past[dice.Below(past.size())]);
      }
      if (dice.Below(8) != 0) history.Answered(client.id, client.answer, now);
      client = Running();
    }
  }
  return history;
}

TEST(ClientOracleTest, ACorrectStoreIsNeverAccused) {
  runtime::Random dice(11);
  for (int round = 0; round < 500; ++round) {
    const History history = Random(dice, false);
    const auto finding = AskClientOracle(history.operations());
    ASSERT_FALSE(finding.has_value()) << finding->rule << finding->evidence;
  }
}

TEST(ClientOracleTest, WhomItAccusesTheSearchConvicts) {
  runtime::Random dice(12);
  int accused = 0;
  for (int round = 0; round < 500; ++round) {
    const History history = Random(dice, true);
    const auto finding = AskClientOracle(history.operations());
    if (!finding.has_value()) continue;
    ++accused;
    ASSERT_EQ(CheckLinearizability(history.operations()).verdict,
              Verdict::kViolated)
        << finding->rule << ": " << finding->evidence;
  }
  EXPECT_GT(accused, 100);
}

}  // namespace
}  // namespace scenarios
