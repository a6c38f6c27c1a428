#include "runtime/fiber_group.h"

#include <utility>

#include "runtime/check.h"
#include "runtime/wait_queue.h"

namespace runtime {

FiberGroup::~FiberGroup() {
  while (youngest_ != nullptr) executor_.Destroy(youngest_);
}

void FiberGroup::Spawn(absl::string_view name, Executor::Task body) {
  Fiber* fiber = executor_.Start(*this, name, std::move(body));
  Link(fiber);
  fiber->cancelled_ = cancelled_;
}

void FiberGroup::Cancel() {
  cancelled_ = true;
  for (Fiber* fiber = youngest_; fiber != nullptr;
       fiber = fiber->previous_in_group_) {
    executor_.Cancel(*fiber);
  }
}

absl::Status FiberGroup::Join(Instant deadline) {
  CHECK(joiner_ == nullptr, "two fibers join one group");
  while (size_ > 0) {
    joiner_ = executor_.current();
    const Wake wake = executor_.Park(deadline);
    joiner_ = nullptr;
    if (wake != Wake::kUnparked && size_ > 0) return StatusOf(wake);
  }
  return absl::OkStatus();
}

void FiberGroup::Link(Fiber* fiber) {
  fiber->previous_in_group_ = youngest_;
  if (youngest_ != nullptr) youngest_->next_in_group_ = fiber;
  youngest_ = fiber;
  ++size_;
}

void FiberGroup::Unlink(Fiber* fiber) {
  Fiber* const next = fiber->next_in_group_;
  Fiber* const previous = fiber->previous_in_group_;
  if (next != nullptr) next->previous_in_group_ = previous;
  if (previous != nullptr) previous->next_in_group_ = next;
  if (youngest_ == fiber) youngest_ = previous;
  --size_;
  if (size_ == 0 && joiner_ != nullptr) executor_.Unpark(*joiner_);
}

}  // namespace runtime
