#include "persist/stores_under_way.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace persist {
namespace {

runtime::Instant At(int64_t milliseconds) {
  return runtime::Instant::FromNanos(milliseconds * 1'000'000);
}

Store Bringing(size_t bytes) {
  Store store;
  store.entries.emplace_back().payload =
      runtime::Bytes::Copy(std::string(bytes, 'x'));
  return store;
}

TEST(StoresUnderWayTest, ThereIsRoomUpToTheNumberOfStores) {
  StoresUnderWay under_way({.stores_max = 2, .bytes_max = 1000});
  under_way.Add(Store(), At(1));
  EXPECT_EQ(under_way.room(), StoreRoom::kFree);
  under_way.Add(Store(), At(2));
  EXPECT_EQ(under_way.room(), StoreRoom::kFull);
  under_way.Remove(1, At(3));
  EXPECT_EQ(under_way.room(), StoreRoom::kFree);
}

TEST(StoresUnderWayTest, ThereIsRoomUpToTheirBytes) {
  StoresUnderWay under_way({.stores_max = 10, .bytes_max = 1000});
  under_way.Add(Bringing(999), At(1));
  EXPECT_EQ(under_way.room(), StoreRoom::kFree);
  under_way.Add(Bringing(1), At(2));
  EXPECT_EQ(under_way.room(), StoreRoom::kFull);
  under_way.Remove(2, At(3));
  EXPECT_EQ(under_way.room(), StoreRoom::kFree);
}

TEST(StoresUnderWayTest, PromisesAreTakenUpToTwiceAsMany) {
  StoresUnderWay under_way({.stores_max = 2, .bytes_max = 1000});
  for (int i = 0; i < 3; ++i) under_way.Add(Store(), At(i));
  EXPECT_EQ(under_way.room(), StoreRoom::kFull);
  under_way.Add(Store(), At(4));
  EXPECT_EQ(under_way.room(), StoreRoom::kNone);
}

TEST(StoresUnderWayTest, TellsHowManyThereAreAndWereAndHowOldTheOldestIs) {
  StoresUnderWay under_way(StoreLimits{});
  under_way.Add(Bringing(30), At(1));
  under_way.Add(Bringing(12), At(5));
  under_way.Remove(1, At(8));
  PersisterStats stats;
  under_way.FillIn(stats, At(15));
  EXPECT_EQ(stats.stores_waiting, 1u);
  EXPECT_EQ(stats.bytes_waiting, 12u);
  EXPECT_EQ(stats.stores_waiting_peak, 2u);
  EXPECT_EQ(stats.bytes_waiting_peak, 42u);
  EXPECT_EQ(stats.oldest_age, absl::Milliseconds(10));
  under_way.Remove(1, At(20));
  under_way.FillIn(stats, At(21));
  EXPECT_EQ(stats.stores_waiting, 0u);
  EXPECT_EQ(stats.oldest_age, absl::ZeroDuration());
}

}  // namespace
}  // namespace persist
