#include "kv/resp/command_stats.h"

#include "gtest/gtest.h"

#include "kv/resp/rate_meter.h"

namespace kv {
namespace {

TEST(LatencyHistogramTest, NoBucketIsMoreThanASixteenthWide) {
  for (uint64_t micros = 1; micros < uint64_t{1} << 30;
       micros += 1 + micros / 100) {
    LatencyHistogram histogram;
    histogram.Add(static_cast<int64_t>(micros));
    const uint64_t told = histogram.Permille(500);
    EXPECT_GE(told, micros);
    EXPECT_LE(told - micros, micros / 16) << micros;
  }
}

TEST(LatencyHistogramTest, BoundsHoldWhatIsBelowThem) {
  LatencyHistogram histogram;
  for (int place = 0; place < LatencyHistogram::kBounds; ++place) {
    const uint64_t bound = LatencyHistogram::Bound(place);
    EXPECT_EQ(histogram.UpTo(bound), static_cast<uint64_t>(2 * place));
    histogram.Add(static_cast<int64_t>(bound));
    histogram.Add(static_cast<int64_t>(bound));
    EXPECT_EQ(histogram.UpTo(bound), static_cast<uint64_t>(2 * place + 2));
  }
  histogram.Add(-5);
  EXPECT_EQ(histogram.UpTo(1), 3u);
  histogram.Add(INT64_MAX);
  EXPECT_EQ(histogram.count(), 2u * LatencyHistogram::kBounds + 2);
}

TEST(LatencyHistogramTest, PermilleIsTheOneBelowWhichSoManyAre) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Permille(500), 0u);
  for (int i = 1; i <= 10; ++i) histogram.Add(i);
  EXPECT_EQ(histogram.Permille(500), 5u);
  EXPECT_EQ(histogram.Permille(900), 9u);
  EXPECT_EQ(histogram.Permille(999), 10u);
}

TEST(CommandStatsTest, ErrorsAreToldApartByTheirFirstWord) {
  CommandStats stats;
  stats.OnError("ERR no such key");
  stats.OnError("ERR syntax error\r\n");
  stats.OnError("WRONGTYPE\r\n");
  EXPECT_EQ(stats.errors().at("ERR"), 2u);
  EXPECT_EQ(stats.errors().at("WRONGTYPE"), 1u);
  EXPECT_EQ(stats.errors_total(), 3u);
}

TEST(RateMeterTest, TellsTheMeanOfTheLastSixteenTenths) {
  RateMeter meter;
  runtime::Instant now = runtime::Instant::FromNanos(0);
  for (int i = 0; i < 50; ++i) {
    now = now + absl::Milliseconds(100);
    meter.Add(now, 16);
  }
  EXPECT_EQ(meter.PerSecond(now), 160u);
  EXPECT_EQ(meter.PerSecond(now + absl::Milliseconds(800)), 90u);
  EXPECT_EQ(meter.PerSecond(now + absl::Seconds(2)), 0u);
  EXPECT_EQ(meter.PerSecond(now + absl::Hours(2)), 0u);
  EXPECT_EQ(meter.total(), 800u);
}

}  // namespace
}  // namespace kv
