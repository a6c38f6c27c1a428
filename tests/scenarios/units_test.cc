#include "scenarios/units.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

#include "runtime/random.h"
#include "scenarios/knob_table.h"

namespace scenarios {
namespace {

TEST(UnitsTest, ProbabilitiesAreExactPartsPerMillion) {
  EXPECT_EQ(*ParsePartsPerMillion("1%"), 10'000u);
  EXPECT_EQ(*ParsePartsPerMillion("0.05%"), 500u);
  EXPECT_EQ(*ParsePartsPerMillion("0.0001%"), 1u);
  EXPECT_EQ(*ParsePartsPerMillion("100%"), 1'000'000u);
  EXPECT_EQ(*ParsePartsPerMillion("200ppm"), 200u);
  EXPECT_EQ(*ParsePartsPerMillion("0"), 0u);
}

TEST(UnitsTest, WhatCannotBeExactIsRefused) {
  for (const char* text :
       {"", "1", "%", "-1%", "101%", "100.0001%", "0.00001%", "1.%", ".5%",
        "1e3ppm", "2000000ppm", "99999999999999999999%", " 1%"}) {
    EXPECT_FALSE(ParsePartsPerMillion(text).ok()) << text;
  }
  for (const char* text : {"", "5", "-5ms", "inf", "25h", "ms"}) {
    EXPECT_FALSE(ParseSpan(text).ok()) << text;
  }
  for (const char* text : {"", "-1", "1KB", "9999999999GiB", "1.5KiB"}) {
    EXPECT_FALSE(ParseCount(text).ok()) << text;
  }
}

TEST(UnitsTest, RangesHaveTwoEndsInOrder) {
  EXPECT_EQ(*ParseRange("1ms..5ms", Unit::kSpan),
            (Range{1'000'000, 5'000'000}));
  EXPECT_EQ(*ParseRange("7", Unit::kCount), (Range{7, 7}));
  EXPECT_FALSE(ParseRange("5ms..1ms", Unit::kSpan).ok());
  EXPECT_FALSE(ParseRange("1ms..", Unit::kSpan).ok());
}

TEST(UnitsTest, WhatIsPrintedIsReadBackAsTheSame) {
  for (const Range range : {Range{0, 0}, Range{1, 2}, Range{10'000, 1'000'000},
                            Range{123'456, 123'457}}) {
    for (const Unit unit :
         {Unit::kSpan, Unit::kPartsPerMillion, Unit::kCount}) {
      const std::string text = FormatRange(range, unit);
      const absl::StatusOr<Range> back = ParseRange(text, unit);
      ASSERT_TRUE(back.ok()) << text << ": " << back.status();
      EXPECT_EQ(*back, range) << text;
    }
  }
}

TEST(KnobTableTest, EveryKnobIsFoundByItsName) {
  for (const Knob& knob : AllKnobs()) EXPECT_EQ(FindKnob(knob.name), &knob);
  EXPECT_EQ(FindKnob("network.nonsense"), nullptr);
}

TEST(KnobTableTest, EveryKnobChangesAFieldOfItsOwn) {
  std::set<std::string> seen;
  for (const Knob& knob : AllKnobs()) {
    sim::Knobs knobs;
    const auto bytes = [&] {
      return std::string(reinterpret_cast<const char*>(&knobs), sizeof(knobs));
    };
    const std::string before = bytes();
    ApplyKnobs({{{&knob, {1'234'567, 1'234'567}}}}, knobs);
    std::string changed;
    const std::string after = bytes();
    for (size_t i = 0; i < after.size(); ++i) {
      changed.push_back(after[i] == before[i] ? '.' : 'X');
    }
    EXPECT_TRUE(seen.insert(changed).second) << knob.name;
  }
}

TEST(KnobTableTest, ASwarmSwitchesFaultsOffAndLeavesTheRest) {
  const KnobSetting loss{FindKnob("network.frame_loss"), {10'000, 10'000}};
  const KnobSetting latency{FindKnob("network.latency"), {1, 2}};
  const std::vector<KnobSetting> settings = {loss, latency};
  int off = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "knobs"));
    const std::vector<KnobSetting> drawn = DrawKnobs(settings, true, dice);
    if (drawn[0].range.high == 0) ++off;
    EXPECT_EQ(drawn[1].range, latency.range);
  }
  EXPECT_GT(off, 25);
  EXPECT_LT(off, 75);
}

TEST(KnobTableTest, AnOpenRangeIsDrawnOncePerSeed) {
  const std::vector<KnobSetting> settings = {
      {FindKnob("network.frame_loss"), {0, 1'000'000}}};
  std::set<int64_t> values;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "knobs"));
    const std::vector<KnobSetting> drawn = DrawKnobs(settings, false, dice);
    EXPECT_EQ(drawn[0].range.low, drawn[0].range.high);
    values.insert(drawn[0].range.low);
  }
  EXPECT_GT(values.size(), 15u);
}

}  // namespace
}  // namespace scenarios
