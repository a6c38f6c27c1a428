// Messages on their way out of a core, held back until what they promise is
// durable: the one rule between disk and network (raft/core/core.h, rule 2).

#ifndef RAFT_OUTBOX_H_
#define RAFT_OUTBOX_H_

#include <cstddef>
#include <vector>

#include "net/peer_transport.h"
#include "raft/core/core.h"
#include "runtime/ids.h"

namespace raft {

class NodeObserver;

class Outbox {
 public:
  // A send may always be dropped: a disk that hangs must not fill the memory.
  static constexpr size_t kHeldMax = 4096;

  // All outlive this; `observer` may be null.
  Outbox(net::PeerTransport& transport, const Core& core,
         NodeObserver* observer)
      : transport_(transport), core_(core), observer_(observer) {}

  // Sends now, or as soon as Release() covers `send.after`.
  void Post(Send send, Sequence durable);

  // Everything up to `durable` is on the medium.
  void Release(Sequence durable);

  // Drops what is held: the medium failed, nothing of it may ever leave.
  void Clear() { held_.clear(); }

  size_t held() const { return held_.size(); }

 private:
  void Leave(Send send);

  net::PeerTransport& transport_;
  const Core& core_;
  NodeObserver* const observer_;
  std::vector<Send> held_;  // In order of posting.
};

}  // namespace raft

#endif  // RAFT_OUTBOX_H_
