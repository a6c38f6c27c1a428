#include "scenarios/at_rest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "sim/sim_network.h"

namespace scenarios {
namespace {

// In the idle time (scenarios/idle_end.h), behind what begins it.
constexpr absl::Duration kFirstLook = absl::Milliseconds(200);
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(31);
constexpr int kLooks = 6;

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

std::vector<Counted> CountersOf(const kv::ServerLoad& load,
                                const Connections& there) {
  return {
      {"fibers that wait for an answer of raft", load.node.waiters, 0},
      {"fibers that wait for another leader", load.node.transfers, 0},
      {"events in the mailbox", load.node.events, 0},
      {"messages that wait for the disk", load.node.held, 0},
      {"stores under way", load.storage.stores_waiting, 0},
      {"bytes of stores under way", load.storage.bytes_waiting, 0},
      {"bytes queued to peers", load.peers.queued_bytes, 0},
      {"connections of peers", load.peers.inbound, there.peers},
      {"calls of others", load.rpc.calls_now, 0},
      {"connections of others", load.rpc.connections_now, there.rpc},
      {"calls to others", load.forwarded.calls, 0},
      {"bytes queued to others", load.forwarded.queued_bytes, 0},
      {"parked requests", load.parked, 0},
      {"bytes of parked requests", load.parked_bytes, 0},
      {"numbers of its sessions under way", load.numbers_pending, 0},
      {"sessions kept for what is under way", load.sessions_left, 0},
      {"redis clients", load.redis_clients, there.redis},
  };
}

void AtRest::Start(std::function<bool()> excused) {
  excused_ = std::move(excused);
  const absl::Duration first = scenario_.phases.End() - kFirstLook;
  for (int look = 0; look < kLooks; ++look) {
    world_.At(AsTime(first + look * kBetweenLooks), sim::EventClass::kDriver,
              [this] { LookAtAll(); });
  }
  world_.At(AsTime(scenario_.phases.End()) - 1, sim::EventClass::kDriver,
            [this] { Check(); });
}

void AtRest::LookAtAll() {
  for (const uint32_t node : cluster_.nodes()) {
    (void)cluster_.Visit(
        node, [this, node](kv::Server& server) { Look(node, server); });
  }
}

void AtRest::Look(uint32_t node, const kv::Server& server) {
  const sim::HostId host = cluster_.host(node);
  const sim::SimNetwork& network = world_.network();
  const auto at = [&](uint16_t port) {
    return network.accepted_at(host, port);
  };
  std::vector<Counted> above = CountersOf(
      server.load(),
      {.peers = at(Cluster::kPeerPort),
       .rpc = at(Cluster::kRpcPort),
       .redis = at(Cluster::kRedisPort) + at(Cluster::kClusterPort)});
  std::erase_if(above,
                [](const Counted& one) { return one.counted == one.there; });
  const auto [before, first] = above_.try_emplace(node, above);
  if (first) return;
  std::erase_if(before->second, [&above](const Counted& one) {
    return std::none_of(above.begin(), above.end(), [&one](const Counted& now) {
      return now.what == one.what;
    });
  });
}

void AtRest::Check() {
  // Who waits for a node that is lost keeps what it has for it.
  const bool all_there = std::none_of(
      cluster_.nodes().begin(), cluster_.nodes().end(),
      [this](uint32_t node) { return cluster_.damage().LostForGood(node); });
  if (!all_there || excused_()) return;
  for (const auto& [node, above] : above_) {
    if (above.empty()) continue;
    const Counted& one = above.front();
    world_.Fail("at-rest",
                absl::StrCat("n", node, " counts ", one.counted, " ", one.what,
                             " though nobody asks for anything; ", one.there,
                             one.there == 1 ? " is there" : " are there"));
    return;
  }
}

}  // namespace scenarios
