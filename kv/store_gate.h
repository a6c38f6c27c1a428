// Who may look at the state while somebody is half way through it.
//
// Commands may take several turns of the executor (kv/pace.h). Whoever changes
// the state is then alone with it; those who look share it. What is answered is
// so what the state was at one instant, and an entry takes effect as a whole.
//
// Nothing that beats, elects or replicates ever waits here. Entries are not
// applied while somebody looks for long; who would look for long after that
// lets them go first. Short looks do not wait for those who are waiting, until
// one of them turns out to be long: so nobody waits for ever.
//
// One executor.

#ifndef KV_STORE_GATE_H_
#define KV_STORE_GATE_H_

#include <cstddef>

#include "absl/status/status.h"

#include "runtime/check.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace kv {

class StoreGate {
 public:
  explicit StoreGate(runtime::Executor& executor) : changed_(executor) {}

  // Suspend until it may be looked at, or changed: make a Look or a Change
  // before suspending again. Errors: DEADLINE_EXCEEDED, CANCELLED.
  absl::Status AwaitLook(bool is_long, runtime::Instant deadline);
  absl::Status AwaitChange();

  // For as long as one looks.
  class Look {
   public:
    explicit Look(StoreGate& gate) : gate_(gate), passes_(gate.change_waits_) {
      ++gate_.looking_;
    }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look() {
      if (--gate_.looking_ == 0) gate_.changed_.NotifyAll();
    }
    // It takes more than a turn.
    void Lasts();

   private:
    StoreGate& gate_;
    const bool passes_;  // A change waits already.
  };

  // For as long as one changes it.
  class Change {
   public:
    explicit Change(StoreGate& gate) : gate_(gate) {
      CHECK(gate.looking_ == 0 && !gate.changing_, "not alone with the state");
      gate_.changing_ = true;
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    ~Change() {
      gate_.changing_ = false;
      gate_.changed_.NotifyAll();
    }

   private:
    StoreGate& gate_;
  };

 private:
  size_t looking_ = 0;
  bool changing_ = false;
  bool change_waits_ = false;
  // Who was let pass a change that waits looks for long: nobody else passes.
  bool passed_for_long_ = false;
  runtime::WaitQueue changed_;
};

}  // namespace kv

#endif  // KV_STORE_GATE_H_
