// Priority-based choice with few changes of mind: PCT (Burckhardt, Kothari,
// Musuvathi and Nagarakatte, ASPLOS 2010).
//
// Every thread (a fiber of an executor, or a racing event) has a priority drawn
// at random, and of those that can run the highest always does. At d - 1 steps,
// drawn too, the one about to run falls below all others. A bug that needs d
// orderings among n threads in k steps is then found with a probability of at
// least 1 / (n * k^(d-1)), which a uniform choice at every step comes nowhere
// near: it never starves anybody for long.
//
// The paper knows the length of a run. A server has none, so that a run here is
// one window of `steps` steps after the other, and each is an execution of the
// paper: new priorities, new change points. Starvation ends with its window.
//
// A window costs `depth` draws; a step draws nothing.

#ifndef SIM_PRIORITY_SCHEDULE_H_
#define SIM_PRIORITY_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/random.h"

namespace sim {

class PrioritySchedule {
 public:
  // Requires: depth > 0, steps > 0.
  PrioritySchedule(runtime::Random dice, uint32_t depth, uint32_t steps)
      : dice_(std::move(dice)), depth_(depth), steps_(steps) {}

  // Takes one step: which of `count` threads runs. `thread_at(i)` names the
  // i-th by a number of its own. Requires: count > 0.
  template <class ThreadAt>
  size_t Pick(size_t count, const ThreadAt& thread_at) {
    if (step_ == 0) BeginWindow();
    size_t picked = Highest(count, thread_at);
    while (IsChangePoint()) {
      Lower(thread_at(picked));
      picked = Highest(count, thread_at);
    }
    EndStep();
    return picked;
  }

  // How often a thread has fallen since the beginning.
  uint64_t changes() const { return changes_; }

 private:
  template <class ThreadAt>
  size_t Highest(size_t count, const ThreadAt& thread_at) const {
    size_t highest = 0;
    uint64_t priority = PriorityOf(thread_at(0));
    for (size_t i = 1; i < count; ++i) {
      const uint64_t other = PriorityOf(thread_at(i));
      if (other <= priority) continue;
      highest = i;
      priority = other;
    }
    return highest;
  }

  void BeginWindow();
  // Whether a change point of this step is still to be taken.
  bool IsChangePoint() const {
    return changes_taken_ < change_points_.size() &&
           change_points_[changes_taken_] == step_;
  }
  void Lower(uint64_t thread);
  void EndStep() { step_ = step_ + 1 == steps_ ? 0 : step_ + 1; }
  uint64_t PriorityOf(uint64_t thread) const;

  runtime::Random dice_;
  const uint32_t depth_;
  const uint32_t steps_;

  // Of the present window.
  uint32_t step_ = 0;
  uint64_t salt_ = 0;  // Priorities are hashes: threads come and go.
  std::vector<uint32_t> change_points_;  // Sorted.
  size_t changes_taken_ = 0;
  // Who has fallen, the lowest last.
  std::vector<uint64_t> lowered_;

  uint64_t changes_ = 0;
};

}  // namespace sim

#endif  // SIM_PRIORITY_SCHEDULE_H_
