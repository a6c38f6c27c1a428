// A fiber: a function with a stack of its own that can be set aside.
//
// This is the bottom floor: contexts, stacks and the switch between them, with
// the sanitizers told of each one. Who runs when is runtime/executor.h; who
// owns whom is runtime/fiber_group.h. Other rooms use those two.
//
// The switch itself is Boost.Context's bare jump, which only this file
// includes. It is inline, because what a switch costs beside the jump are the
// returns from calls: each one that happens on another stack than its call is
// mispredicted.

#ifndef RUNTIME_FIBER_H_
#define RUNTIME_FIBER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "boost/context/detail/fcontext.hpp"

#include "runtime/instant.h"

namespace runtime {

class Executor;
class FiberGroup;

// Whether a sanitizer wants to be told of each switch.
inline constexpr bool kSwitchesAreWatched =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

// Stacks of one size, with a guard page below each, kept for reuse. Must
// outlive every fiber that uses it. One thread.
class StackPool {
 public:
  // What a fiber may use. Sanitizers need more.
  static constexpr size_t kStackBytes =
      kSwitchesAreWatched ? 512 * 1024 : 128 * 1024;

  StackPool() = default;
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  // The lowest usable address of a stack of kStackBytes.
  std::byte* Take();
  void Give(std::byte* stack);

 private:
  std::vector<std::byte*> free_;
};

// Why a parked fiber runs again.
enum class Wake : uint8_t {
  kUnparked,   // Someone called Unpark().
  kDeadline,   // The deadline of the wait passed.
  kCancelled,  // Its group was cancelled; every later wait says so too.
};

// Opaque outside runtime/: a name to give to Executor::Unpark().
class Fiber {
 public:
  Fiber(Executor& executor, FiberGroup& group, StackPool& stacks, uint64_t id,
        absl::string_view name, absl::AnyInvocable<void()> body);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();  // Requires: ended, or never started.

  uint64_t id() const { return id_; }
  absl::string_view name() const { return name_; }
  Executor& executor() { return executor_; }

 private:
  friend class Executor;
  friend class FiberGroup;
  friend class ReadyQueue;

  enum class State : uint8_t { kReady, kRunning, kParked, kEnded, kAbandoned };

  struct Watched;  // What sanitizers must know.

  // From outside: runs the fiber until it switches out or ends.
  void SwitchIn() {
    if (inside_ == nullptr) [[unlikely]] {
      Prepare();
    }
    if constexpr (kSwitchesAreWatched) {
      SwitchInWatched();
    } else {
      inside_ = boost::context::detail::jump_fcontext(inside_, this).fctx;
    }
    if (state_ == State::kEnded) [[unlikely]] {
      GiveStackBack();
    }
  }
  // From inside: returns to whoever switched in. Throws if the fiber is unwound
  // while it is set aside.
  void SwitchOut() {
    if constexpr (kSwitchesAreWatched) {
      SwitchOutWatched();
    } else {
      outside_ = boost::context::detail::jump_fcontext(outside_, nullptr).fctx;
    }
  }
  // From outside: ends the fiber by unwinding its stack.
  void Unwind();

  // Before the first switch: a stack, and on it the way to Main().
  void Prepare();
  void GiveStackBack();
  // The bottom of the fiber's stack.
  static void Main(boost::context::detail::transfer_t from);
  // Runs on top of a stack that is set aside, and unwinds it.
  static boost::context::detail::transfer_t UnwindHere(
      boost::context::detail::transfer_t from);

  // The same, and tell the sanitizers: outside, before and after the fiber
  // runs; inside, when it gets and gives up the processor.
  void SwitchInWatched();
  void SwitchOutWatched();
  void BeforeEnter();
  void AfterReturn();
  void AfterEnter();
  void BeforeLeave(bool for_ever);

  static constexpr size_t kNoTimer = ~size_t{0};

  Executor& executor_;
  FiberGroup* group_;
  StackPool& stacks_;
  const uint64_t id_;  // Dense, in order of birth on this executor.
  const absl::string_view name_;
  absl::AnyInvocable<void()> body_;

  std::byte* stack_ = nullptr;  // Null before the first run and after the end.
  // Where it goes on: the fiber, while it is set aside (null as above); whoever
  // switched in, while it runs.
  boost::context::detail::fcontext_t inside_ = nullptr;
  boost::context::detail::fcontext_t outside_ = nullptr;
  Watched* watched_ = nullptr;  // Beside `stack_`, if switches are watched.

  // Owned by the executor.
  State state_ = State::kReady;
  Wake wake_ = Wake::kUnparked;
  bool cancelled_ = false;
  bool unwinding_ = false;  // It is being killed: it must not wait.
  Instant deadline_ = Instant::InfiniteFuture();
  uint64_t timer_sequence_ = 0;
  size_t timer_slot_ = kNoTimer;  // Where it stands in the timer heap.

  Fiber* next_ready_ = nullptr;  // Owned by the ready queue.

  // Owned by the group.
  Fiber* next_in_group_ = nullptr;
  Fiber* previous_in_group_ = nullptr;
};

}  // namespace runtime

#endif  // RUNTIME_FIBER_H_
