#include "kv/peers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "kv/command.h"
#include "kv/reply.h"
#include "net/rpc_types.h"

namespace kv {
namespace {

using Code = KvReply::Code;

// Each connection of the Redis front door has one call under way at most.
constexpr size_t kCallsMax = 16384;

EntryReply FromResult(net::CallResult<EntryReply> result) {
  if (result.ok()) return std::move(result.response);
  EntryReply reply;
  reply.text = std::string(result.status.message());
  switch (result.delivery) {
    case net::Delivery::kNotSent:
    case net::Delivery::kRefused:
      reply.code = Code::kNotLeader;
      break;
    case net::Delivery::kAnswered:  // But not understood.
    case net::Delivery::kUnknown:
      reply.code = Code::kUnknown;
      break;
  }
  return reply;
}

// The frontend does the trying again: it may have to go elsewhere.
net::ClientConfig ConfigFor(const net::Address& rpc,
                            absl::Duration leader_silence) {
  net::ClientConfig config;
  config.targets = {rpc};
  config.connect_timeout = absl::Milliseconds(500);
  config.attempts_max = 1;
  config.backoff_max = std::max(config.backoff_min, leader_silence / 2);
  config.keepalive_interval = leader_silence;
  config.keepalive_timeout = 2 * leader_silence;
  config.calls_max = kCallsMax;
  config.frame_bytes_max = kForwardBytesMax;
  config.queued_bytes_max = 2 * kEntryBytesMax;
  return config;
}

}  // namespace

Peers::Peers(runtime::Executor& executor, net::Network& network,
             runtime::Random random, uint64_t founding,
             absl::Duration leader_silence)
    : executor_(executor),
      network_(network),
      random_(std::move(random)),
      founding_(founding),
      leader_silence_(leader_silence) {}

EntryReply Peers::Ask(runtime::NodeId node, const runtime::Bytes& entry,
                      runtime::Instant deadline) {
  const auto it = peers_.find(node);
  if (it == peers_.end()) {
    EntryReply reply;
    reply.code = Code::kNotLeader;
    reply.text = absl::StrCat("no address of node ", node.value());
    return reply;
  }
  net::CallOptions options;
  options.deadline = deadline;
  return FromResult(
      ClientOf(node, it->second)
          .Call<EntryRequest, EntryReply>(
              kForwardMethod, EntryRequest{founding_, entry}, options));
}

net::CallResult<ClockReply> Peers::AskClock(runtime::NodeId node,
                                            runtime::Instant deadline) {
  net::CallOptions options;
  options.deadline = deadline;
  return ClientOf(node, peers_.at(node))
      .Call<ClockRequest, ClockReply>(kClockMethod, {}, options);
}

net::ClientEnd& Peers::ClientOf(runtime::NodeId node, Peer& peer) {
  if (peer.client == nullptr) {
    peer.client = std::make_unique<net::ClientEnd>(
        executor_, network_, random_.Fork("peer", node.value()),
        ConfigFor(peer.rpc, leader_silence_));
  }
  return *peer.client;
}

net::ClientLoad Peers::load() const {
  net::ClientLoad load;
  for (const auto& [node, peer] : peers_) {
    if (peer.client == nullptr) continue;
    const net::ClientLoad one = peer.client->load();
    load.calls += one.calls;
    load.queued_bytes += one.queued_bytes;
  }
  return load;
}

void Peers::Stop() {
  for (auto& [node, peer] : peers_) {
    if (peer.client != nullptr) peer.client->Stop();
  }
}

void Peers::Add(runtime::NodeId node, net::Address rpc) {
  peers_[node].rpc = std::move(rpc);
}

}  // namespace kv
