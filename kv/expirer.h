// Removes keys that are due and that nobody asks for.
//
// Only entries remove keys, so that it happens at one place of the log: while
// this node leads, and some key's deadline has passed on its clock, this
// proposes an entry that removes a batch of them, one after the other until
// none is left.
//
// One executor: that of the node. Node and store outlive this.

#ifndef KV_EXPIRER_H_
#define KV_EXPIRER_H_

#include "absl/time/time.h"

#include "kv/store.h"
#include "raft/node.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"

namespace kv {

class Expirer {
 public:
  // How often it looks.
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);
  // Of one entry: small enough not to be felt by those behind it.
  static constexpr size_t kKeysPerEntry = 256;

  // Begins at once.
  Expirer(runtime::Executor& executor, raft::Node& node, const Store& store);

  // Suspends until it has ended.
  void Stop();

 private:
  void Run();
  // Proposes until nothing is due, or it is refused.
  void RemoveDue();

  runtime::Executor& executor_;
  raft::Node& node_;
  const Store& store_;
  runtime::FiberGroup fiber_;
};

}  // namespace kv

#endif  // KV_EXPIRER_H_
