// INFO.

#include "kv/resp/info.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "kv/resp/product.h"
#include "runtime/random.h"

namespace kv {
namespace {

// 40 hexadecimal digits.
std::string Id(uint64_t high, uint64_t low) {
  return absl::StrFormat("%016x%016x%08x", high, low,
                         static_cast<uint32_t>(high ^ low));
}

std::string ServerSection(const InfoSource& from) {
  const ServerFacts& facts = from.now;
  const bool cluster = from.client.redirects;
  const MemberFacts* self = facts.Member(facts.self);
  const net::Address address = self == nullptr ? net::Address()
                               : cluster       ? self->cluster
                                               : self->redis;
  const int64_t uptime = absl::ToInt64Seconds(facts.uptime);
  const int64_t began = absl::ToUnixMicros(facts.wall - facts.uptime);
  return absl::StrCat(
      "redis_version:", kRedisVersion,
      "\r\nredis_mode:", cluster ? "cluster" : "standalone",
      "\r\nraft_server_version:", kServerVersion,
      "\r\nos:", from.process.system, "\r\narch_bits:", 8 * sizeof(void*),
      "\r\nmultiplexing_api:epoll\r\nprocess_id:", from.process.process_id,
      // Another one after each start.
      "\r\nrun_id:",
      Id(runtime::MixHash(facts.cluster, facts.self.value()),
         runtime::MixHash(static_cast<uint64_t>(began / 1'000'000),
                          from.process.process_id)),
      "\r\ntcp_port:", address.port,
      "\r\nserver_time_usec:", absl::ToUnixMicros(facts.wall),
      "\r\nuptime_in_seconds:", uptime,
      "\r\nuptime_in_days:", uptime / (24 * 3600),
      "\r\nio_threads_active:0\r\n");
}

std::string ClientsSection(const InfoSource& from) {
  return absl::StrCat("connected_clients:", from.now.clients,
                      "\r\nmaxclients:", from.now.clients_max,
                      "\r\nblocked_clients:0\r\ntracking_clients:0"
                      "\r\nclients_in_timeout_table:0\r\n");
}

// Every write is in the log and synced before it is acknowledged; a node whose
// disk fails ends. There are no snapshots.
std::string PersistenceSection(const InfoSource&) {
  return "loading:0\r\nasync_loading:0\r\nrdb_bgsave_in_progress:0"
         "\r\nrdb_last_bgsave_status:ok\r\nrdb_last_bgsave_time_sec:-1"
         "\r\nrdb_current_bgsave_time_sec:-1\r\naof_enabled:1"
         "\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0"
         "\r\naof_last_rewrite_time_sec:-1"
         "\r\naof_current_rewrite_time_sec:-1"
         "\r\naof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\n";
}

std::string FollowerLines(const ServerFacts& facts) {
  const std::vector<const MemberFacts*> followers = facts.Followers();
  std::string out = absl::StrCat("connected_slaves:", followers.size(), "\r\n");
  for (size_t i = 0; i < followers.size(); ++i) {
    const MemberFacts& one = *followers[i];
    absl::StrAppend(&out, "slave", i, ":ip=", one.redis.host,
                    ",port=", one.redis.port,
                    ",state=online,offset=", one.match.value(),
                    ",lag=", absl::ToInt64Seconds(one.silence), "\r\n");
  }
  return out;
}

std::string LeaderLines(const ServerFacts& facts) {
  const MemberFacts* leader = facts.Member(facts.raft.leader);
  std::string out;
  if (leader != nullptr) {
    absl::StrAppend(&out, "master_host:", leader->redis.host,
                    "\r\nmaster_port:", leader->redis.port, "\r\n");
  }
  // A follower takes writes, and forwards them.
  absl::StrAppend(&out, "master_link_status:", facts.led ? "up" : "down",
                  "\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:",
                  facts.raft.commit.value(),
                  "\r\nslave_priority:100\r\nslave_read_only:0"
                  "\r\nreplica_announced:1\r\n");
  return out;
}

std::string ReplicationSection(const InfoSource& from) {
  const ServerFacts& facts = from.now;
  const uint64_t history = runtime::MixHash(facts.cluster, 0x7265706c);
  return absl::StrCat("role:", from.leads() ? "master" : "slave", "\r\n",
                      from.leads() ? "" : LeaderLines(facts),
                      FollowerLines(facts),
                      "master_failover_state:no-failover\r\nmaster_replid:",
                      Id(history, runtime::MixHash(history, facts.cluster)),
                      "\r\nmaster_replid2:", std::string(40, '0'),
                      "\r\nmaster_repl_offset:", facts.raft.commit.value(),
                      "\r\nsecond_repl_offset:-1\r\n");
}

// How far the disk is behind, and what was left because of it.
std::string StorageLines(const raft::StorageStatus& storage) {
  return absl::StrCat(
      "raft_stores_waiting:", storage.stores.stores_waiting,
      "\r\nraft_stores_waiting_peak:", storage.stores.stores_waiting_peak,
      "\r\nraft_store_bytes_waiting:", storage.stores.bytes_waiting,
      "\r\nraft_store_bytes_waiting_peak:", storage.stores.bytes_waiting_peak,
      "\r\nraft_store_oldest_ms:",
      absl::ToInt64Milliseconds(storage.stores.oldest_age),
      "\r\nraft_storage_full_refused:", storage.proposals_refused,
      "\r\nraft_storage_full_dropped:", storage.messages_dropped, "\r\n");
}

std::string RaftSection(const InfoSource& from) {
  const ServerFacts& facts = from.now;
  return absl::StrCat(
      "raft_node_id:", facts.self.value(),
      "\r\nraft_role:", raft::RoleName(facts.raft.role),
      "\r\nraft_leader_id:", facts.raft.leader.value(),
      "\r\nraft_current_term:", facts.raft.term.value(),
      "\r\nraft_num_nodes:", facts.members.size(),
      "\r\nraft_current_index:", facts.raft.last.value(),
      "\r\nraft_commit_index:", facts.raft.commit.value(),
      "\r\nraft_last_applied_index:", facts.raft.applied.value(), "\r\n",
      StorageLines(facts.storage));
}

std::string ClusterSection(const InfoSource& from) {
  return absl::StrCat("cluster_enabled:", from.client.redirects ? 1 : 0,
                      "\r\n");
}

std::string ModulesSection(const InfoSource&) { return ""; }

std::string KeyspaceSection(const InfoSource& from) {
  if (from.now.keys == 0) return "";
  return absl::StrCat("db0:keys=", from.now.keys,
                      ",expires=", from.now.volatile_keys, ",avg_ttl=0\r\n");
}

struct Section {
  absl::string_view name;
  absl::string_view title;
  std::string (*write)(const InfoSource& from);
  bool by_default = true;
};

constexpr Section kSections[] = {
    {"server", "Server", ServerSection},
    {"clients", "Clients", ClientsSection},
    {"memory", "Memory", MemorySection},
    {"persistence", "Persistence", PersistenceSection},
    {"stats", "Stats", StatsSection},
    {"replication", "Replication", ReplicationSection},
    {"cpu", "CPU", CpuSection},
    {"modules", "Modules", ModulesSection},
    {"commandstats", "Commandstats", CommandStatsSection, false},
    {"errorstats", "Errorstats", ErrorStatsSection},
    {"latencystats", "Latencystats", LatencyStatsSection, false},
    {"raft", "Raft", RaftSection},
    {"cluster", "Cluster", ClusterSection},
    {"keyspace", "Keyspace", KeyspaceSection},
};

bool Wanted(const Section& section, std::span<const absl::string_view> words) {
  if (words.empty()) return section.by_default;
  for (const absl::string_view word : words) {
    if (SameWord(word, section.name) || SameWord(word, "all") ||
        SameWord(word, "everything") ||
        (SameWord(word, "default") && section.by_default)) {
      return true;
    }
  }
  return false;
}

}  // namespace

void PlanInfo(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const ProcessUsage process = request.host.Process();
  const InfoSource from{.client = request.client,
                        .now = facts,
                        .at_reset = request.host.FactsAtReset(),
                        .stats = request.host.stats(),
                        .process = process};
  std::string text;
  for (const Section& section : kSections) {
    if (!Wanted(section, request.args.subspan(1))) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\r\n", "# ", section.title,
                    "\r\n", section.write(from));
  }
  request.Answer().Verbatim(text);
}

}  // namespace kv
