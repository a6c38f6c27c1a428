// A virtual processor of a simulated host.
//
// It runs one fiber at a time, until that waits; the fiber was free, but the
// processor is then busy for a drawn span of virtual time, so that slow hosts,
// queueing and starvation happen by themselves. Which of the ready fibers runs
// next is a choice of the schedule that the knobs name.
//
// In the world's queue it has at most one slice (when a fiber is ready), the
// wakes for its earliest deadlines, and the tasks under way to it.
//
// Twin: prod/real_executor.h. Both pass: tests/conformance/executor_test.cc

#ifndef SIM_SIM_EXECUTOR_H_
#define SIM_SIM_EXECUTOR_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/executor.h"
#include "runtime/random.h"
#include "sim/engine.h"
#include "sim/event.h"
#include "sim/life.h"
#include "sim/priority_schedule.h"
#include "sim/sim_clock.h"

namespace sim {

// The two executors of a process.
enum class ExecutorRole : uint8_t { kNetwork = 0, kStorage = 1 };

class SimExecutor final : public runtime::Executor {
 public:
  // `engine` and `clock` must outlive this. `life` is shared with every handle
  // of the process: once it is not alive, nothing runs here any more.
  SimExecutor(Engine& engine, SimClock& clock, std::shared_ptr<const Life> life,
              ExecutorRole role);
  ~SimExecutor() override;

  // Arrives after a drawn delay. Tasks of one poster arrive in order; a poster
  // is an executor, or the world outside of all executors.
  void Post(Task task) override;

  HostId host() const { return life_->host; }
  bool alive() const { return life_->alive; }

  // Every slice costs this many times what was drawn.
  void SetCpuFactor(uint32_t factor) { cpu_factor_ = factor; }

  // What runs now has computed so much: the clock shows it at once, and this
  // processor is busy for so long afterwards.
  void Work(uint64_t units);

  // While paused nothing runs; what comes due waits.
  void SetPaused(bool paused);

  // The clock's rate has changed: deadlines may come earlier now.
  void RearmWake();

  // Destroys the tasks that have not run.
  void DropTasks() { lanes_.clear(); }

  // From the world's loop. Requires: alive(). Each is one event, unless the
  // process is paused: then it is put off and they return false.
  bool RunSlice();
  bool RunWake();
  bool RunTask(uint32_t lane);

  // Sets the running fiber aside until it is unwound. Requires: !alive().
  [[noreturn]] void SuspendForEver();

 private:
  // The tasks of one poster, in order of posting.
  struct Lane {
    const SimExecutor* poster;  // Null: the world outside.
    std::deque<Task> tasks;
    uint32_t put_off = 0;  // How many came due while paused.
  };

  void OnReady() override;
  // Which of the ready fibers runs. Requires: there is one.
  size_t PickFiber();
  size_t PickByPriority();
  // Around whatever runs on behalf of the process.
  void EnterGuest();
  void LeaveGuest();
  void ScheduleSlice();
  void ArmWake();
  uint32_t LaneOf(const SimExecutor* poster);
  uint64_t StepLane(EventKind kind, uint64_t detail) const;

  Engine& engine_;
  SimClock& sim_clock_;
  // Shared: handles of the process hold it too and may outlive this.
  const std::shared_ptr<const Life> life_;
  const uint32_t id_;
  const ExecutorRole role_;
  runtime::Random schedule_dice_;
  // Under Schedule::kPct; made when first asked.
  std::optional<PrioritySchedule> priorities_;
  runtime::Random cost_dice_;
  runtime::Random post_dice_;

  // A span of the knobs in nanoseconds: they are read for every slice, and
  // hardly ever change.
  class KnobNanos {
   public:
    int64_t Of(absl::Duration span) {
      if (span != span_) {
        span_ = span;
        nanos_ = absl::ToInt64Nanoseconds(span);
      }
      return nanos_;
    }

   private:
    absl::Duration span_;
    int64_t nanos_ = 0;
  };
  KnobNanos cpu_cost_min_;
  KnobNanos cpu_cost_max_;
  KnobNanos post_delay_min_;
  KnobNanos post_delay_max_;
  KnobNanos work_cost_;

  uint32_t cpu_factor_ = 1;
  bool paused_ = false;
  Time busy_until_ = 0;
  bool slice_scheduled_ = false;
  // The wakes in the queue, each earlier than the one before it: the next to
  // fire is the last. A deadline that moves away leaves its wake in place, to
  // find nothing and arm the next; so timers that are set again and again cost
  // no events.
  struct Armed {
    Time at;
    // The deadline it was made for, by the clock as it runs now.
    runtime::Instant deadline;
  };
  std::vector<Armed> armed_;
  std::deque<Lane> lanes_;  // Grows while references to lanes are held.
};

}  // namespace sim

#endif  // SIM_SIM_EXECUTOR_H_
