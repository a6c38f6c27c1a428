// INFO.

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "kv/resp/product.h"
#include "kv/resp/table.h"

namespace kv {
namespace {

bool LeadsHere(const ServerFacts& facts) {
  return facts.raft.role == raft::Role::kLeader;
}

std::string ServerSection(const ServerFacts& facts, bool cluster) {
  const MemberFacts* self = facts.Member(facts.self);
  const net::Address address = self == nullptr ? net::Address()
                               : cluster       ? self->cluster
                                               : self->redis;
  return absl::StrCat(
      "# Server\r\nredis_version:", kRedisVersion,
      "\r\nredis_mode:", cluster ? "cluster" : "standalone",
      "\r\nraft_server_version:", kServerVersion, "\r\ntcp_port:", address.port,
      "\r\nuptime_in_seconds:", absl::ToInt64Seconds(facts.uptime), "\r\n");
}

std::string ClientsSection(const ServerFacts& facts) {
  return absl::StrCat("# Clients\r\nconnected_clients:", facts.clients,
                      "\r\nmaxclients:", facts.clients_max, "\r\n");
}

std::string StatsSection(const ServerFacts& facts) {
  return absl::StrCat(
      "# Stats\r\ntotal_connections_received:", facts.clients_accepted,
      "\r\ntotal_commands_processed:", facts.requests,
      "\r\nrejected_connections:", facts.clients_refused, "\r\n");
}

std::string ReplicationSection(const ServerFacts& facts) {
  std::string out = absl::StrCat(
      "# Replication\r\nrole:", LeadsHere(facts) ? "master" : "slave", "\r\n");
  const MemberFacts* leader = facts.Member(facts.raft.leader);
  if (!LeadsHere(facts) && leader != nullptr) {
    absl::StrAppend(&out, "master_host:", leader->redis.host,
                    "\r\nmaster_port:", leader->redis.port,
                    "\r\nmaster_link_status:up\r\n");
  } else if (!LeadsHere(facts)) {
    absl::StrAppend(&out, "master_link_status:down\r\n");
  }
  absl::StrAppend(&out, "master_repl_offset:", facts.raft.commit.value(),
                  "\r\n");
  return out;
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

std::string RaftSection(const ServerFacts& facts) {
  return absl::StrCat(
      "# Raft\r\nraft_node_id:", facts.self.value(),
      "\r\nraft_role:", raft::RoleName(facts.raft.role),
      "\r\nraft_leader_id:", facts.raft.leader.value(),
      "\r\nraft_current_term:", facts.raft.term.value(),
      "\r\nraft_num_nodes:", facts.members.size(),
      "\r\nraft_current_index:", facts.raft.last.value(),
      "\r\nraft_commit_index:", facts.raft.commit.value(),
      "\r\nraft_last_applied_index:", facts.raft.applied.value(), "\r\n",
      StorageLines(facts.storage));
}

std::string KeyspaceSection(const ServerFacts& facts) {
  if (facts.keys == 0) return "# Keyspace\r\n";
  return absl::StrCat("# Keyspace\r\ndb0:keys=", facts.keys,
                      ",expires=", facts.volatile_keys, ",avg_ttl=0\r\n");
}

}  // namespace

void PlanInfo(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const bool cluster = request.client.redirects;
  const std::pair<absl::string_view, std::string> sections[] = {
      {"server", ServerSection(facts, cluster)},
      {"clients", ClientsSection(facts)},
      {"persistence", "# Persistence\r\nloading:0\r\n"},
      {"stats", StatsSection(facts)},
      {"replication", ReplicationSection(facts)},
      {"raft", RaftSection(facts)},
      {"cluster",
       absl::StrCat("# Cluster\r\ncluster_enabled:", cluster ? 1 : 0, "\r\n")},
      {"keyspace", KeyspaceSection(facts)},
  };
  const auto wanted = [&request](absl::string_view section) {
    if (request.args.size() == 1) return true;
    for (const absl::string_view word : request.args.subspan(1)) {
      if (SameWord(word, section) || SameWord(word, "all") ||
          SameWord(word, "default") || SameWord(word, "everything")) {
        return true;
      }
    }
    return false;
  };
  std::string text;
  for (const auto& [name, section] : sections) {
    if (!wanted(name)) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\r\n", section);
  }
  request.Answer().Verbatim(text);
}

}  // namespace kv
