#include "runtime/executor.h"

#include <cstdlib>
#include <utility>

#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"

namespace runtime {

Executor::Executor(const Clock& clock, StackPool& stacks)
    : clock_(clock), stacks_(stacks) {}

Executor::~Executor() {
  CHECK_EQ(fibers_alive_, size_t{0}, "executor destroyed under its fibers");
}

// ------------------------------------------------------------ park and unpark

Wake Executor::Park(Instant deadline) {
  if (current_ == nullptr || current_->unwinding_) [[unlikely]] {
    RefuseToWait();
  }
  Fiber& self = *current_;
  if (self.cancelled_) return Wake::kCancelled;
  self.state_ = Fiber::State::kParked;
  if (deadline != Instant::InfiniteFuture()) {
    self.deadline_ = deadline;
    AddTimer(self);
  }
  self.SwitchOut();
  return self.wake_;
}

absl::Status Executor::SleepUntil(Instant deadline) {
  while (Now() < deadline) {
    if (Park(deadline) == Wake::kCancelled) return StatusOf(Wake::kCancelled);
  }
  return absl::OkStatus();
}

void Executor::AbandonCurrent() {
  CHECK(current_ != nullptr, "only a fiber can be abandoned");
  current_->state_ = Fiber::State::kAbandoned;
  current_->SwitchOut();
  std::abort();  // Nobody resumes it.
}

void Executor::RefuseToWait() const {
  CHECK(current_ != nullptr, "only a fiber can wait");
  CHECK(!current_->unwinding_, "a destructor waits while ", current_->name_,
        " is killed");
}

// ------------------------------------------------------------------- running

void Executor::RefuseToRun(size_t position) const {
  CHECK_LT(position, ready_.size());
  CHECK(current_ == nullptr, "a fiber runs already");
}

Fiber* Executor::Start(FiberGroup& group, absl::string_view name, Task body) {
  Fiber* fiber = new Fiber(*this, group, stacks_, fibers_started_++, name,
                           std::move(body));
  ++fibers_alive_;
  ready_.Push(fiber);
  if (current_ == nullptr) OnReady();
  return fiber;
}

void Executor::Cancel(Fiber& fiber) {
  fiber.cancelled_ = true;
  MakeReady(fiber, Wake::kCancelled);
}

void Executor::Destroy(Fiber* fiber) {
  CHECK(fiber != current_, "fiber ", fiber->name_, " destroys itself");
  if (fiber->state_ == Fiber::State::kAbandoned) {
    // Its stack cannot be trusted to unwind; it stays as it is, for ever.
    fiber->group_->Unlink(fiber);
    --fibers_alive_;
    return;
  }
  if (fiber->state_ == Fiber::State::kReady) {
    ready_.Remove(fiber);
  }
  RemoveTimer(*fiber);
  if (fiber->state_ != Fiber::State::kEnded) {
    // Unwinding runs on the dying fiber's stack: destructors that notify others
    // must find that they are not outside of fibers.
    Fiber* const outer = std::exchange(current_, fiber);
    fiber->state_ = Fiber::State::kRunning;
    fiber->unwinding_ = true;
    fiber->Unwind();
    current_ = outer;
  }
  fiber->group_->Unlink(fiber);
  --fibers_alive_;
  delete fiber;
  if (current_ == nullptr && !ready_.empty()) OnReady();
}

// -------------------------------------------------------------------- timers

Instant Executor::next_deadline() const {
  return timers_.empty() ? Instant::InfiniteFuture() : timers_[0]->deadline_;
}

void Executor::WakeExpired(Instant now) {
  while (!timers_.empty() && timers_[0]->deadline_ <= now) {
    MakeReady(*timers_[0], Wake::kDeadline);
  }
}

bool Executor::Earlier(const Fiber& a, const Fiber& b) {
  if (a.deadline_ != b.deadline_) return a.deadline_ < b.deadline_;
  return a.timer_sequence_ < b.timer_sequence_;
}

void Executor::AddTimer(Fiber& fiber) {
  fiber.timer_sequence_ = timers_added_++;
  fiber.timer_slot_ = timers_.size();
  timers_.push_back(&fiber);
  SiftUp(fiber.timer_slot_);
}

void Executor::RemoveTimer(Fiber& fiber) {
  const size_t slot = std::exchange(fiber.timer_slot_, Fiber::kNoTimer);
  if (slot == Fiber::kNoTimer) return;
  Fiber* last = timers_.back();
  timers_.pop_back();
  if (last == &fiber) return;
  timers_[slot] = last;
  last->timer_slot_ = slot;
  SiftUp(slot);
  SiftDown(last->timer_slot_);
}

void Executor::SiftUp(size_t slot) {
  while (slot > 0) {
    const size_t parent = (slot - 1) / 2;
    if (!Earlier(*timers_[slot], *timers_[parent])) return;
    std::swap(timers_[slot], timers_[parent]);
    timers_[slot]->timer_slot_ = slot;
    timers_[parent]->timer_slot_ = parent;
    slot = parent;
  }
}

void Executor::SiftDown(size_t slot) {
  for (;;) {
    const size_t left = 2 * slot + 1;
    if (left >= timers_.size()) return;
    const size_t right = left + 1;
    const size_t child =
        right < timers_.size() && Earlier(*timers_[right], *timers_[left])
            ? right
            : left;
    if (!Earlier(*timers_[child], *timers_[slot])) return;
    std::swap(timers_[slot], timers_[child]);
    timers_[slot]->timer_slot_ = slot;
    timers_[child]->timer_slot_ = child;
    slot = child;
  }
}

}  // namespace runtime
