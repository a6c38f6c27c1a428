#include "sim/divergence.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "sim/world.h"

namespace sim {
namespace {

// Naps for ever; the nap after `odd_round` is `odd_nap` nanoseconds longer.
Digest RunNaps(TraceSink* trace, int odd_round, int odd_nap) {
  World world({.seed = 3, .trace = trace});
  world.Boot(world.AddHost("a"), [&](Process& process) {
    for (int round = 0;; ++round) {
      absl::Duration nap = absl::Microseconds(50);
      if (round == odd_round) nap += absl::Nanoseconds(odd_nap);
      runtime::Note("nap", {{"round", round}});
      process.network_executor().SleepFor(nap).IgnoreError();
    }
  });
  world.RunFor(absl::Milliseconds(200));
  return world.digest();
}

TEST(DivergenceTest, ADeterministicRunHasNone) {
  EXPECT_FALSE(FindDivergence([](TraceSink* trace) {
                 return RunNaps(trace, -1, 0);
               }).has_value());
}

TEST(DivergenceTest, TheFirstDifferenceBetweenTwoRunsIsNamed) {
  const auto left = [](TraceSink* trace) { return RunNaps(trace, -1, 0); };
  const auto right = [](TraceSink* trace) { return RunNaps(trace, 1500, 9); };
  const std::optional<Divergence> found = FindDivergence(left, right);
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(found->event, 1024u);
  // The nap of 1500 ends at another time: its wake is the first to differ.
  EXPECT_THAT(found->left, testing::HasSubstr(" wake "));
  EXPECT_THAT(found->right, testing::HasSubstr(" wake "));
  EXPECT_NE(found->left, found->right);
}

// State that leaks from run to run: the classic.
TEST(DivergenceTest, ARunThatDiffersFromItselfIsCaught) {
  int runs = 0;
  const std::optional<Divergence> found = FindDivergence(
      [&runs](TraceSink* trace) { return RunNaps(trace, 700, 1000 * ++runs); });
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->ToString(), testing::HasSubstr(" wake "));
  EXPECT_NE(found->left, found->right);
}

TEST(DivergenceTest, ADifferenceThatDoesNotComeBackIsStillReported) {
  int runs = 0;
  const std::optional<Divergence> found =
      FindDivergence([&runs](TraceSink* trace) {
        return RunNaps(trace, 700, ++runs == 1 ? 1000 : 0);
      });
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->left.empty());
  EXPECT_THAT(found->ToString(),
              testing::HasSubstr("not when it was recorded"));
}

TEST(DivergenceTest, ARunThatEndsEarlierDiffersAtItsEnd) {
  const auto shorter = [](TraceSink* trace) {
    World world({.seed = 3, .trace = trace});
    world.Boot(world.AddHost("a"), [](Process& process) {
      process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    });
    world.RunFor(absl::Milliseconds(500));
    return world.digest();
  };
  const auto longer = [](TraceSink* trace) {
    World world({.seed = 3, .trace = trace});
    world.Boot(world.AddHost("a"), [](Process& process) {
      process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    });
    world.RunFor(absl::Seconds(2));
    return world.digest();
  };
  const std::optional<Divergence> found = FindDivergence(shorter, longer);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->left, "(nothing more)");
  EXPECT_THAT(found->right, testing::HasSubstr(" wake "));
}

}  // namespace
}  // namespace sim
