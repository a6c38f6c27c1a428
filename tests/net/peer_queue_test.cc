#include "net/peer_queue.h"

#include <string>

#include "gtest/gtest.h"

namespace net {
namespace {

constexpr size_t kOverhead = PeerQueue::kMessageOverheadBytes;

PeerMessage Message(Lane lane, absl::string_view text, uint32_t key = 0,
                    uint64_t group = 1) {
  PeerMessage message;
  message.group = runtime::GroupId(group);
  message.lane = lane;
  message.replace_key = key;
  message.pieces.push_back(runtime::Bytes::Copy(text));
  return message;
}

std::string PopAll(PeerQueue& queue) {
  std::string all;
  while (std::optional<PeerMessage> message = queue.Pop()) {
    all += std::string(message->pieces[0].text()) + " ";
  }
  return all;
}

TEST(PeerQueueTest, HigherLanesLeaveFirstAndEachLaneInOrder) {
  PeerQueue queue(1 << 20);
  queue.Push(Message(Lane::kSnapshot, "s1"));
  queue.Push(Message(Lane::kAppend, "a1"));
  queue.Push(Message(Lane::kControl, "c1"));
  queue.Push(Message(Lane::kAppend, "a2"));
  queue.Push(Message(Lane::kControl, "c2"));
  EXPECT_EQ(PopAll(queue), "c1 c2 a1 a2 s1 ");
  EXPECT_TRUE(queue.empty());
}

TEST(PeerQueueTest, TheNewerTakesThePlaceOfTheOlder) {
  PeerQueue queue(1 << 20);
  queue.Push(Message(Lane::kControl, "beat1", 7));
  queue.Push(Message(Lane::kControl, "vote"));
  queue.Push(Message(Lane::kControl, "beat2", 7));
  queue.Push(Message(Lane::kControl, "other-group", 7, 2));
  queue.Push(Message(Lane::kAppend, "other-lane", 7));
  queue.Push(Message(Lane::kControl, "other-key", 8));
  EXPECT_EQ(PopAll(queue), "beat2 vote other-group other-key other-lane ");
}

TEST(PeerQueueTest, WhatHasLeftIsNotReplaced) {
  PeerQueue queue(1 << 20);
  queue.Push(Message(Lane::kControl, "beat1", 7));
  EXPECT_EQ(PopAll(queue), "beat1 ");
  queue.Push(Message(Lane::kControl, "x"));
  queue.Push(Message(Lane::kControl, "beat2", 7));
  queue.Push(Message(Lane::kControl, "beat3", 7));
  EXPECT_EQ(PopAll(queue), "x beat3 ");
}

TEST(PeerQueueTest, AFullQueueDropsTheNewestBulkFirst) {
  PeerQueue queue(4 * (kOverhead + 100));
  const std::string bulk(100, 's');
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(queue.Push(Message(Lane::kSnapshot, bulk)), 0u);
  }
  EXPECT_EQ(queue.Push(Message(Lane::kSnapshot, bulk)), 1u);  // Itself.
  EXPECT_EQ(queue.Push(Message(Lane::kAppend, "append")), 1u);
  EXPECT_EQ(queue.Push(Message(Lane::kControl, "control")), 1u);
  EXPECT_EQ(PopAll(queue), "control append " + bulk + " " + bulk + " ");
}

TEST(PeerQueueTest, LowerLanesNeverPushOutHigherOnes) {
  PeerQueue queue(2 * (kOverhead + 10));
  queue.Push(Message(Lane::kControl, "control000"));
  queue.Push(Message(Lane::kControl, "control001"));
  EXPECT_EQ(queue.Push(Message(Lane::kAppend, "append")), 1u);
  EXPECT_EQ(PopAll(queue), "control000 control001 ");
}

TEST(PeerQueueTest, NeverExceedsItsBound) {
  const size_t bytes_max = 5000;
  PeerQueue queue(bytes_max);
  size_t sent = 0;
  size_t dropped = 0;
  for (size_t i = 0; i < 1000; ++i) {
    const Lane lane = static_cast<Lane>(i * 7 % kLanes);
    const uint32_t key = i % 3 == 0 ? static_cast<uint32_t>(i % 5) : 0;
    dropped += queue.Push(Message(lane, std::string(i * 31 % 900, 'x'), key));
    ++sent;
    ASSERT_LE(queue.bytes(), bytes_max);
    if (i % 4 == 0) queue.Pop();
  }
  EXPECT_GT(dropped, 100u);
  EXPECT_LT(dropped, sent);
  queue.Clear();
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_FALSE(queue.Pop().has_value());
}

}  // namespace
}  // namespace net
