// Frees what lies in the graveyard of a store, a slice a turn, for as long as
// there is something.
//
// One executor: that of the node. The store outlives this.

#ifndef KV_REAPER_H_
#define KV_REAPER_H_

#include <cstddef>

#include "kv/store.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"

namespace kv {

class Reaper {
 public:
  // Freed in one turn: well below a millisecond.
  static constexpr size_t kPiecesPerTurn = 2048;

  // Begins at once.
  Reaper(runtime::Executor& executor, Store& store);
  // What is left is freed with the store.
  ~Reaper();

 private:
  void Run();

  runtime::Executor& executor_;
  Graveyard& graveyard_;
  runtime::WaitQueue buried_;
  runtime::FiberGroup fiber_;
};

}  // namespace kv

#endif  // KV_REAPER_H_
