#include "runtime/executor.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "runtime/wait_queue.h"
#include "tests/conformance/environment.h"

namespace conformance {
namespace {

using runtime::Executor;
using runtime::FiberGroup;
using runtime::Instant;
using runtime::WaitQueue;
using runtime::Wake;

class ExecutorTest : public Test {};

TEST_P(ExecutorTest, SpawnedFibersRunWhileTheSpawnerWaits) {
  Run([](Place& place) {
    int ran = 0;
    FiberGroup group(place.network_executor());
    for (int i = 0; i < 5; ++i) group.Spawn("fiber", [&ran] { ++ran; });
    EXPECT_EQ(ran, 0);
    EXPECT_TRUE(group.Join().ok());
    EXPECT_EQ(ran, 5);
  });
}

TEST_P(ExecutorTest, CurrentIsTheRunningFiber) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    runtime::Fiber* const outer = executor.current();
    ASSERT_NE(outer, nullptr);
    runtime::Fiber* inner = nullptr;
    FiberGroup group(executor);
    group.Spawn("inner", [&] { inner = executor.current(); });
    EXPECT_TRUE(group.Join().ok());
    EXPECT_NE(inner, nullptr);
    EXPECT_NE(inner, outer);
    EXPECT_EQ(executor.current(), outer);
  });
}

TEST_P(ExecutorTest, YieldLetsEveryReadyFiberHaveItsTurn) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    int turns = 0;
    FiberGroup group(executor);
    for (int i = 0; i < 3; ++i) group.Spawn("fiber", [&turns] { ++turns; });
    // The dice may prefer the yielding fiber now and then, not for ever.
    for (int i = 0; i < 1000 && turns < 3; ++i) executor.Yield();
    EXPECT_EQ(turns, 3);
  });
}

TEST_P(ExecutorTest, UnparkedSaysSo) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    runtime::Fiber* parked = executor.current();
    FiberGroup group(executor);
    group.Spawn("waker", [&] { executor.Unpark(*parked); });
    EXPECT_EQ(executor.Park(executor.Now() + absl::Seconds(10)),
              Wake::kUnparked);
  });
}

TEST_P(ExecutorTest, ADeadlinePassesNotBeforeItsTime) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    const Instant deadline = executor.Now() + absl::Milliseconds(2);
    EXPECT_EQ(executor.Park(deadline), Wake::kDeadline);
    EXPECT_GE(executor.Now(), deadline);
  });
}

TEST_P(ExecutorTest, DeadlinesPassInTheirOrder) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    std::vector<int> order;
    FiberGroup group(executor);
    for (const int rank : {3, 1, 2}) {
      group.Spawn("sleeper", [&executor, &order, rank] {
        EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(5 * rank)).ok());
        order.push_back(rank);
      });
    }
    EXPECT_TRUE(group.Join().ok());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  });
}

TEST_P(ExecutorTest, ADeadlineThatIsOverDoesNotWait) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    EXPECT_TRUE(executor.SleepUntil(executor.Now()).ok());
    EXPECT_EQ(executor.Park(executor.Now()), Wake::kDeadline);
  });
}

TEST_P(ExecutorTest, CancellingEndsThisWaitAndEveryLaterOne) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    std::vector<Wake> wakes;
    FiberGroup group(executor);
    group.Spawn("waiter", [&] {
      for (int i = 0; i < 2; ++i) wakes.push_back(executor.Park());
    });
    EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(1)).ok());
    EXPECT_TRUE(wakes.empty());
    group.Cancel();
    EXPECT_TRUE(group.Join().ok());
    EXPECT_EQ(wakes, (std::vector<Wake>{Wake::kCancelled, Wake::kCancelled}));
  });
}

TEST_P(ExecutorTest, AFiberOfACancelledGroupIsCancelledFromBirth) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    FiberGroup group(executor);
    group.Cancel();
    absl::Status slept;
    group.Spawn("late", [&] { slept = executor.SleepFor(absl::Hours(1)); });
    EXPECT_TRUE(group.Join().ok());
    EXPECT_EQ(slept.code(), absl::StatusCode::kCancelled);
  });
}

TEST_P(ExecutorTest, TheEndOfAGroupUnwindsItsFibersWhereTheyWait) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    auto held = std::make_shared<int>(1);
    bool returned = false;
    {
      FiberGroup group(executor);
      group.Spawn("holder", [&executor, &returned, copy = held] {
        const std::shared_ptr<int> on_the_stack = copy;
        executor.Park();
        returned = true;
      });
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(1)).ok());
      EXPECT_EQ(held.use_count(), 3);
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(returned);
  });
}

TEST_P(ExecutorTest, WaitersWakeInTheOrderInWhichTheyCame) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    WaitQueue queue(executor);
    std::vector<int> order;
    FiberGroup group(executor);
    for (int i = 0; i < 3; ++i) {
      group.Spawn("waiter", [&, i] {
        EXPECT_TRUE(queue.Wait().ok());
        order.push_back(i);
      });
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(1)).ok());
    }
    for (int i = 0; i < 3; ++i) {
      queue.NotifyOne();
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(1)).ok());
    }
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  });
}

TEST_P(ExecutorTest, PostedTasksRunOutsideOfFibersInOrder) {
  Run([](Place& place) {
    std::vector<int> order;
    bool outside = true;
    Executor& storage = place.storage_executor();
    for (int i = 0; i < 50; ++i) {
      storage.Post([&, i] {
        order.push_back(i);
        outside = outside && storage.current() == nullptr;
      });
    }
    CallOn(storage, place.network_executor(), [] {});
    ASSERT_EQ(order.size(), 50u);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
    EXPECT_TRUE(outside);
  });
}

TEST_P(ExecutorTest, APostToOneselfRunsLater) {
  Run([](Place& place) {
    Executor& executor = place.network_executor();
    WaitQueue ran_queue(executor);
    bool ran = false;
    executor.Post([&] {
      ran = true;
      ran_queue.NotifyAll();
    });
    EXPECT_FALSE(ran);
    while (!ran) ASSERT_TRUE(ran_queue.Wait().ok());
  });
}

TEST_P(ExecutorTest, ARemoteChannelKeepsTheOrderAndItsBound) {
  Run([](Place& place) {
    Executor& network = place.network_executor();
    runtime::RemoteChannel<int> channel(network, 4);
    int refused = 0;
    CallOn(place.storage_executor(), network, [&] {
      for (int i = 0; i < 6; ++i) {
        if (!channel.TryPost(int{i})) ++refused;
      }
    });
    EXPECT_EQ(refused, 2);
    for (int i = 0; i < 4; ++i) {
      const absl::StatusOr<int> item = channel.Receive();
      ASSERT_TRUE(item.ok());
      EXPECT_EQ(*item, i);
    }
    EXPECT_EQ(
        channel.Receive(network.Now() + absl::Milliseconds(1)).status().code(),
        absl::StatusCode::kDeadlineExceeded);
  });
}

TEST_P(ExecutorTest, FibersRunOnTheStorageExecutorToo) {
  Run([](Place& place) {
    Executor& storage = place.storage_executor();
    Executor& network = place.network_executor();
    runtime::RemoteChannel<std::string> answers(network, 1);
    std::unique_ptr<FiberGroup> group;  // Lives and dies on `storage`.
    CallOn(storage, network, [&] {
      group = std::make_unique<FiberGroup>(storage);
      group->Spawn("storage", [&] {
        EXPECT_TRUE(storage.SleepFor(absl::Milliseconds(1)).ok());
        EXPECT_TRUE(answers.TryPost("done"));
      });
    });
    const absl::StatusOr<std::string> answer = answers.Receive();
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(*answer, "done");
    CallOn(storage, network, [&] { group.reset(); });
  });
}

CONFORMANCE_SUITE(ExecutorTest);

}  // namespace
}  // namespace conformance
