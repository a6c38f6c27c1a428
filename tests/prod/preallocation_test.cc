#include "prod/preallocation.h"

#include "gtest/gtest.h"

namespace prod {
namespace {

constexpr uint64_t kEnd = 10 << 20;
constexpr uint64_t kPortion = Preallocation::kPortionBytes;

Preallocation Reserved() {
  Preallocation preallocation;
  preallocation.Reserve({0, kEnd});
  return preallocation;
}

TEST(PreallocationTest, SmallWritesRunBehindZeros) {
  Preallocation preallocation = Reserved();
  EXPECT_EQ(preallocation.OnWrite({0, 512}), (ByteRange{512, 512 + kPortion}));
  EXPECT_TRUE(preallocation.OnWrite({512, 1024}).empty());
  EXPECT_TRUE(preallocation.OnWrite({kPortion, 512 + kPortion}).empty());
  const uint64_t end = 1024 + kPortion;
  EXPECT_EQ(preallocation.OnWrite({kPortion, end}),
            (ByteRange{end, end + kPortion}));
}

TEST(PreallocationTest, WhatWasWrittenIsNeverFilled) {
  Preallocation preallocation = Reserved();
  // Out of order: the gap stays as it is.
  EXPECT_EQ(preallocation.OnWrite({1 << 20, (1 << 20) + 10}).begin,
            (1u << 20) + 10);
  EXPECT_TRUE(preallocation.OnWrite({0, 10}).empty());
  EXPECT_TRUE(preallocation.OnWrite({4096, 8192}).empty());
}

TEST(PreallocationTest, LargeWritesAreFollowedByNoZeros) {
  Preallocation preallocation = Reserved();
  const uint64_t large = Preallocation::kLargeWriteBytes;
  EXPECT_TRUE(preallocation.OnWrite({0, large}).empty());
  EXPECT_EQ(preallocation.OnWrite({large, large + 1}).begin, large + 1);
}

TEST(PreallocationTest, ZerosStayWithinTheRoom) {
  Preallocation preallocation = Reserved();
  EXPECT_EQ(preallocation.OnWrite({kEnd - 1000, kEnd - 900}),
            (ByteRange{kEnd - 900, kEnd}));
  EXPECT_TRUE(preallocation.OnWrite({kEnd - 900, kEnd}).empty());
  EXPECT_TRUE(preallocation.OnWrite({kEnd, kEnd + 100}).empty());

  Preallocation cut = Reserved();
  cut.Truncate(1000);
  EXPECT_EQ(cut.OnWrite({0, 10}), (ByteRange{10, 1000}));

  Preallocation none;
  EXPECT_TRUE(none.OnWrite({0, 10}).empty());
}

}  // namespace
}  // namespace prod
