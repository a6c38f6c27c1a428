// Serves commands at any node: finds the leader, asks it (here or over RPC),
// and tries again until there is an answer or the time is up.
//
// Writes are exactly-once. This server has a session of its own in the
// replicated state (kv/sessions.h), opened when first needed; every write gets
// a number in it, so that trying again after an unknown outcome is harmless.
// Only when the time is up while a try may still be on its way is the outcome
// reported as unknown.
//
// Requests that nobody could take yet are parked until there is a leader
// (kv/leader_line.h): clients see a slow answer through an election, not an
// error. How many, how large and for how long is bounded; beyond it they are
// refused, and certainly not done.
//
// One executor: that of the node. All collaborators outlive this.

#ifndef KV_FRONTEND_H_
#define KV_FRONTEND_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/kv_service.h"
#include "kv/leader_line.h"
#include "kv/own_session.h"
#include "kv/peers.h"
#include "kv/service.h"
#include "net/peer_transport.h"
#include "raft/node.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace kv {

struct FrontendOptions {
  runtime::NodeId self;
  // How long a request that nobody took may wait for a leader.
  absl::Duration leader_wait = absl::Seconds(3);
  // Those that wait, and what they weigh.
  size_t parked_max = 16 << 10;
  size_t parked_bytes_max = 64 << 20;
};

class Frontend {
 public:
  // One try is given up after this long, to look for another leader.
  static constexpr absl::Duration kTryTimeout = absl::Seconds(1);

  struct Collaborators {
    runtime::Executor& executor;
    raft::Node& node;
    KvService& service;
    Peers& peers;
    const net::PeerTransport& transport;
  };

  Frontend(Collaborators with, FrontendOptions options, runtime::Random random);

  // Suspends. Executes the commands from `first` on, as one entry; their views
  // must stay valid until the return. With kOk, `results` holds a reply to each
  // of them or, if those grow too large, to the first of them: then execute the
  // rest.
  //
  // Otherwise: kNotLeader  nobody could take it; certainly not done. The text
  //                        says why.
  //            kBusy       refused; certainly not done.
  //            kInvalid    refused; certainly not done.
  //            kUnknown    may have been done, or may yet be.
  EntryReply Execute(const CommandBatch& batch, size_t first,
                     runtime::Instant deadline);

  // How many requests wait for a leader now.
  size_t parked() const { return parked_; }
  // And what they weigh.
  size_t parked_bytes() const { return parked_bytes_; }
  // Numbers of its sessions that wait for an answer, and sessions that do so
  // only.
  size_t numbers_pending() const { return session_.numbers_pending(); }
  size_t sessions_left() const { return session_.sessions_left(); }

  // The same for one command. The stamp of `request` is not used.
  KvReply Execute(const KvRequest& request, runtime::Instant deadline);

 private:
  class Place;
  struct Errand;
  using Turn = OwnSession::Turn;

  // An entry on its way to the leader. For reads, `batch` lets the leader's own
  // node skip the encoding.
  struct Parcel {
    runtime::Bytes entry;
    const CommandBatch* batch = nullptr;  // Reads only.
    size_t first = 0;
    bool changes_state = true;

    // A read that may take long.
    bool walks() const { return batch != nullptr && batch->walks(); }
    size_t bytes() const {
      return batch != nullptr ? batch->bytes() : entry.size();
    }
  };

  EntryReply ExecuteRead(const CommandBatch& batch, size_t first,
                         Errand& errand);
  EntryReply ExecuteWrite(const CommandBatch& batch, size_t first,
                          Errand& errand);

  // Suspends until a Turn may be made, before suspending again. False: the time
  // is up, or there is no place to wait. Nothing was sent.
  bool EnterSession(size_t bytes, Errand& errand);
  void OpenSession(Errand& errand);

  // Tries until the answer is certain or the time is up.
  EntryReply Deliver(Parcel& parcel, Errand& errand);
  EntryReply TryOnce(Parcel& parcel, runtime::NodeId hint,
                     runtime::Instant deadline);
  EntryReply Ask(runtime::NodeId leader, Parcel& parcel,
                 runtime::Instant deadline);
  // Refused, and certainly not done: why nobody takes requests now.
  EntryReply NoLeader() const;

  Collaborators with_;
  const FrontendOptions options_;
  runtime::Random random_;

  size_t parked_ = 0;
  size_t parked_bytes_ = 0;

  OwnSession session_;
  LeaderLine line_;
  // What the last one was told that nobody took; empty: somebody took it.
  std::string refused_why_;
};

}  // namespace kv

#endif  // KV_FRONTEND_H_
