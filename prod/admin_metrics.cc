// The families of /metrics. Each is described in docs/operations.md.

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "prod/admin_pages.h"
#include "prod/build_info.h"
#include "prod/log.h"
#include "prod/metrics_writer.h"
#include "prod/real_clock.h"

namespace prod {
namespace {

void WriteRaft(const NodeReport& report, MetricsWriter& out) {
  const raft::NodeStatus& raft = report.raft;
  out.Gauge("raft_term", "The current term.", raft.term.value());
  out.Gauge("raft_has_leader", "Whether a leader is known.",
            raft.leader != runtime::NodeId() ? 1u : 0u);
  out.Gauge("raft_is_leader", "Whether this node leads.",
            raft.role == raft::Role::kLeader ? 1u : 0u);
  out.Gauge("raft_leader_id", "Node id of the leader, 0 if not known.",
            raft.leader.value());
  out.Family("raft_role", "gauge", "1 for the role that this node has.");
  for (const raft::Role role :
       {raft::Role::kFollower, raft::Role::kPreCandidate,
        raft::Role::kCandidate, raft::Role::kLeader}) {
    out.Sample(uint64_t{role == raft.role}, {{"role", raft::RoleName(role)}});
  }
  out.Gauge("raft_commit_index", "The last entry known to be committed.",
            raft.commit.value());
  out.Gauge("raft_applied_index", "The last entry in the keyspace.",
            raft.applied.value());
  out.Gauge("raft_durable_index", "The last entry synced here.",
            report.durable.value());
  out.Gauge("raft_last_index", "The last entry of the log.", raft.last.value());
  out.Gauge("raft_voters", "Voting members.", report.voters.size());
  out.Gauge("raft_log_stores_waiting", "Stores that wait for the disk.",
            report.log.stores_waiting);
  out.Count("raft_log_batches_total", "Frames written, each with one sync.",
            report.log.batches);
  out.Count("raft_log_written_bytes_total", "Bytes of frames written.",
            report.log.bytes);
  out.Gauge("raft_keys", "Keys in the keyspace.", report.keys);
  out.Gauge("raft_redis_clients", "Connections of Redis clients.",
            report.redis_clients);
  out.Gauge("raft_redis_clients_max", "Beyond it they are refused.",
            report.redis_clients_max);
  out.Count("raft_redis_clients_accepted_total",
            "Connections of Redis clients that were served.",
            report.redis_clients_accepted);
  out.Count("raft_redis_clients_refused_total",
            "Connections that found no place.", report.redis_clients_refused);
  out.Count("raft_redis_commands_total", "Requests of Redis clients.",
            report.redis_commands);
}

void WritePeers(const net::PeerTransportStats& stats, MetricsWriter& out) {
  out.Count("raft_peer_messages_sent_total", "Messages handed to a connection.",
            stats.messages_sent);
  out.Count("raft_peer_messages_received_total", "Messages received.",
            stats.messages_received);
  out.Family("raft_peer_messages_dropped_total", "counter",
             "Messages to or from peers that were dropped.");
  using Dropped = std::pair<const char*, uint64_t>;
  for (const auto& [reason, count] :
       {Dropped{"full", stats.dropped_full},
        Dropped{"link", stats.dropped_link},
        Dropped{"other_life", stats.dropped_other_life},
        Dropped{"no_group", stats.dropped_no_group},
        Dropped{"no_peer", stats.dropped_no_peer},
        Dropped{"too_large", stats.dropped_too_large},
        Dropped{"damaged", stats.frames_damaged}}) {
    out.Sample(count, {{"reason", reason}});
  }
  out.Count("raft_peer_connects_total", "Connections dialled and welcomed.",
            stats.connects);
  out.Count("raft_peer_connect_failures_total", "Dialled in vain.",
            stats.connect_failures);
  out.Count("raft_peer_handshakes_refused_total", "Strangers sent away.",
            stats.handshakes_refused);
}

// A sample for each other node.
void WriteWays(const NodeReport& report, MetricsWriter& out) {
  const auto label = [](runtime::NodeId node) {
    return absl::StrCat(node.value());
  };
  out.Family("raft_peer_connected", "gauge",
             "Whether the connection to this peer stands.");
  for (const net::PeerLinkReport& link : report.links) {
    out.Sample(uint64_t{link.connected}, {{"peer", label(link.node)}});
  }
  out.Family("raft_peer_connect_attempts", "gauge",
             "Dialled in vain since it stood.");
  for (const net::PeerLinkReport& link : report.links) {
    out.Sample(link.attempts, {{"peer", label(link.node)}});
  }
  out.Family("raft_peer_rpc_reached", "gauge",
             "Whether this peer answers where requests are forwarded to.");
  for (const kv::PeerReach& reach : report.peers) {
    out.Sample(uint64_t{reach.reached}, {{"peer", label(reach.node)}});
  }
  out.Family("raft_peer_round_trip_seconds", "gauge",
             "How long its last answer took.");
  for (const kv::PeerReach& reach : report.peers) {
    if (!reach.reached) continue;
    out.Sample(absl::ToDoubleSeconds(reach.round_trip),
               {{"peer", label(reach.node)}});
  }
  out.Family("raft_peer_clock_difference_seconds", "gauge",
             "Its wall clock minus ours.");
  for (const kv::PeerReach& reach : report.peers) {
    if (!reach.reached || !reach.clock_difference.has_value()) continue;
    out.Sample(absl::ToDoubleSeconds(*reach.clock_difference),
               {{"peer", label(reach.node)}});
  }
}

void WriteProtocol(const RaftCounters& raft, MetricsWriter& out) {
  out.Count("raft_campaigns_total", "Pre-votes asked for.", raft.campaigns);
  out.Count("raft_elections_total", "Elections stood for.", raft.elections);
  out.Count("raft_leaderships_total", "Elections won.", raft.leaderships);
  out.Count("raft_leader_changes_total", "New leaders seen.",
            raft.leader_changes);
  out.Count("raft_proposals_total", "Entries proposed here.", raft.proposals);
  out.Family("raft_proposal_outcomes_total", "counter",
             "What became of entries proposed here.");
  out.Sample(raft.applied.value(), {{"outcome", "applied"}});
  out.Sample(raft.refused.value(), {{"outcome", "refused"}});
  out.Sample(raft.lost.value(), {{"outcome", "lost"}});
  out.Count("raft_reads_total", "Linearizable reads asked for here.",
            raft.reads);
  out.Count("raft_entries_appended_total", "Entries appended to the log.",
            raft.entries);
  out.Count("raft_entries_appended_bytes_total", "Their payloads.",
            raft.entry_bytes);
  out.Count("raft_log_truncations_total", "Ends of the log overwritten.",
            raft.truncations);
  out.Count("raft_entries_applied_total", "Entries applied to the keyspace.",
            raft.commands);
}

void WriteDisk(const DiskCounters& disk, MetricsWriter& out) {
  out.Count("raft_disk_reads_total", "System calls that read.", disk.reads);
  out.Count("raft_disk_read_bytes_total", "Bytes read.", disk.bytes_read);
  out.Count("raft_disk_writes_total", "System calls that wrote.", disk.writes);
  out.Count("raft_disk_written_bytes_total", "Bytes written.",
            disk.bytes_written);
  out.Histogram("raft_disk_sync_duration_seconds",
                "How long fdatasync or fsync of a file took.", disk.syncs);
  out.Count("raft_disk_slow_calls_total", "Calls that took a second or more.",
            disk.slow_calls);
  out.Seconds("raft_disk_call_under_way_seconds",
              "How long the call that is under way has lasted, 0: none.",
              disk.call.Get().Lasted(RealClock().Now()));
  if (disk.size_bytes.value() == 0) return;  // Not known yet.
  out.Gauge("raft_disk_size_bytes", "Of the file system of the data.",
            disk.size_bytes.value());
  out.Gauge("raft_disk_free_bytes", "Of those, free for this process.",
            disk.free_bytes.value());
}

void WriteLogging(MetricsWriter& out) {
  out.Count("raft_logging_lines_dropped_total",
            "Log lines that found no room or could not be written.",
            LogLinesDropped());
}

void WriteNetwork(const NetworkCounters& network, MetricsWriter& out) {
  out.Count("raft_network_reads_total", "System calls that read.",
            network.reads);
  out.Count("raft_network_read_bytes_total", "Bytes read.", network.bytes_read);
  out.Count("raft_network_writes_total", "System calls that wrote.",
            network.writes);
  out.Count("raft_network_written_bytes_total", "Bytes written.",
            network.bytes_written);
  out.Count("raft_network_accepted_total", "Connections accepted.",
            network.accepted);
  out.Count("raft_network_dialled_total", "Connections made.", network.dialled);
}

void WriteRuntimes(const AdminSources& sources, MetricsWriter& out) {
  struct Family {
    const char* name;
    const char* help;
    const Counter ExecutorCounters::*counter;
  };
  for (const Family& family :
       {Family{"raft_runtime_polls_total", "Calls of epoll_wait.",
               &ExecutorCounters::polls},
        Family{"raft_runtime_sleeps_total", "Of those: with nothing to do.",
               &ExecutorCounters::sleeps},
        Family{"raft_runtime_wakes_total", "Sleeps ended by another thread.",
               &ExecutorCounters::wakes},
        Family{"raft_runtime_tasks_total", "Tasks of other threads, run.",
               &ExecutorCounters::tasks},
        Family{"raft_runtime_fiber_runs_total", "Switches to a fiber.",
               &ExecutorCounters::fiber_runs}}) {
    out.Family(family.name, "counter", family.help);
    out.Sample((sources.network_runtime.*family.counter).value(),
               {{"runtime", "network"}});
    if (&sources.storage_runtime == &sources.network_runtime) continue;
    out.Sample((sources.storage_runtime.*family.counter).value(),
               {{"runtime", "storage"}});
  }
}

}  // namespace

std::string MetricsText(const AdminSources& sources,
                        const std::optional<NodeReport>& report) {
  MetricsWriter out;
  const BuildInfo build = ThisBuild();
  out.Family("raft_build_info", "gauge", "1; the labels say what runs.");
  out.Sample(uint64_t{1}, {{"version", build.version},
                           {"commit", build.commit},
                           {"compiler", build.compiler}});
  out.Gauge("raft_runtime_responsive",
            "Whether the network runtime answers in time.",
            report.has_value() ? 1u : 0u);
  if (report.has_value()) {
    out.Seconds("raft_uptime_seconds", "Since the process began.",
                report->uptime);
    const bool ready =
        WhyNotReady(*report, sources.config.ready_lag_max).empty();
    out.Gauge("raft_ready", "Whether /readyz says 200.", ready ? 1u : 0u);
    if (report->phase != NodeReport::Phase::kStarting) {
      WriteRaft(*report, out);
      WritePeers(report->transport, out);
      WriteWays(*report, out);
    }
  }
  WriteProtocol(sources.raft, out);
  WriteDisk(sources.disk, out);
  WriteNetwork(sources.network, out);
  WriteRuntimes(sources, out);
  WriteLogging(out);
  return out.text();
}

}  // namespace prod
