// A bounded queue between fibers of one executor.
//
// Between executors there is runtime/remote_channel.h.

#ifndef RUNTIME_CHANNEL_H_
#define RUNTIME_CHANNEL_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace runtime {

template <class T>
class Channel {
 public:
  // Requires: capacity > 0.
  Channel(Executor& executor, size_t capacity)
      : capacity_(capacity), senders_(executor), receivers_(executor) {}

  // Suspends while full.
  // Errors: DEADLINE_EXCEEDED, CANCELLED (the fiber's group), UNAVAILABLE
  //         (closed). After an error the item was not sent.
  absl::Status Send(T item, Instant deadline = Instant::InfiniteFuture()) {
    while (!closed_ && items_.size() >= capacity_) {
      const Wake wake = senders_.WaitWake(deadline);
      if (wake != Wake::kUnparked) return StatusOf(wake);
    }
    if (closed_) return absl::UnavailableError("channel closed");
    Push(std::move(item));
    return absl::OkStatus();
  }

  // False, and `item` untouched, when full or closed. Never suspends.
  bool TrySend(T&& item) {
    if (closed_ || items_.size() >= capacity_) return false;
    Push(std::move(item));
    return true;
  }

  // Suspends while empty.
  // Errors: DEADLINE_EXCEEDED, CANCELLED (the fiber's group), UNAVAILABLE
  //         (closed and drained).
  absl::StatusOr<T> Receive(Instant deadline = Instant::InfiniteFuture()) {
    while (items_.empty()) {
      if (closed_) return absl::UnavailableError("channel closed");
      const Wake wake = receivers_.WaitWake(deadline);
      if (wake != Wake::kUnparked) return StatusOf(wake);
    }
    return Pop();
  }

  // Never suspends.
  std::optional<T> TryReceive() {
    if (items_.empty()) return std::nullopt;
    return Pop();
  }

  // No more items may enter; those inside can still be received. Idempotent.
  void Close() {
    closed_ = true;
    senders_.NotifyAll();
    receivers_.NotifyAll();
  }

  size_t size() const { return items_.size(); }
  size_t capacity() const { return capacity_; }
  bool closed() const { return closed_; }

 private:
  void Push(T item) {
    items_.push_back(std::move(item));
    receivers_.NotifyOne();
  }
  T Pop() {
    T item = std::move(items_.front());
    items_.pop_front();
    senders_.NotifyOne();
    return item;
  }

  const size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  WaitQueue senders_;
  WaitQueue receivers_;
};

}  // namespace runtime

#endif  // RUNTIME_CHANNEL_H_
