#include "kv/pace.h"

#include "runtime/probe.h"

namespace kv {

Pace::Pace(runtime::Executor* executor, Keyspace& keys, StoreGate::Look* look)
    : executor_(executor), keys_(keys), look_(look), left_(Slice()) {}

size_t Pace::Slice() { return BUGGIFY("kv.short-slices") ? 1 : kSlice; }

void Pace::Pause() {
  left_ = Slice();
  if (executor_ == nullptr || executor_->current() == nullptr) return;
  REACHABLE("kv: a command goes on in its next turn");
  if (look_ != nullptr) look_->Lasts();
  // Others look at it meanwhile, by their clocks.
  const Keyspace::Moment moment = keys_.moment();
  executor_->Yield();
  keys_.Resume(moment);
}

}  // namespace kv
