// A bounded queue into another executor: how the network runtime and the
// storage runtime of a process speak to one another.
//
// Anyone may TryPost(), on any thread, without waiting; the fibers of the
// receiving executor Receive(). The bound counts what was posted and not yet
// received, also what is still under way between the threads. What is refused
// is counted: backpressure that nobody sees is a bug.

#ifndef RUNTIME_REMOTE_CHANNEL_H_
#define RUNTIME_REMOTE_CHANNEL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace runtime {

template <class T>
class RemoteChannel {
 public:
  struct Counters {
    uint64_t posted;
    uint64_t refused;  // TryPost() found it full.
    uint64_t waiting;  // Posted and not yet received.
  };

  // `receiver` is the executor of the receiving fibers and must outlive this.
  // Requires: capacity > 0.
  RemoteChannel(Executor& receiver, size_t capacity)
      : state_(std::make_shared<State>(receiver, capacity)) {}

  // Any thread. False, and `item` untouched, when full.
  bool TryPost(T&& item) {
    State& state = *state_;
    if (state.waiting.fetch_add(1) >= state.capacity) {
      state.waiting.fetch_sub(1);
      state.refused.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    state.posted.fetch_add(1, std::memory_order_relaxed);
    state.receiver.Post([shared = state_, item = std::move(item)]() mutable {
      shared->items.push_back(std::move(item));
      shared->receivers.NotifyOne();
    });
    return true;
  }

  // Receiving executor. Suspends while empty.
  // Errors: DEADLINE_EXCEEDED, CANCELLED.
  absl::StatusOr<T> Receive(Instant deadline = Instant::InfiniteFuture()) {
    State& state = *state_;
    while (state.items.empty()) {
      const Wake wake = state.receivers.WaitWake(deadline);
      if (wake != Wake::kUnparked) return StatusOf(wake);
    }
    return Pop();
  }

  // Receiving executor. Never suspends.
  std::optional<T> TryReceive() {
    if (state_->items.empty()) return std::nullopt;
    return Pop();
  }

  // Any thread.
  Counters counters() const {
    return {state_->posted.load(std::memory_order_relaxed),
            state_->refused.load(std::memory_order_relaxed),
            state_->waiting.load(std::memory_order_relaxed)};
  }

 private:
  // Shared with the tasks that are under way between the executors, which may
  // arrive after this object is gone.
  struct State {
    State(Executor& receiving, size_t items_max)
        : receiver(receiving), capacity(items_max), receivers(receiving) {}

    Executor& receiver;
    const size_t capacity;
    std::atomic<size_t> waiting{0};
    std::atomic<uint64_t> posted{0};
    std::atomic<uint64_t> refused{0};
    std::deque<T> items;  // Receiving executor only.
    WaitQueue receivers;  // Receiving executor only.
  };

  T Pop() {
    T item = std::move(state_->items.front());
    state_->items.pop_front();
    state_->waiting.fetch_sub(1);
    return item;
  }

  // Shared ownership: see State.
  std::shared_ptr<State> state_;
};

}  // namespace runtime

#endif  // RUNTIME_REMOTE_CHANNEL_H_
