#include "runtime/clock.h"

#include "absl/time/time.h"

#include "runtime/executor.h"
#include "tests/conformance/environment.h"

namespace conformance {
namespace {

class ClockTest : public Test {};

TEST_P(ClockTest, NeverGoesBackwards) {
  Run([](Place& place) {
    const runtime::Clock& clock = place.network_executor().clock();
    runtime::Instant last = clock.Now();
    for (int i = 0; i < 100; ++i) {
      place.network_executor().Yield();
      const runtime::Instant now = clock.Now();
      EXPECT_GE(now, last);
      last = now;
    }
  });
}

TEST_P(ClockTest, AdvancesWhileAFiberSleeps) {
  Run([](Place& place) {
    runtime::Executor& executor = place.network_executor();
    const runtime::Instant before = executor.clock().Now();
    EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(3)).ok());
    EXPECT_GE(executor.clock().Now() - before, absl::Milliseconds(3));
  });
}

TEST_P(ClockTest, IsTheSameForBothExecutorsOfAProcess) {
  Run([](Place& place) {
    const runtime::Instant before = place.network_executor().Now();
    runtime::Instant there;
    CallOn(place.storage_executor(), place.network_executor(),
           [&] { there = place.storage_executor().Now(); });
    EXPECT_GE(there, before);
    EXPECT_LE(there, place.network_executor().Now());
  });
}

TEST_P(ClockTest, WallTimeIsADateOfOurDays) {
  Run([](Place& place) {
    const absl::Time wall = place.network_executor().clock().WallNow();
    EXPECT_GT(wall, absl::FromUnixSeconds(1'700'000'000));  // 2023
    EXPECT_LT(wall, absl::FromUnixSeconds(4'100'000'000));  // 2099
  });
}

CONFORMANCE_SUITE(ClockTest);

}  // namespace
}  // namespace conformance
