// The other nodes of the cluster, as one that forwards to their leader sees
// them: one RPC client each, made when first needed.

#ifndef KV_PEERS_H_
#define KV_PEERS_H_

#include <cstdint>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "kv/service.h"
#include "net/address.h"
#include "net/client_end.h"
#include "net/network.h"
#include "net/rpc_types.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/random.h"

namespace kv {

class Peers {
 public:
  // `executor` and `network` outlive this. `random` serves the clients' jitter.
  // `founding` is the fingerprint of who founded our cluster.
  // `leader_silence` is how long the cluster bears not to hear of its leader: a
  // connection that carries nothing is not believed in for much longer.
  Peers(runtime::Executor& executor, net::Network& network,
        runtime::Random random, uint64_t founding,
        absl::Duration leader_silence);

  // From now on `node` is asked at `rpc`.
  void Add(runtime::NodeId node, net::Address rpc);

  // Suspends. Asks once. What certainly did not reach the node is kNotLeader
  // with leader 0; what may have and was not answered is kUnknown.
  EntryReply Ask(runtime::NodeId node, const runtime::Bytes& entry,
                 runtime::Instant deadline);

  // Of all of them together.
  net::ClientLoad load() const;
  // Suspends. Asks once. Requires: `node` was added.
  net::CallResult<ClockReply> AskClock(runtime::NodeId node,
                                       runtime::Instant deadline);

  // Suspends until all clients have ended; what waits is answered kUnknown.
  void Stop();

  uint64_t founding() const { return founding_; }

 private:
  struct Peer {
    net::Address rpc;
    std::unique_ptr<net::ClientEnd> client;  // Null until first asked.
  };

  net::ClientEnd& ClientOf(runtime::NodeId node, Peer& peer);

  runtime::Executor& executor_;
  net::Network& network_;
  runtime::Random random_;
  const uint64_t founding_;
  const absl::Duration leader_silence_;
  absl::btree_map<runtime::NodeId, Peer> peers_;
};

}  // namespace kv

#endif  // KV_PEERS_H_
