#include "runtime/channel.h"

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "tests/runtime/test_executor.h"

namespace runtime {
namespace {

TEST(ChannelTest, KeepsOrderAndHoldsBackTheSender) {
  TestExecutor executor;
  Channel<int> channel(executor, 2);
  FiberGroup group(executor);
  std::vector<int> got;
  size_t fullest = 0;
  group.Spawn("sender", [&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(channel.Send(i).ok());
      fullest = std::max(fullest, channel.size());
    }
    channel.Close();
  });
  group.Spawn("receiver", [&] {
    for (;;) {
      absl::StatusOr<int> item = channel.Receive();
      if (!item.ok()) break;
      got.push_back(*item);
    }
  });
  executor.Run();
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(fullest, 2u);
}

TEST(ChannelTest, AFullChannelGivesUpAtTheDeadlineAndKeepsNothing) {
  TestExecutor executor;
  Channel<int> channel(executor, 1);
  FiberGroup group(executor);
  group.Spawn("sender", [&] {
    EXPECT_TRUE(channel.TrySend(1));
    EXPECT_FALSE(channel.TrySend(2));
    const absl::Status status =
        channel.Send(3, executor.Now() + absl::Milliseconds(5));
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  });
  executor.Run();
  EXPECT_EQ(channel.TryReceive(), 1);
  EXPECT_EQ(channel.TryReceive(), std::nullopt);
}

TEST(ChannelTest, AClosedChannelDrainsFirst) {
  TestExecutor executor;
  Channel<int> channel(executor, 4);
  FiberGroup group(executor);
  std::vector<absl::StatusCode> codes;
  group.Spawn("both", [&] {
    EXPECT_TRUE(channel.TrySend(1));
    channel.Close();
    EXPECT_FALSE(channel.TrySend(2));
    codes.push_back(channel.Send(3).code());
    codes.push_back(channel.Receive().status().code());
    codes.push_back(channel.Receive().status().code());
  });
  executor.Run();
  EXPECT_EQ(codes, (std::vector<absl::StatusCode>{
                       absl::StatusCode::kUnavailable, absl::StatusCode::kOk,
                       absl::StatusCode::kUnavailable}));
}

TEST(RemoteChannelTest, BoundsWhatIsUnderWayAndCountsRefusals) {
  TestExecutor executor;
  RemoteChannel<std::unique_ptr<int>> channel(executor, 2);
  EXPECT_TRUE(channel.TryPost(std::make_unique<int>(1)));
  EXPECT_TRUE(channel.TryPost(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(channel.TryPost(std::move(third)));
  ASSERT_NE(third, nullptr);  // NOLINT: refused, so not moved from.
  FiberGroup group(executor);
  std::vector<int> got;
  group.Spawn("receiver", [&] {
    for (int i = 0; i < 2; ++i) got.push_back(**channel.Receive());
  });
  executor.Run();
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
  EXPECT_EQ(channel.counters().refused, 1u);
  EXPECT_EQ(channel.counters().posted, 2u);
  EXPECT_EQ(channel.counters().waiting, 0u);
}

TEST(RemoteChannelTest, WhatIsUnderWayMayArriveAfterItsEnd) {
  TestExecutor executor;
  {
    RemoteChannel<int> channel(executor, 2);
    EXPECT_TRUE(channel.TryPost(1));
  }
  executor.Run();
}

}  // namespace
}  // namespace runtime
