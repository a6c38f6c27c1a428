#include "sim/knobs.h"

#include <algorithm>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sim {
namespace {

TEST(KnobsTest, EachKnobIsALineInAFixedOrder) {
  Knobs knobs;
  knobs.network.frame_loss_ppm = 1234;
  knobs.process.schedule = Schedule::kFifo;
  const std::string text = knobs.ToString();
  EXPECT_THAT(text, testing::StartsWith("process.schedule = fifo\n"
                                        "process.pct_depth = 3\n"));
  EXPECT_THAT(text, testing::HasSubstr("\nnetwork.frame_loss_ppm = 1234\n"));
  EXPECT_THAT(text, testing::EndsWith("disk.misdirected_read_ppm = 0\n"));
  EXPECT_EQ(text, knobs.ToString());
}

// A knob that is not printed would be missing from every artifact. When this
// fails: print the new field in knobs.cc, then correct the sizes here.
TEST(KnobsTest, NoKnobIsForgotten) {
  const std::string text = Knobs().ToString();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 79);
  EXPECT_EQ(sizeof(ProcessKnobs), 128u);
  EXPECT_EQ(sizeof(NetworkKnobs), 352u);
  EXPECT_EQ(sizeof(DiskKnobs), 208u);
}

}  // namespace
}  // namespace sim
