#include "runtime/random.h"

#include <array>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace runtime {
namespace {

// Pinned: every seed that anyone ever wrote down depends on these.
TEST(RandomTest, TheSequenceOfASeedNeverChanges) {
  Random random(StreamSeed(42, "golden"));
  EXPECT_EQ(random.Next(), 9178970146657937972u);
  EXPECT_EQ(random.Next(), 12243746112878629437u);
  EXPECT_EQ(random.Below(1000), 348u);
  EXPECT_EQ(random.Exponential(absl::Seconds(1)),
            absl::Nanoseconds(1525878906));
}

TEST(RandomTest, MixingIsNotSymmetric) {
  EXPECT_NE(MixHash(1, 2), MixHash(2, 1));
  EXPECT_NE(MixHash(7, 7), MixHash(8, 8));
  EXPECT_NE(MixHash(0, 0), MixHash(0, 1));
}

TEST(RandomTest, StreamsAreIndependentOfOneAnother) {
  Random a(StreamSeed(1, "net", 1, 2));
  Random b(StreamSeed(1, "net", 2, 1));
  Random c(StreamSeed(2, "net", 1, 2));
  const uint64_t from_a = a.Next();
  EXPECT_NE(from_a, b.Next());
  EXPECT_NE(from_a, c.Next());
  Random again(StreamSeed(1, "net", 1, 2));
  (void)again.Fork("child").Next();
  EXPECT_EQ(again.Next(), from_a);
}

TEST(RandomTest, BelowIsUniformAndInRange) {
  Random random(StreamSeed(7, "uniform"));
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen[random.Below(10)];
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
}

TEST(RandomTest, BetweenIncludesBothEndsAndTheWholeRange) {
  Random random(StreamSeed(7, "between"));
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const int64_t draw = random.Between(-3, 3);
    ASSERT_GE(draw, -3);
    ASSERT_LE(draw, 3);
    low = low || draw == -3;
    high = high || draw == 3;
  }
  EXPECT_TRUE(low);
  EXPECT_TRUE(high);
  EXPECT_EQ(random.Between(INT64_MIN, INT64_MIN), INT64_MIN);
  (void)random.Between(INT64_MIN, INT64_MAX);
}

TEST(RandomTest, ExponentialHasItsMeanAndItsTail) {
  Random random(StreamSeed(7, "exponential"));
  int64_t sum_us = 0;
  int beyond_three = 0;
  const int draws = 200'000;
  for (int i = 0; i < draws; ++i) {
    const int64_t us =
        absl::ToInt64Microseconds(random.Exponential(absl::Milliseconds(1)));
    ASSERT_GE(us, 0);
    ASSERT_LE(us, 8400);
    sum_us += us;
    if (us > 3000) ++beyond_three;
  }
  EXPECT_NEAR(static_cast<double>(sum_us) / draws, 1000, 20);
  EXPECT_NEAR(static_cast<double>(beyond_three) / draws, 0.04, 0.012);
}

TEST(RandomTest, AZeroChanceDrawsNothing) {
  Random random(StreamSeed(7, "chance"));
  Random other(StreamSeed(7, "chance"));
  EXPECT_FALSE(random.Chance(0));
  EXPECT_EQ(random.Next(), other.Next());
}

// A tape sees every choice with a stable id and may replace it.
class EvenTape final : public Tape {
 public:
  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override {
    ids.push_back(stream ^ ordinal);
    EXPECT_TRUE(domain == 0 || drawn < domain);
    return drawn & ~uint64_t{1};
  }
  std::vector<uint64_t> ids;
};

TEST(RandomTest, ATapeSeesAndReplacesEveryChoice) {
  EvenTape tape;
  Random random(StreamSeed(3, "taped"), &tape);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.Below(100) % 2, 0u);
  ASSERT_EQ(tape.ids.size(), 10u);
  EXPECT_EQ(tape.ids[9], StreamSeed(3, "taped") ^ 9u);
}

}  // namespace
}  // namespace runtime
