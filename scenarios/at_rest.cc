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
  // They may have left something behind.
  const uint64_t redis_bytes = there.redis > 0 ? load.redis_bytes : 0;
  return {
      {"fibers that wait for an answer of raft", load.node.waiters, 0},
      {"fibers that wait for another leader", load.node.transfers, 0},
      {"events in the mailbox", load.node.events, 0},
      {"messages that wait for the disk", load.node.held, 0},
      {"stores under way", load.storage.stores_waiting, 0},
      {"bytes of stores under way", load.storage.bytes_waiting, 0},
      {"bytes queued to peers", load.peers.queued_bytes, 0, true},
      {"connections of peers", load.peers.inbound, there.peers},
      {"calls of others", load.rpc.calls_now, 0, true},
      {"bytes of calls of others", load.rpc.request_bytes_now, 0, true},
      {"connections of others", load.rpc.connections_now, there.rpc},
      {"calls to others", load.forwarded.calls, 0, true},
      {"bytes queued to others", load.forwarded.queued_bytes, 0, true},
      {"parked requests", load.parked, 0},
      {"bytes of parked requests", load.parked_bytes, 0},
      {"numbers of its sessions under way", load.numbers_pending, 0},
      {"sessions kept for what is under way", load.sessions_left, 0},
      {"redis clients", load.redis_clients, there.redis},
      {"bytes of redis clients", load.redis_bytes, redis_bytes},
      {"values that are gone and not freed", load.unfreed, 0},
  };
}

void AtRest::Start(std::vector<uint32_t> core, std::function<bool()> excused) {
  nodes_ = core.empty() ? cluster_.nodes() : std::move(core);
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
  for (const uint32_t node : nodes_) {
    (void)cluster_.Visit(
        node, [this, node](kv::Server& server) { Look(node, server); });
  }
}

void AtRest::Look(uint32_t node, const kv::Server& server) {
  const sim::HostId host = cluster_.host(node);
  const sim::SimNetwork& network = world_.network();
  std::vector<Counted> above =
      CountersOf(server.load(),
                 {.peers = network.accepted_at(host, Cluster::kPeerPort),
                  .rpc = network.accepted_at(host, Cluster::kRpcPort),
                  .redis = network.half_open_at(host, Cluster::kRedisPort) +
                           network.half_open_at(host, Cluster::kClusterPort)});
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
  if (excused_()) return;
  // Who waits for a node that is lost keeps what it has for it.
  const bool all_there =
      nodes_.size() == cluster_.size() &&
      std::none_of(nodes_.begin(), nodes_.end(), [this](uint32_t node) {
        return cluster_.damage().LostForGood(node);
      });
  for (auto& [node, above] : above_) {
    if (!all_there) {
      std::erase_if(above, [](const Counted& one) { return one.of_others; });
    }
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
