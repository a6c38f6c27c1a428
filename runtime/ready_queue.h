// The fibers of one executor that could run now, the one that has waited
// longest first. Part of runtime/executor.h.
//
// A ring: who comes and who goes costs a few instructions and, once it has
// grown to what its executor needs, no memory.

#ifndef RUNTIME_READY_QUEUE_H_
#define RUNTIME_READY_QUEUE_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace runtime {

class Fiber;

class ReadyQueue {
 public:
  ReadyQueue() : ring_(kRoomAtFirst) {}

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  void Push(Fiber* fiber) {
    if (size_ == ring_.size()) Grow();
    At(size_++) = fiber;
  }

  // Requires: position < size().
  const Fiber* Peek(size_t position) const {
    return ring_[(first_ + position) & (ring_.size() - 1)];
  }

  // Removes the one at `position`; those before it keep their order.
  // Requires: position < size().
  Fiber* Take(size_t position) {
    Fiber* const taken = At(position);
    for (; position > 0; --position) At(position) = At(position - 1);
    first_ = (first_ + 1) & (ring_.size() - 1);
    --size_;
    return taken;
  }

  // Requires: it is here.
  void Remove(const Fiber* fiber) {
    size_t position = 0;
    while (At(position) != fiber) ++position;
    Take(position);
  }

 private:
  static constexpr size_t kRoomAtFirst = 8;  // A power of two, as ever after.

  Fiber*& At(size_t position) {
    return ring_[(first_ + position) & (ring_.size() - 1)];
  }

  void Grow() {
    std::vector<Fiber*> larger(2 * ring_.size());
    for (size_t i = 0; i < size_; ++i) larger[i] = At(i);
    ring_ = std::move(larger);
    first_ = 0;
  }

  std::vector<Fiber*> ring_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace runtime

#endif  // RUNTIME_READY_QUEUE_H_
