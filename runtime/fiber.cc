#include "runtime/fiber.h"

#include <cstdint>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "boost/context/fiber.hpp"

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

// ------------------------------------------------------------------ Context

namespace {

// Boost asks an allocator for stacks; ours come from the pool and go back to
// it when the Fiber does, so this one gives nothing back.
struct PooledStack {
  void deallocate(boost::context::stack_context&) {}
};

}  // namespace

// Both directions of the switch, with the sanitizers told. A fiber that is
// unwound is resumed one last time with an exception, which passes through
// Leave() like a return.
struct Fiber::Context {
  boost::context::fiber inside;   // Valid while the fiber is set aside.
  boost::context::fiber outside;  // Valid while it runs: whom to return to.

#ifdef RUNTIME_ASAN
  void* outside_fake = nullptr;
  void* inside_fake = nullptr;
  const void* outside_bottom = nullptr;
  size_t outside_size = 0;
#endif
#ifdef RUNTIME_TSAN
  void* inside_tsan = __tsan_create_fiber(0);
  void* outside_tsan = nullptr;
  ~Context() { __tsan_destroy_fiber(inside_tsan); }
#endif

  // Outside, before and after the fiber runs.
  void BeforeEnter([[maybe_unused]] std::byte* stack) {
#ifdef RUNTIME_ASAN
    __sanitizer_start_switch_fiber(&outside_fake, stack,
                                   StackPool::kStackBytes);
#endif
#ifdef RUNTIME_TSAN
    outside_tsan = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(inside_tsan, 0);
#endif
  }
  void AfterReturn() {
#ifdef RUNTIME_ASAN
    __sanitizer_finish_switch_fiber(outside_fake, nullptr, nullptr);
#endif
  }

  // Inside, when it gets and gives up the processor.
  void AfterEnter() {
#ifdef RUNTIME_ASAN
    __sanitizer_finish_switch_fiber(inside_fake, &outside_bottom,
                                    &outside_size);
#endif
  }
  void BeforeLeave([[maybe_unused]] bool for_ever) {
#ifdef RUNTIME_ASAN
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &inside_fake,
                                   outside_bottom, outside_size);
#endif
#ifdef RUNTIME_TSAN
    __tsan_switch_to_fiber(outside_tsan, 0);
#endif
  }

  void Leave() {
    BeforeLeave(/*for_ever=*/false);
#if defined(RUNTIME_ASAN)
    try {
      outside = std::move(outside).resume();
    } catch (const boost::context::detail::forced_unwind&) {
      AfterEnter();
      throw;
    }
#else
    outside = std::move(outside).resume();
#endif
    AfterEnter();
  }
};

// -------------------------------------------------------------------- Fiber

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
  CHECK(context_ == nullptr, "fiber ", name_, " destroyed alive");
}

void Fiber::SwitchIn() {
  if (context_ == nullptr) {
    stack_ = stacks_.Take();
    // Boost lays its own record at the top of the stack; ours lies above it.
    const size_t context_bytes = (sizeof(Context) + 63) / 64 * 64;
    std::byte* top = stack_ + StackPool::kStackBytes - context_bytes;
    context_ = new (top) Context;
    boost::context::stack_context stack;
    stack.sp = top;
    stack.size = StackPool::kStackBytes - context_bytes;
    const boost::context::preallocated place(top, stack.size, stack);
    context_->inside = boost::context::fiber(
        std::allocator_arg, place, PooledStack{},
        [this](boost::context::fiber&& outside) {
          Context& context = *context_;
          context.outside = std::move(outside);
          context.AfterEnter();
#if defined(RUNTIME_ASAN) || defined(RUNTIME_TSAN)
          try {
            body_();
          } catch (const boost::context::detail::forced_unwind&) {
            context.BeforeLeave(/*for_ever=*/true);
            throw;
          }
#else
          body_();
#endif
          state_ = State::kEnded;
          context.BeforeLeave(/*for_ever=*/true);
          return std::move(context.outside);
        });
  }
  Context& context = *context_;
  context.BeforeEnter(stack_);
  context.inside = std::move(context.inside).resume();
  context.AfterReturn();
  if (state_ == State::kEnded) {
    context_->~Context();
    context_ = nullptr;
    stacks_.Give(std::exchange(stack_, nullptr));
  }
}

void Fiber::SwitchOut() {
  // The context of the switch is taken from `inside` when it is resumed; while
  // the fiber runs, `outside` is the way back.
  context_->Leave();
}

void Fiber::Unwind() {
  if (context_ == nullptr) return;  // Never started, or ended.
  Context& context = *context_;
  context.BeforeEnter(stack_);
  { const boost::context::fiber unwound = std::move(context.inside); }
  context.AfterReturn();
  state_ = State::kEnded;
  context_->~Context();
  context_ = nullptr;
  stacks_.Give(std::exchange(stack_, nullptr));
}

}  // namespace runtime
