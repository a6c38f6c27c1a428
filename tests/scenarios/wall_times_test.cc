#include "scenarios/wall_times.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace scenarios {
namespace {

TEST(WallTimesTest, AClockShowsWhatLiesBetweenItsEnds) {
  std::vector<int64_t> shown = {1000, 5000};
  WallTimes walls(2, [&shown](uint32_t node) { return shown[node - 1]; });
  const WallTimes::Moment begin = walls.Now();
  shown = {1200, 5100};
  EXPECT_EQ(walls.Since(begin, 1), (WallTimes::Span{1000, 1200}));
  EXPECT_EQ(walls.Since(begin, 2), (WallTimes::Span{5000, 5100}));
  EXPECT_EQ(walls.Since(begin, WallTimes::kAllNodes),
            (WallTimes::Span{1000, 5100}));
}

TEST(WallTimesTest, AJumpIsRememberedByThoseWhoHaveBegunBefore) {
  int64_t shown = 1000;
  WallTimes walls(1, [&shown](uint32_t) { return shown; });
  const WallTimes::Moment before = walls.Now();
  const auto jump = [&](int64_t to) {
    walls.OnJump(1);
    shown = to;
    walls.OnJump(1);
  };
  jump(9000);
  jump(400);
  const WallTimes::Moment after = walls.Now();
  shown = 500;
  EXPECT_EQ(walls.Since(before, 1), (WallTimes::Span{400, 9000}));
  EXPECT_EQ(walls.Since(after, 1), (WallTimes::Span{400, 500}));
}

}  // namespace
}  // namespace scenarios
