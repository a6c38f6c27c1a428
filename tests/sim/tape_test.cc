#include "sim/tape.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "sim/world.h"

namespace sim {
namespace {

// A guest whose every step is a choice.
void Gamble(Process& process) {
  runtime::FiberGroup group(process.network_executor());
  for (int i = 0; i < 2; ++i) {
    group.Spawn("gambler", [&process, i] {
      runtime::Random dice =
          process.Stream("gamble").Fork("fiber", static_cast<uint64_t>(i));
      for (int round = 0; round < 50; ++round) {
        const uint64_t throw_of_dice = dice.Below(6);
        runtime::Note("gamble", {{"fiber", i}, {"throw", throw_of_dice}});
        process.network_executor()
            .SleepFor(absl::Microseconds(1 + throw_of_dice))
            .IgnoreError();
      }
    });
  }
  group.Join().IgnoreError();
}

struct Outcome {
  uint64_t digest = 0;
  std::optional<Failure> failure;
};

Outcome Play(uint64_t seed, ChoiceTape* tape,
             void (*guest)(Process&) = Gamble) {
  World world({.seed = seed, .tape = tape});
  for (const char* name : {"a", "b"}) world.Boot(world.AddHost(name), guest);
  world.RunFor(absl::Milliseconds(10));
  return {world.digest().value(), world.failure()};
}

TEST(TapeTest, RecordingChangesNothing) {
  RecordingTape tape;
  EXPECT_EQ(Play(5, &tape).digest, Play(5, nullptr).digest);
  EXPECT_GT(tape.record().choices.size(), 200u);
}

TEST(TapeTest, StreamsHaveNamesForPeople) {
  RecordingTape tape;
  Play(5, &tape);
  std::vector<std::string> names;
  for (const auto& [stream, name] : tape.record().stream_names) {
    names.push_back(name);
  }
  EXPECT_THAT(names, testing::IsSupersetOf(
                         {"world.ties/0/0", "network.cost/0/1", "gamble/1/1"}));
  const Choice choice{.stream = runtime::StreamSeed(5, "gamble", 1, 1),
                      .ordinal = 12,
                      .domain = 6,
                      .value = 3};
  EXPECT_EQ(tape.record().Describe(choice), "gamble/1/1 #12: 3 of 6");
}

TEST(TapeTest, AnExactReplayIsTheSameRun) {
  RecordingTape recording;
  const Outcome recorded = Play(5, &recording);
  ReplayTape replay(recording.record());
  const Outcome replayed = Play(5, &replay);
  EXPECT_FALSE(replayed.failure.has_value());
  EXPECT_EQ(replayed.digest, recorded.digest);
  EXPECT_EQ(replay.played(), recording.record().choices.size());
}

TEST(TapeTest, AnExactReplayPlaysTheTapeAndNotTheDice) {
  RecordingTape recording;
  const Outcome recorded = Play(5, &recording);
  TapeRecord changed = recording.record();
  bool found = false;
  for (Choice& choice : changed.choices) {
    // A cost of the processor: a change that cannot change what is asked next.
    if (choice.stream != runtime::StreamSeed(5, "network.cost", 0, 1)) continue;
    choice.value = choice.value == 0 ? 1 : choice.value - 1;
    found = true;
    break;
  }
  ASSERT_TRUE(found);
  ReplayTape replay(changed);
  EXPECT_NE(Play(5, &replay).digest, recorded.digest);
}

TEST(TapeTest, AnExactReplayFailsAtTheFirstChoiceThatDiffers) {
  RecordingTape recording;
  Play(5, &recording);
  TapeRecord changed = recording.record();
  changed.choices[100].domain += 1;
  ReplayTape replay(changed);
  const Outcome outcome = Play(5, &replay);
  ASSERT_TRUE(outcome.failure.has_value());
  EXPECT_EQ(outcome.failure->check, "tape");
  EXPECT_EQ(replay.played(), 100u);
  EXPECT_THAT(outcome.failure->message, testing::HasSubstr("choice 100 was "));
}

TEST(TapeTest, AnExactReplayFailsWhereTheTapeEnds) {
  RecordingTape recording;
  Play(5, &recording);
  TapeRecord cut = recording.record();
  cut.choices.resize(150);
  ReplayTape replay(cut);
  const Outcome outcome = Play(5, &replay);
  ASSERT_TRUE(outcome.failure.has_value());
  EXPECT_THAT(outcome.failure->message,
              testing::HasSubstr("ended after 150 choices"));
}

TEST(TapeTest, ALenientReplayOfAnUnchangedTapeIsTheSameRun) {
  RecordingTape recording;
  const Outcome recorded = Play(5, &recording);
  LenientTape lenient(recording.record());
  EXPECT_EQ(Play(5, &lenient).digest, recorded.digest);
  EXPECT_EQ(lenient.drawn(), 0u);
}

// The tape of one seed in the world of another: the ids do not meet.
TEST(TapeTest, ALenientReplayLeavesWhatItDoesNotKnowToTheDice) {
  RecordingTape recording;
  Play(5, &recording);
  LenientTape lenient(recording.record());
  EXPECT_EQ(Play(6, &lenient).digest, Play(6, nullptr).digest);
  EXPECT_EQ(lenient.played(), 0u);
}

TEST(TapeTest, ALenientReplayMapsChoicesByIdNotByOrder) {
  TapeRecord record;
  record.choices = {{.stream = 9, .ordinal = 1, .domain = 10, .value = 4},
                    {.stream = 8, .ordinal = 0, .domain = 10, .value = 2}};
  LenientTape tape(record);
  EXPECT_EQ(tape.Choose(8, 0, 10, 7), 2u);
  EXPECT_EQ(tape.Choose(9, 0, 10, 7), 7u);  // Unknown.
  EXPECT_EQ(tape.Choose(9, 1, 10, 7), 4u);
  EXPECT_EQ(tape.Choose(9, 1, 3, 2), 2u);  // 4 is not of a domain of 3.
}

}  // namespace
}  // namespace sim
