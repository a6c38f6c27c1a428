// The simulated network: every stream of every process of a world.
//
// Twin: prod/tcp_network.h. Both pass: tests/conformance/network_test.cc
//
// Hosts are known by their names in the World. A byte stream behaves like TCP:
// ordered, cut into arbitrary chunks, bounded by a window, delayed by drawn
// latencies. A cut link stalls it (its bytes arrive after healing, unless
// someone gives up); a host that loses its power says nothing at all, until it
// is booted again and answers what still comes with a reset; a killed process
// has its streams reset by its host. Bytes under way when their sender dies
// still arrive. On a frame stream whole writes are also lost, repeated,
// overtaken or damaged; see net::Framing. A frame may also come again after
// seconds (net.frame_ancient): if its connection is gone by then, in the newest
// that the same host has dialled to the same address. No TCP does that, but a
// frame stream models messages, and those of another life must be recognised
// for what they are by whoever reads them.
//
// What strikes is counted with World::CountFault():
//   net.frame_lost, net.frame_duplicated, net.frame_reordered,
//   net.frame_corrupted
//   net.frame_ancient, net.queue_full, net.segment_resent
//   net.filtered                   a message met a filter; see frame_filter.h
//   net.latency_tail, net.slow_link, net.slow_host     see link_delays.h
//   net.regime_lossy and the other regimes             see link_regime.h
//   net.clogged                    something waits in a clogged link
//   net.frame_cut, net.frame_held  ran into a cut: lost, or delivered later
//   net.stream_stalled_by_cut      something that is not a frame waits
//   net.half_open                  one side is gone and the other not told
//   net.blackholed                 both are there, and nothing arrives any more
//   net.resend_backed_off          what had stalled comes later still
//   net.reset, net.stall, net.short_read
//   net.connect_refused, net.connect_hang
//
// Reading order: network_knobs.h, sim_link.h (one direction between two hosts),
// link_delays.h, link_regime.h, message_lens.h, frame_filter.h, sim_pipe.h (one
// direction of a connection), sim_connection.h, sim_stream.h, sim_listener.h,
// this.

#ifndef SIM_SIM_NETWORK_H_
#define SIM_SIM_NETWORK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/network.h"
#include "net/stream.h"
#include "runtime/executor.h"
#include "sim/frame_filter.h"
#include "sim/life.h"
#include "sim/message_lens.h"
#include "sim/network_knobs.h"
#include "sim/sim_connection.h"
#include "sim/sim_link.h"
#include "sim/sim_listener.h"
#include "sim/world.h"

namespace sim {

class SimNetwork final : private ConnectionOwner {
 public:
  // A dial that finds the backlog full tries again after this.
  static constexpr absl::Duration kDialRetry = absl::Seconds(1);

  // `world` must outlive this, and this every process.
  explicit SimNetwork(World& world);
  ~SimNetwork() override;

  // ---- for the World
  // A process begins on the host of `life`, which has power from now on. The
  // Network is for the fibers of `executor`, which must outlive the life.
  std::unique_ptr<net::Network> Attach(std::shared_ptr<Life> life,
                                       runtime::Executor& executor);
  // The process has ended: its streams are reset by its host, or with the
  // power they fall silent. Its life must not be alive any more. Idempotent;
  // also for a host that loses its power after its process has ended.
  void OnProcessEnd(HostId host, uint64_t boot, bool power_off);

  // ---- for drivers and nemeses
  // From now on nothing that `from` sends arrives at `to`.
  void Cut(HostId from, HostId to);
  void Heal(HostId from, HostId to);
  bool IsCut(HostId from, HostId to) const;
  // Cuts, both ways, exactly those pairs of hosts that share no group, and
  // heals all others. A host in two groups is a bridge; those in no group are
  // alone.
  void Partition(const std::vector<std::vector<HostId>>& groups);
  // Cuts, clogs and filters; also the cuts of flapping regimes, which go on.
  void HealAll();
  // From now on what `from` sends to `to` waits; then all of it goes at once.
  void Clog(HostId from, HostId to);
  void Unclog(HostId from, HostId to);
  bool IsClogged(HostId from, HostId to) const;
  // Breaks every open connection of `host`: both sides are told.
  void ResetConnections(HostId host);
  // `host` forgets every open connection and tells only its own processes: the
  // other sides are half-open.
  void ForgetConnections(HostId host);
  // The network forgets every open connection between the two, as when a NAT or
  // a firewall loses its state: what is sent on them is lost for good, and
  // nobody is told.
  void SwallowConnections(HostId one, HostId other);
  // One direction gets knobs of its own; nullopt: those of the world again.
  void SetLinkKnobs(HostId from, HostId to, std::optional<NetworkKnobs> knobs);

  // Messages from `from` to `to` meet `filter`; returns its id.
  uint64_t AddFilter(HostId from, HostId to, FrameFilter filter);
  void RemoveFilter(HostId from, HostId to, uint64_t id);
  void ClearFilters(HostId from, HostId to);
  // Who names the messages of frame streams; null: nobody. Must outlive its
  // use. Without it every filter sees messages of the kind "".
  void SetLens(const MessageLens* lens) { lens_ = lens; }

  // ---- for the parts of the network
  // A regime takes a link down, or lets it up again.
  void SetDown(HostId from, HostId to, bool down);

  // Open streams that processes of `host` have accepted at `port`, without
  // those that the other side has ended, as `host` knows.
  size_t accepted_at(HostId host, uint16_t port) const;
  // Of these, those whose other side is gone and could not say so.
  size_t half_open_at(HostId host, uint16_t port) const;
  // Connections that at least one side still knows.
  size_t connection_count() const { return connections_.size(); }

 private:
  class ProcessNetwork;  // What a process sees.

  struct Host {
    explicit Host(runtime::Random slow_dice) : slowness(std::move(slow_dice)) {}

    bool has_power = false;
    PortTable ports;
    Slowness slowness;
  };

  void OnDial(Connection& connection, Parcel open) override;
  void OnForgotten(uint64_t connection_id) override;
  void OnKept(Connection& connection, Side writer, runtime::Bytes frame,
              Time later) override;
  const MessageLens* lens() const override { return lens_; }

  std::shared_ptr<Connection> Connect(const std::shared_ptr<Life>& life,
                                      runtime::Executor& executor, HostId to,
                                      const net::Address& address,
                                      net::Framing framing);
  // The host that `name` means on `self`; nullopt if there is none.
  std::optional<HostId> Resolve(absl::string_view name, HostId self) const;
  // Where a frame of a connection arrives now that it was kept for so long;
  // null if there is nobody any more.
  struct Road {
    uint64_t connection_id;
    HostId dialer;
    net::Address acceptor;
    Side writer;
  };
  Connection* NewestOf(const Road& road);
  using Open = std::vector<std::pair<std::shared_ptr<Connection>, Side>>;
  Open OpenEndpoints(HostId host) const;
  Open AcceptedAt(HostId host, uint16_t port) const;
  Host& host(HostId id);
  Link& link(HostId from, HostId to);
  void SetPower(HostId id, bool power);
  void SetCut(HostId from, HostId to, bool cut);
  void SetClogged(HostId from, HostId to, bool clogged);
  // What a freed link held moves on.
  void Unblock();

  World& world_;
  std::vector<std::unique_ptr<Host>> hosts_;  // By HostId.
  absl::btree_map<std::pair<HostId, HostId>, std::unique_ptr<Link>> links_;
  // By id. Shared ownership: see PipeEnds.
  absl::btree_map<uint64_t, std::shared_ptr<Connection>> connections_;
  uint64_t connections_made_ = 0;
  uint64_t filters_made_ = 0;
  const MessageLens* lens_ = nullptr;
};

}  // namespace sim

#endif  // SIM_SIM_NETWORK_H_
