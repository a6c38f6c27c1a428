#include "sim/event_queue.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/random.h"

namespace sim {
namespace {

// The `executor` of each event, in the order in which they are popped.
std::vector<uint32_t> PopAll(EventQueue& queue, runtime::Random* ties) {
  std::vector<uint32_t> order;
  while (!queue.empty()) order.push_back(queue.Pop(ties).executor);
  return order;
}

TEST(EventQueueTest, EventsComeInOrderOfTime) {
  constexpr uint64_t kSeed = 11;
  SCOPED_TRACE(kSeed);
  runtime::Random dice(kSeed);
  EventQueue queue;
  std::vector<Time> times;
  for (int i = 0; i < 1000; ++i) {
    times.push_back(dice.Between(0, 500));
    queue.Push(times.back(), EventKind::kSlice, 0);
  }
  std::sort(times.begin(), times.end());
  for (const Time time : times) {
    EXPECT_EQ(queue.next_time(), time);
    EXPECT_EQ(queue.Pop(nullptr).at, time);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueueTest, WithoutDiceTiesKeepTheOrderOfPushing) {
  EventQueue queue;
  for (uint32_t i = 0; i < 5; ++i) queue.Push(7, EventKind::kSlice, i);
  EXPECT_EQ(PopAll(queue, nullptr), (std::vector<uint32_t>{0, 1, 2, 3, 4}));
}

TEST(EventQueueTest, TheDiceDecideTies) {
  bool reordered = false;
  for (uint64_t seed = 1; seed <= 10 && !reordered; ++seed) {
    runtime::Random dice(seed);
    EventQueue queue;
    for (uint32_t i = 0; i < 5; ++i) queue.Push(7, EventKind::kSlice, i);
    const std::vector<uint32_t> order = PopAll(queue, &dice);
    EXPECT_TRUE(
        std::is_permutation(order.begin(), order.end(),
                            std::vector<uint32_t>{0, 1, 2, 3, 4}.begin()));
    reordered = !std::is_sorted(order.begin(), order.end());
  }
  EXPECT_TRUE(reordered);
}

TEST(EventQueueTest, FaultsThenDriversThenGuests) {
  EventQueue queue;
  std::vector<int> ran;
  queue.PushAction(5, EventClass::kGuest, [&] { ran.push_back(3); });
  queue.PushAction(5, EventClass::kDriver, [&] { ran.push_back(2); });
  queue.PushAction(5, EventClass::kFault, [&] { ran.push_back(1); });
  queue.PushAction(4, EventClass::kGuest, [&] { ran.push_back(0); });
  while (!queue.empty()) {
    const Event event = queue.Pop(nullptr);
    queue.TakeAction(event)();
  }
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3}));
}

TEST(EventQueueTest, AFaultOvertakesARaceThatHasBegun) {
  runtime::Random dice(1);
  EventQueue queue;
  for (uint32_t i = 0; i < 4; ++i) queue.Push(7, EventKind::kSlice, i);
  queue.Pop(&dice);
  queue.PushAction(7, EventClass::kFault, [] {});
  queue.Push(7, EventKind::kSlice, 9);  // Joins the race.
  EXPECT_EQ(queue.Pop(&dice).kind, EventKind::kAction);
  std::vector<uint32_t> rest = PopAll(queue, &dice);
  EXPECT_EQ(rest.size(), 4u);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), 9u), 1);
}

TEST(ActionTest, SmallAndLargeCallablesRunAndAreDestroyedOnce) {
  auto held = std::make_shared<int>(0);
  struct Large {
    std::shared_ptr<int> count;
    char ballast[200] = {};
    void operator()() { ++*count; }
  };
  {
    Action small = [held] { ++*held; };
    Action large = Large{held};
    EXPECT_EQ(held.use_count(), 3);
    Action moved = std::move(small);
    EXPECT_FALSE(small);
    moved();
    large();
    moved = std::move(large);
    EXPECT_EQ(held.use_count(), 2);
    moved();
  }
  EXPECT_EQ(*held, 3);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace sim
