// The door before a core whose medium is behind: when too much is under way
// (persist::StoreRoom), it keeps away what would make the core store more and
// somebody offers again.
//
//   proposals      of a leader: refused as kStorageFull, certainly not done.
//   entries        dropped like a lost message. The leader's window holds it
//                  back; when there is room again it asks where we are.
//   votes, terms   promises are small, and a cluster may wait for them: dropped
//                  only when even they are too many (kNone).
//
// Everything else always passes: the clock, so heartbeats leave and a leader
// may step down; the heartbeats, reads and answers of others; the news from the
// medium. So a slow or stuck disk costs new entries, and bounded memory.
//
// It does not bound to the byte. What is let in last may go beyond bytes_max,
// by at most one batch of proposals (CoreOptions::uncommitted_bytes_max) or one
// append. A core may promise by itself: once in an election timeout if it is
// the only member, else only when nothing of its own is under way.

#ifndef RAFT_STORAGE_GATE_H_
#define RAFT_STORAGE_GATE_H_

#include <cstdint>

#include "persist/persister.h"
#include "raft/core/core.h"
#include "raft/node.h"

namespace raft {

class StorageGate {
 public:
  // Both outlive this.
  StorageGate(const persist::Persister& persister, const Core& core)
      : persister_(persister), core_(core) {}

  // False, and counted: to be dropped.
  bool Admits(const Event& event);
  // False, and counted: to be refused, all of them.
  bool Admits(const Propose& propose);

  StorageStatus status() const;

 private:
  const persist::Persister& persister_;
  const Core& core_;
  uint64_t proposals_refused_ = 0;
  uint64_t messages_dropped_ = 0;
};

}  // namespace raft

#endif  // RAFT_STORAGE_GATE_H_
