#include "kv/store_gate.h"

#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace kv {

absl::Status StoreGate::AwaitLook(bool is_long, runtime::Instant deadline) {
  while (changing_ || passed_for_long_ || (is_long && change_waits_)) {
    REACHABLE("kv: a read waits for an entry to be whole");
    RETURN_IF_ERROR(changed_.Wait(deadline));
  }
  return absl::OkStatus();
}

void StoreGate::Look::Lasts() {
  if (!passes_) return;
  REACHABLE("kv: a read that has passed an entry takes long");
  gate_.passed_for_long_ = true;
}

absl::Status StoreGate::AwaitChange() {
  absl::Status status;
  while (looking_ > 0 && status.ok()) {
    REACHABLE("kv: an entry waits for a long read");
    change_waits_ = true;
    status = changed_.Wait();
  }
  if (change_waits_) {
    change_waits_ = false;
    passed_for_long_ = false;
    // Long looks that have let this one go first. It is marked before they run.
    changed_.NotifyAll();
  }
  return status;
}

}  // namespace kv
