#include "runtime/executor.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"
#include "tests/runtime/test_executor.h"

namespace runtime {
namespace {

// Says when it is destroyed.
class Witness {
 public:
  Witness(std::vector<std::string>& log, std::string name)
      : log_(log), name_(std::move(name)) {}
  ~Witness() { log_.push_back(name_); }

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

TEST(ExecutorTest, FibersTakeTurns) {
  TestExecutor executor;
  FiberGroup group(executor);
  std::string log;
  group.Spawn("a", [&] {
    log += "a1";
    executor.Yield();
    log += "a2";
  });
  group.Spawn("b", [&] {
    log += "b1";
    executor.Yield();
    log += "b2";
  });
  executor.Run();
  EXPECT_EQ(log, "a1b1a2b2");
  EXPECT_EQ(group.size(), 0u);
}

TEST(ExecutorTest, SleepersWakeInOrderOfTimeThenOfParking) {
  TestExecutor executor;
  FiberGroup group(executor);
  std::vector<int> log;
  const std::vector<int> delays = {5, 3, 9, 3, 1};
  for (size_t i = 0; i < delays.size(); ++i) {
    group.Spawn("sleeper", [&, i] {
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(delays[i])).ok());
      log.push_back(static_cast<int>(i));
    });
  }
  executor.Run();
  EXPECT_EQ(log, (std::vector<int>{4, 1, 3, 0, 2}));
  EXPECT_EQ(executor.Now().nanos(), 9'000'000);
}

TEST(ExecutorTest, UnparkBeatsTheDeadline) {
  TestExecutor executor;
  FiberGroup group(executor);
  WaitQueue queue(executor);
  std::optional<Wake> first;
  std::optional<Wake> second;
  group.Spawn("waiter", [&] {
    first = queue.WaitWake(executor.Now() + absl::Seconds(1));
    second = queue.WaitWake(executor.Now() + absl::Seconds(1));
  });
  group.Spawn("notifier", [&] { queue.NotifyAll(); });
  executor.Run();
  EXPECT_EQ(first, Wake::kUnparked);
  EXPECT_EQ(second, Wake::kDeadline);
}

TEST(ExecutorTest, CancelEndsEveryWaitNowAndLater) {
  TestExecutor executor;
  FiberGroup group(executor);
  WaitQueue queue(executor);
  std::vector<absl::StatusCode> codes;
  group.Spawn("waiter", [&] {
    codes.push_back(queue.Wait().code());
    codes.push_back(executor.SleepFor(absl::Hours(1)).code());
  });
  group.Spawn("canceller", [&] { group.Cancel(); });
  executor.Run();
  EXPECT_EQ(codes,
            (std::vector<absl::StatusCode>{absl::StatusCode::kCancelled,
                                           absl::StatusCode::kCancelled}));
  EXPECT_EQ(executor.Now().nanos(), 0);
}

TEST(ExecutorTest, JoinWaitsForTheLastFiber) {
  TestExecutor executor;
  FiberGroup workers(executor);
  FiberGroup waiters(executor);
  std::string log;
  for (const int ms : {3, 1, 2}) {
    workers.Spawn("worker", [&, ms] {
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(ms)).ok());
      log += std::to_string(ms);
    });
  }
  waiters.Spawn("joiner", [&] {
    EXPECT_TRUE(workers.Join().ok());
    log += "j";
  });
  executor.Run();
  EXPECT_EQ(log, "123j");
}

TEST(ExecutorTest, DestroyingAGroupUnwindsItsFibersWhereTheyWait) {
  TestExecutor executor;
  WaitQueue queue(executor);
  std::vector<std::string> log;
  {
    FiberGroup group(executor);
    group.Spawn("old", [&] {
      Witness witness(log, "old");
      (void)queue.Wait();
      log.push_back("never");
    });
    group.Spawn("young", [&] {
      Witness witness(log, "young");
      (void)executor.SleepFor(absl::Hours(1));
      log.push_back("never");
    });
    group.Spawn("unstarted", [&] { log.push_back("never"); });
    executor.RunOnce();
    executor.RunOnce();
  }
  EXPECT_EQ(log, (std::vector<std::string>{"young", "old"}));
  EXPECT_TRUE(queue.empty());
  executor.Run();
  EXPECT_EQ(executor.Now().nanos(), 0);
}

// A process is the group of its root fiber: everything else hangs on its stack.
TEST(ExecutorTest, KillingTheRootKillsTheTree) {
  TestExecutor executor;
  std::vector<std::string> log;
  auto root = std::make_unique<FiberGroup>(executor);
  root->Spawn("root", [&] {
    Witness outer(log, "root");
    FiberGroup children(executor);
    children.Spawn("child", [&] {
      Witness inner(log, "child");
      FiberGroup grandchildren(executor);
      grandchildren.Spawn("grandchild", [&] {
        Witness innermost(log, "grandchild");
        (void)executor.Park();
      });
      (void)executor.Park();
    });
    (void)executor.Park();
  });
  executor.Run();
  root.reset();
  EXPECT_EQ(log, (std::vector<std::string>{"grandchild", "child", "root"}));
}

TEST(ExecutorTest, AFiberMayKillAnotherGroup) {
  TestExecutor executor;
  std::vector<std::string> log;
  auto victim = std::make_unique<FiberGroup>(executor);
  FiberGroup killer(executor);
  victim->Spawn("victim", [&] {
    Witness witness(log, "victim");
    (void)executor.Park();
  });
  killer.Spawn("killer", [&] {
    victim.reset();
    log.push_back("killer goes on");
    executor.Yield();
    log.push_back("and on");
  });
  executor.Run();
  EXPECT_EQ(log,
            (std::vector<std::string>{"victim", "killer goes on", "and on"}));
}

TEST(ExecutorTest, TheDyingMayNotifyTheLiving) {
  TestExecutor executor;
  WaitQueue queue(executor);
  bool woken = false;
  struct Notifier {
    WaitQueue& queue;
    ~Notifier() { queue.NotifyAll(); }
  };
  FiberGroup living(executor);
  living.Spawn("waiter", [&] {
    EXPECT_TRUE(queue.Wait().ok());
    woken = true;
  });
  {
    FiberGroup dying(executor);
    dying.Spawn("notifier", [&] {
      Notifier notifier{queue};
      (void)executor.Park();
    });
    executor.Run();
  }
  executor.Run();
  EXPECT_TRUE(woken);
}

TEST(ExecutorDeathTest, ADestructorThatWaitsIsABug) {
  EXPECT_DEATH(
      {
        TestExecutor executor;
        FiberGroup group(executor);
        struct Sleeper {
          Executor& executor;
          ~Sleeper() { (void)executor.SleepFor(absl::Seconds(1)); }
        };
        group.Spawn("sleeper", [&] {
          Sleeper sleeper{executor};
          (void)executor.Park();
        });
        executor.Run();
      },
      "a destructor waits");
}

TEST(ExecutorTest, ThousandsOfTimersFireInOrder) {
  TestExecutor executor;
  FiberGroup group(executor);
  int64_t last = -1;
  int fired = 0;
  for (int i = 0; i < 2000; ++i) {
    group.Spawn("sleeper", [&, i] {
      const int64_t at = (int64_t{i} * 7919) % 2003;
      EXPECT_TRUE(executor.SleepFor(absl::Microseconds(at)).ok());
      EXPECT_LE(last, at);
      last = at;
      ++fired;
    });
  }
  executor.Run();
  EXPECT_EQ(fired, 2000);
}

}  // namespace
}  // namespace runtime
