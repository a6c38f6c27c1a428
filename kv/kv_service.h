// What this node does when asked, by RPC or by its own Redis front door: reads
// through Node::ReadBarrier(), writes through Node::Propose().
//
// It never asks another node: a request that belongs to the leader is refused
// with the leader's name, so nothing can go round in circles. Finding the
// leader and trying again is the business of kv/frontend.h and of clients.
//
// The codes are exact. kUnknown is said only, and always, when the write may
// yet take effect.
//
// Node, store and clock outlive this. One executor: that of the node.

#ifndef KV_KV_SERVICE_H_
#define KV_KV_SERVICE_H_

#include <cstddef>
#include <utility>

#include "kv/command.h"
#include "kv/service.h"
#include "kv/store.h"
#include "net/rpc_server.h"
#include "raft/node.h"
#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace kv {

class KvService {
 public:
  // `founding` is the fingerprint of who founded our cluster. `dice` seeds what
  // is random in reads, and in commands that come by kExecuteMethod.
  KvService(raft::Node& node, Store& store, const runtime::Clock& clock,
            uint64_t founding, runtime::Random dice)
      : node_(node),
        store_(store),
        clock_(clock),
        founding_(founding),
        dice_(std::move(dice)) {}

  // Answers kExecuteMethod and kForwardMethod. Requires: before server.Start();
  // this outlives the server.
  void Register(net::RpcServer& server);

  // Suspends. The commands from `first` on; their views must stay valid. Those
  // that meet a key that is due become an entry, which nobody minds to see
  // twice.
  // Requires: batch.read_only().
  EntryReply Read(const CommandBatch& batch, size_t first,
                  runtime::Instant deadline);

  // Suspends. Requires: `entry` decodes.
  EntryReply Write(runtime::Bytes entry, runtime::Instant deadline);

  // Suspends. Either of the above, for an entry from outside.
  EntryReply Execute(const runtime::Bytes& entry, runtime::Instant deadline);
  KvReply Execute(const KvRequest& request, runtime::Instant deadline);

 private:
  EntryReply Forwarded(const EntryRequest& request, runtime::Instant deadline);
  Decisions Decide(const CommandBatch& batch);

  raft::Node& node_;
  Store& store_;
  const runtime::Clock& clock_;
  const uint64_t founding_;
  runtime::Random dice_;
};

// The reply to the only command of an entry.
KvReply ToKvReply(const EntryReply& reply);

}  // namespace kv

#endif  // KV_KV_SERVICE_H_
