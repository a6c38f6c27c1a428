#include "scenarios/checks/held_messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "raft/outbox.h"

namespace scenarios {

void HeldMessages::OnEvent() {
  if (failed_) {
    violations_.Report("outlives-its-disk",
                       absl::StrCat(life_.ToString(),
                                    " goes on after its storage has failed"));
  }
  if (due_ == 0) return;
  violations_.Report(
      "held-back",
      absl::StrCat(life_.ToString(), " holds back ", due_,
                   " messages, though its disk is durable up to store ",
                   released_.value()));
  due_ = 0;
}

void HeldMessages::OnStep(const CoreStep& step) {
  const persist::Sequence durable = step.after.durable;
  if (durable != released_) {
    released_ = durable;
    due_ += std::erase_if(
        held_, [durable](persist::Sequence after) { return after <= durable; });
  }
  for (const raft::Send& send : step.effects.sends) {
    if (send.after <= durable) {
      ++due_;
    } else if (held_.size() < raft::Outbox::kHeldMax) {
      held_.push_back(send.after);
    }
  }
}

void HeldMessages::OnSendLeaves(const raft::Send& send) {
  if (failed_) {
    violations_.Report(
        "leaves-after-failure",
        absl::StrCat(life_.ToString(), " writes to n", send.to.value(),
                     " after its storage has failed"));
  }
  if (send.after > released_ || due_ == 0) {
    violations_.Report(
        "leaves-too-early",
        absl::StrCat(life_.ToString(), " writes to n", send.to.value(),
                     " what rests on store ", send.after.value(),
                     "; durable is ", released_.value(), ", and ", due_,
                     " messages may leave"));
    return;
  }
  --due_;
}

void HeldMessages::OnEndOfRun() {
  if (!failed_) return;
  violations_.Report(
      "outlives-its-disk",
      absl::StrCat(life_.ToString(), " still runs, its storage has failed"));
}

}  // namespace scenarios
