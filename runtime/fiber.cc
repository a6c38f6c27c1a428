#include "runtime/fiber.h"

#include <cstdlib>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "runtime/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define RUNTIME_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RUNTIME_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define RUNTIME_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RUNTIME_TSAN 1
#endif
#endif

#ifdef RUNTIME_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef RUNTIME_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace runtime {
namespace {

size_t GuardBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

// ---------------------------------------------------------------- StackPool

StackPool::~StackPool() {
  for (std::byte* stack : free_) {
#ifdef RUNTIME_ASAN
    __lsan_unregister_root_region(stack, kStackBytes);
#endif
    munmap(stack - GuardBytes(), kStackBytes + GuardBytes());
  }
}

std::byte* StackPool::Take() {
  if (!free_.empty()) {
    std::byte* stack = free_.back();
    free_.pop_back();
    return stack;
  }
  const size_t guard = GuardBytes();
  void* memory = mmap(nullptr, kStackBytes + guard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory for a fiber's stack");
  // The stack grows down into the guard: an overflow faults instead of writing
  // into its neighbour.
  const int guarded = mprotect(memory, guard, PROT_NONE);
  CHECK_EQ(guarded, 0, "cannot guard a fiber's stack");
  std::byte* const stack = static_cast<std::byte*>(memory) + guard;
#ifdef RUNTIME_ASAN
  // What an abandoned fiber holds, for ever, is no leak.
  __lsan_register_root_region(stack, kStackBytes);
#endif
  return stack;
}

void StackPool::Give(std::byte* stack) {
#ifdef RUNTIME_ASAN
  // Unwinding skips the epilogues that would have cleaned the shadow.
  ASAN_UNPOISON_MEMORY_REGION(stack, kStackBytes);
#endif
  free_.push_back(stack);
}

// -------------------------------------------------------------------- Fiber

namespace {

using boost::context::detail::transfer_t;

// What unwinds the stack of a fiber that is killed.
struct ForcedUnwind {};

}  // namespace

struct Fiber::Watched {
#ifdef RUNTIME_ASAN
  void* outside_fake = nullptr;
  void* inside_fake = nullptr;
  const void* outside_bottom = nullptr;
  size_t outside_size = 0;
#endif
#ifdef RUNTIME_TSAN
  void* inside_tsan = __tsan_create_fiber(0);
  void* outside_tsan = nullptr;
  ~Watched() { __tsan_destroy_fiber(inside_tsan); }
#endif
};

// Inlined: ThreadSanitizer counts what is entered and left on each fiber, and
// these are entered on one and left on the other.
#define RUNTIME_ALWAYS_INLINE inline __attribute__((always_inline))

RUNTIME_ALWAYS_INLINE void Fiber::BeforeEnter() {
#ifdef RUNTIME_ASAN
  __sanitizer_start_switch_fiber(&watched_->outside_fake, stack_,
                                 StackPool::kStackBytes);
#endif
#ifdef RUNTIME_TSAN
  watched_->outside_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(watched_->inside_tsan, 0);
#endif
}

RUNTIME_ALWAYS_INLINE void Fiber::AfterReturn() {
#ifdef RUNTIME_ASAN
  __sanitizer_finish_switch_fiber(watched_->outside_fake, nullptr, nullptr);
#endif
}

RUNTIME_ALWAYS_INLINE void Fiber::AfterEnter() {
#ifdef RUNTIME_ASAN
  __sanitizer_finish_switch_fiber(watched_->inside_fake,
                                  &watched_->outside_bottom,
                                  &watched_->outside_size);
#endif
}

RUNTIME_ALWAYS_INLINE void Fiber::BeforeLeave([[maybe_unused]] bool for_ever) {
#ifdef RUNTIME_ASAN
  __sanitizer_start_switch_fiber(for_ever ? nullptr : &watched_->inside_fake,
                                 watched_->outside_bottom,
                                 watched_->outside_size);
#endif
#ifdef RUNTIME_TSAN
  __tsan_switch_to_fiber(watched_->outside_tsan, 0);
#endif
}

#undef RUNTIME_ALWAYS_INLINE

void Fiber::SwitchInWatched() {
  BeforeEnter();
  inside_ = boost::context::detail::jump_fcontext(inside_, this).fctx;
  AfterReturn();
}

void Fiber::SwitchOutWatched() {
  BeforeLeave(/*for_ever=*/false);
  outside_ = boost::context::detail::jump_fcontext(outside_, nullptr).fctx;
  AfterEnter();
}

Fiber::Fiber(Executor& executor, FiberGroup& group, StackPool& stacks,
             uint64_t id, absl::string_view name,
             absl::AnyInvocable<void()> body)
    : executor_(executor),
      group_(&group),
      stacks_(stacks),
      id_(id),
      name_(name),
      body_(std::move(body)) {}

Fiber::~Fiber() {
  CHECK(stack_ == nullptr, "fiber ", name_, " destroyed alive");
}

void Fiber::Prepare() {
  stack_ = stacks_.Take();
  inside_ = boost::context::detail::make_fcontext(
      stack_ + StackPool::kStackBytes, StackPool::kStackBytes, &Fiber::Main);
  if constexpr (kSwitchesAreWatched) watched_ = new Watched;
}

void Fiber::GiveStackBack() {
  if constexpr (kSwitchesAreWatched) delete std::exchange(watched_, nullptr);
  inside_ = nullptr;
  stacks_.Give(std::exchange(stack_, nullptr));
}

void Fiber::Main(transfer_t from) {
  Fiber& self = *static_cast<Fiber*>(from.data);
  self.outside_ = from.fctx;
  self.AfterEnter();
  try {
    self.body_();
  } catch (const ForcedUnwind&) {
  }
  self.state_ = State::kEnded;
  self.BeforeLeave(/*for_ever=*/true);
  boost::context::detail::jump_fcontext(self.outside_, nullptr);
  std::abort();  // Nobody resumes it.
}

void Fiber::Unwind() {
  if (inside_ == nullptr) return;  // Never started, or ended.
  if constexpr (kSwitchesAreWatched) BeforeEnter();
  boost::context::detail::ontop_fcontext(inside_, this, &Fiber::UnwindHere);
  if constexpr (kSwitchesAreWatched) AfterReturn();
  GiveStackBack();
}

transfer_t Fiber::UnwindHere(transfer_t from) {
  Fiber& self = *static_cast<Fiber*>(from.data);
  self.outside_ = from.fctx;
  self.AfterEnter();
  throw ForcedUnwind();
}

}  // namespace runtime
