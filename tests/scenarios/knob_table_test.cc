#include "scenarios/knob_table.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

#include "runtime/random.h"

namespace scenarios {
namespace {

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
