// Hosts of a simulated world that speak through PeerTransports: the small
// language of the transport's tests.

#ifndef TESTS_NET_PEER_WORLD_H_
#define TESTS_NET_PEER_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/handshake.h"
#include "net/peer_transport.h"
#include "runtime/fiber_group.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace net {

inline constexpr uint16_t kPeerPort = 7001;
inline constexpr runtime::ClusterId kCluster{77};
inline constexpr runtime::GroupId kGroup{5};

// Node n<i> lives on host "n<i>", which is host number i - 1.
inline Address AddressOf(uint64_t node) {
  return {absl::StrCat("n", node), kPeerPort};
}

// One life of one node, as the test sees it.
class PeerNode final : public PeerReceiver {
 public:
  PeerNode(sim::Process& booted, PeerTransportOptions options)
      : process(booted),
        transport(booted.network_executor(), booted.network(),
                  booted.Stream("transport"), std::move(options)) {}

  void OnPeerMessage(runtime::NodeId from, runtime::Incarnation sender,
                     runtime::Bytes message) override {
    heard.push_back({from, sender, std::string(message.text())});
  }
  void OnPeerLink(runtime::NodeId peer, bool up) override {
    links.emplace_back(peer.value(), up);
  }
  void OnBulkLost(runtime::NodeId peer) override {
    bulk_lost.push_back(peer.value());
  }

  void Send(uint64_t to, absl::string_view text, Lane lane = Lane::kControl,
            uint64_t echo = 0, runtime::GroupId group = kGroup) {
    PeerMessage message;
    message.group = group;
    message.echo = runtime::Incarnation(echo);
    message.lane = lane;
    message.pieces.push_back(runtime::Bytes::Copy(text));
    transport.Send(runtime::NodeId(to), std::move(message));
  }
  void Sleep(absl::Duration span) {
    process.network_executor().SleepFor(span).IgnoreError();
  }
  bool Heard(absl::string_view text) const {
    for (const Message& one : heard) {
      if (one.text == text) return true;
    }
    return false;
  }

  struct Message {
    runtime::NodeId from;
    runtime::Incarnation sender;
    std::string text;
  };

  sim::Process& process;
  std::vector<Message> heard;
  std::vector<std::pair<uint64_t, bool>> links;
  std::vector<uint64_t> bulk_lost;
  PeerTransport transport;
};

class PeerWorld : public ::testing::Test {
 protected:
  using Script = std::function<void(PeerNode&)>;

  void Begin(size_t nodes, const sim::NetworkKnobs& knobs = {},
             uint64_t seed = 1, uint32_t buggify_ppm = 0) {
    sim::WorldOptions options{.seed = seed, .knobs = {}};
    options.knobs.network = knobs;
    options.knobs.process.buggify_active_ppm = buggify_ppm;
    world_.reset();  // One world at a time.
    world_ = std::make_unique<sim::World>(std::move(options));
    nodes_.assign(nodes + 1, nullptr);
    for (size_t i = 1; i <= nodes; ++i) {
      world_->AddHost(absl::StrCat("n", i));
    }
  }

  // Starts node n<i> in a new life; it knows all nodes. `script` then runs on
  // its first fiber.
  void Boot(uint64_t node, Script script = {},
            const std::function<void(PeerTransportOptions&)>& change = {}) {
    PeerTransportOptions options;
    options.cluster = kCluster;
    options.self = runtime::NodeId(node);
    options.incarnation = runtime::Incarnation(world_->boots(Host(node)) + 1);
    options.listen = AddressOf(node);
    if (change) change(options);
    world_->Boot(
        Host(node), [this, node, script, options](sim::Process& process) {
          PeerNode self(process, options);
          nodes_[node] = &self;
          self.transport.SetReceiver(kGroup, &self);
          const absl::Status started = self.transport.Start();
          ASSERT_TRUE(started.ok()) << started;
          for (uint64_t peer = 1; peer < nodes_.size(); ++peer) {
            self.transport.SetPeer(runtime::NodeId(peer), AddressOf(peer));
          }
          if (script) script(self);
          self.Sleep(absl::Hours(1000));
        });
  }

  // A process on node's host that speaks bytes by itself.
  void BootRaw(uint64_t node, std::function<void(sim::Process&)> body) {
    world_->Boot(Host(node), [body = std::move(body)](sim::Process& process) {
      // Lets the others listen first.
      process.network_executor().SleepFor(absl::Milliseconds(50)).IgnoreError();
      body(process);
      process.network_executor().SleepFor(absl::Hours(1000)).IgnoreError();
    });
  }

  static sim::HostId Host(uint64_t node) {
    return static_cast<sim::HostId>(node - 1);
  }
  // Valid while that life lasts.
  PeerNode& Node(uint64_t node) { return *nodes_[node]; }
  const PeerTransportStats& Stats(uint64_t node) {
    return Node(node).transport.stats();
  }
  sim::SimNetwork& network() { return world_->network(); }
  void Run(absl::Duration span) {
    world_->RunFor(span);
    ASSERT_FALSE(world_->failure().has_value()) << world_->failure()->message;
  }

  std::unique_ptr<sim::World> world_;
  std::vector<PeerNode*> nodes_;  // By node; [0] is nobody.
};

}  // namespace net

#endif  // TESTS_NET_PEER_WORLD_H_
