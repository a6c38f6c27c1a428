// The fibers of one executor that could run now, the one that has waited
// longest first. Part of runtime/executor.h.
//
// A list through the fibers themselves: who comes and who goes costs a few
// instructions and no memory.

#ifndef RUNTIME_READY_QUEUE_H_
#define RUNTIME_READY_QUEUE_H_

#include <cstddef>

#include "runtime/fiber.h"

namespace runtime {

class ReadyQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  size_t size() const { return size_; }

  // Requires: it is in no queue.
  void Push(Fiber* fiber) {
    (first_ == nullptr ? first_ : last_->next_ready_) = fiber;
    last_ = fiber;
    ++size_;
  }

  // Requires: position < size().
  const Fiber* Peek(size_t position) const {
    const Fiber* fiber = first_;
    while (position-- > 0) fiber = fiber->next_ready_;
    return fiber;
  }

  // Removes the one at `position`; the others keep their order.
  // Requires: position < size().
  Fiber* Take(size_t position) {
    if (position == 0) [[likely]] {
      Fiber* const taken = first_;
      first_ = taken->next_ready_;
      taken->next_ready_ = nullptr;
      --size_;
      return taken;
    }
    Fiber* before = first_;
    while (--position > 0) before = before->next_ready_;
    return TakeBehind(before);
  }

  // Requires: it is here.
  void Remove(const Fiber* fiber) {
    if (first_ == fiber) {
      Take(0);
      return;
    }
    Fiber* before = first_;
    while (before->next_ready_ != fiber) before = before->next_ready_;
    TakeBehind(before);
  }

 private:
  Fiber* TakeBehind(Fiber* before) {
    Fiber* const taken = before->next_ready_;
    before->next_ready_ = taken->next_ready_;
    taken->next_ready_ = nullptr;
    if (last_ == taken) last_ = before;
    --size_;
    return taken;
  }

  Fiber* first_ = nullptr;
  Fiber* last_ = nullptr;  // Valid unless empty.
  size_t size_ = 0;
};

}  // namespace runtime

#endif  // RUNTIME_READY_QUEUE_H_
