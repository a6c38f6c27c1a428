// CLUSTER, for clients that know of clusters: one group, which leads all slots.
//
// An answer never lacks an owner: while no leader is known, who led last is
// named. Clients that are told of nobody give up; clients that ask the wrong
// node are forwarded or told better.
//
// Whom this node does not hear it says: by its own word, or, leading, by that
// of the majority that it leads.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "kv/integer.h"
#include "kv/key_slot.h"
#include "kv/resp/subcommands.h"
#include "runtime/random.h"

namespace kv {
namespace {

constexpr int64_t kLastSlot = kKeySlots - 1;

// 40 hexadecimal digits, the same for ever: of the cluster and the member.
std::string NodeName(const ServerFacts& facts, runtime::NodeId node) {
  const uint64_t high = runtime::MixHash(facts.cluster, node.value());
  const uint64_t low = runtime::MixHash(high, facts.cluster);
  return absl::StrFormat("%016x%016x%08x", high, low,
                         static_cast<uint32_t>(node.value()));
}

// The leader first.
std::vector<const MemberFacts*> InOrder(const ServerFacts& facts) {
  std::vector<const MemberFacts*> members;
  if (const MemberFacts* leader = facts.Member(facts.last_leader)) {
    members.push_back(leader);
  }
  for (const MemberFacts& member : facts.members) {
    if (member.node != facts.last_leader) members.push_back(&member);
  }
  return members;
}

bool LeadsHere(const ServerFacts& facts) {
  return facts.raft.role == raft::Role::kLeader;
}

void Slots(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const std::vector<const MemberFacts*> members = InOrder(facts);
  RespWriter out = request.Answer();
  out.Array(1);
  out.Array(2 + members.size());
  out.Integer(0);
  out.Integer(kLastSlot);
  for (const MemberFacts* member : members) {
    out.Array(4);
    out.Bulk(member->cluster.host);
    out.Integer(member->cluster.port);
    out.Bulk(NodeName(facts, member->node));
    out.Array(0);
  }
}

// What Redis calls it, and where this node knows it from: its own place in the
// log, or, leading, what a follower has acknowledged; 0: not known here.
uint64_t OffsetOf(const ServerFacts& facts, const MemberFacts& member) {
  if (member.node == facts.self || member.node == facts.raft.leader) {
    return facts.raft.commit.value();
  }
  return member.match.value();
}

absl::string_view HealthOf(const ServerFacts& facts,
                           const MemberFacts& member) {
  if (!member.heard) return "fail";
  // It has not begun, or its log has not been compared yet.
  const bool begins =
      member.node == facts.self
          ? facts.raft.applied == persist::Index()
          : LeadsHere(facts) && member.match == persist::Index();
  return begins ? "loading" : "online";
}

void Shards(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const std::vector<const MemberFacts*> members = InOrder(facts);
  RespWriter out = request.Answer();
  out.Array(1);
  out.Map(2);
  out.Bulk("slots");
  out.Array(2);
  out.Integer(0);
  out.Integer(kLastSlot);
  out.Bulk("nodes");
  out.Array(members.size());
  for (const MemberFacts* member : members) {
    out.Map(7);
    out.Bulk("id");
    out.Bulk(NodeName(facts, member->node));
    out.Bulk("port");
    out.Integer(member->cluster.port);
    out.Bulk("ip");
    out.Bulk(member->cluster.host);
    out.Bulk("endpoint");
    out.Bulk(member->cluster.host);
    out.Bulk("role");
    out.Bulk(member == members[0] ? "master" : "replica");
    out.Bulk("replication-offset");
    out.Integer(static_cast<int64_t>(OffsetOf(facts, *member)));
    out.Bulk("health");
    out.Bulk(HealthOf(facts, *member));
  }
}

// "fail?" is what one node says by itself; a leader says it for the majority
// that it has: "fail".
absl::string_view FailureOf(const ServerFacts& facts,
                            const MemberFacts& member) {
  if (member.heard) return "";
  return LeadsHere(facts) && facts.led ? ",fail" : ",fail?";
}

std::string NodeLine(const ServerFacts& facts, const MemberFacts& member,
                     const MemberFacts& owner) {
  const bool owns = &member == &owner;
  std::string line =
      absl::StrCat(NodeName(facts, member.node), " ", member.cluster.host, ":",
                   member.cluster.port, "@", member.cluster.port, " ",
                   member.node == facts.self ? "myself," : "",
                   owns ? "master" : "slave", FailureOf(facts, member), " ",
                   owns ? "-" : NodeName(facts, owner.node), " 0 0 ");
  absl::StrAppend(&line, facts.raft.term.value(),
                  member.heard ? " connected" : " disconnected");
  if (owns) absl::StrAppend(&line, " 0-", kLastSlot);
  return line;
}

void Nodes(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const std::vector<const MemberFacts*> members = InOrder(facts);
  std::string lines;
  for (const MemberFacts* member : members) {
    absl::StrAppend(&lines, NodeLine(facts, *member, *members[0]), "\n");
  }
  request.Answer().Verbatim(lines);
}

// Those that follow: REPLICAS, or SLAVES.
void Replicas(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const std::vector<const MemberFacts*> members = InOrder(facts);
  const absl::string_view wanted = request.args[2];
  for (const MemberFacts* member : members) {
    if (NodeName(facts, member->node) != wanted) continue;
    if (member != members[0]) {
      return request.Refuse("ERR The specified node is not a master");
    }
    RespWriter out = request.Answer();
    out.Array(members.size() - 1);
    for (size_t i = 1; i < members.size(); ++i) {
      out.Bulk(NodeLine(facts, *members[i], *members[0]));
    }
    return;
  }
  request.Refuse(absl::StrCat("ERR Unknown node ", wanted.substr(0, 128)));
}

// All slots have one owner: they are served while it leads, and else they are
// not, whoever is still there.
void Info(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  request.Answer().Verbatim(absl::StrCat(
      "cluster_enabled:1\r\ncluster_state:", facts.led ? "ok" : "fail",
      "\r\ncluster_slots_assigned:", kKeySlots,
      "\r\ncluster_slots_ok:", facts.led ? kKeySlots : 0,
      "\r\ncluster_slots_pfail:", facts.led ? 0 : kKeySlots,
      "\r\ncluster_slots_fail:0\r\ncluster_known_nodes:", facts.members.size(),
      "\r\ncluster_size:1\r\ncluster_current_epoch:", facts.raft.term.value(),
      "\r\ncluster_my_epoch:", facts.raft.term.value(),
      "\r\ncluster_stats_messages_sent:", facts.peer_messages_sent,
      "\r\ncluster_stats_messages_received:", facts.peer_messages_received,
      "\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n"));
}

void MyId(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  request.Answer().Bulk(NodeName(facts, facts.self));
}

void SlotOfKey(RespRequest& request) {
  request.Answer().Integer(KeySlot(request.args[2]));
}

// Nothing: it is none, and the request has been answered so.
std::optional<uint32_t> SlotArg(RespRequest& request, absl::string_view wrong) {
  const std::optional<int64_t> slot = ParseInteger(request.args[2]);
  if (!slot.has_value()) {
    request.Refuse("ERR value is not an integer or out of range");
    return std::nullopt;
  }
  if (*slot >= 0 && *slot <= kLastSlot) return static_cast<uint32_t>(*slot);
  request.Refuse(wrong);
  return std::nullopt;
}

void CountKeys(RespRequest& request) {
  const auto slot = SlotArg(request, "ERR Invalid slot");
  if (!slot.has_value()) return;
  request.Answer().Integer(
      static_cast<int64_t>(request.host.CountKeysInSlot(*slot)));
}

// Bounded as all that is kept for one connection.
constexpr size_t kKeyBytesMax = 1 << 20;

void GetKeys(RespRequest& request) {
  constexpr absl::string_view kWrong = "ERR Invalid slot or number of keys";
  const auto slot = SlotArg(request, kWrong);
  if (!slot.has_value()) return;
  const std::optional<int64_t> count = ParseInteger(request.args[3]);
  if (!count.has_value()) {
    return request.Refuse("ERR value is not an integer or out of range");
  }
  if (*count < 0) return request.Refuse(kWrong);
  std::vector<std::string> keys =
      request.host.KeysInSlot(*slot, static_cast<size_t>(*count));
  size_t bytes = 0;
  size_t told = 0;
  for (; told < keys.size() && bytes < kKeyBytesMax; ++told) {
    bytes += keys[told].size();
  }
  keys.resize(told);
  RespWriter out = request.Answer();
  out.Array(keys.size());
  for (const std::string& key : keys) out.Bulk(key);
}

// The listener that forwards serves clients that know of one server: it says
// that there is no cluster (INFO cluster), and keeps to it.
template <RespHandler handler>
void IfCluster(RespRequest& request) {
  if (request.client.redirects) return handler(request);
  request.Refuse("ERR This instance has cluster support disabled");
}

constexpr absl::string_view kFlags = "loading stale";

constexpr RespSubcommand kRows[] = {
    {"cluster|countkeysinslot", 3, "stale", IfCluster<CountKeys>,
     "COUNTKEYSINSLOT <slot>", "How many keys of the slot this node has."},
    {"cluster|getkeysinslot", 4, "stale", IfCluster<GetKeys>,
     "GETKEYSINSLOT <slot> <count>",
     "Keys of the slot that this node has, so many at most."},
    {"cluster|help", 2, kFlags, IfCluster<PlanHelp>, "HELP", "This text."},
    {"cluster|info", 2, "stale", IfCluster<Info>, "INFO",
     "Whether the slots are served, as far as this node knows."},
    {"cluster|keyslot", 3, "stale", IfCluster<SlotOfKey>, "KEYSLOT <key>",
     "The slot of the key."},
    {"cluster|myid", 2, "stale", IfCluster<MyId>, "MYID",
     "The id of this node."},
    {"cluster|nodes", 2, "stale", IfCluster<Nodes>, "NODES",
     "A line for each node: <id> <ip:port> <flags> <master> 0 0 <term> <link> "
     "<slots>, as this node sees it."},
    {"cluster|replicas", 3, "admin stale", IfCluster<Replicas>,
     "REPLICAS <node-id>", "The lines of the nodes that follow the leader."},
    {"cluster|shards", 2, kFlags, IfCluster<Shards>, "SHARDS",
     "The slots and the nodes, with their health as this node sees it."},
    {"cluster|slaves", 3, "admin stale", IfCluster<Replicas>,
     "SLAVES <node-id>", "As REPLICAS."},
    {"cluster|slots", 2, "stale", IfCluster<Slots>, "SLOTS",
     "The slots, and who serves them: the leader first."},
};

}  // namespace

std::span<const RespSubcommand> ClusterSubcommands() { return kRows; }

void PlanReadOnly(RespRequest& request) {
  if (!request.client.redirects) {
    return request.Refuse("ERR This instance has cluster support disabled");
  }
  // Reads stay linearizable: they are forwarded instead of redirected.
  request.client.follows = true;
  request.Ok();
}

// READWRITE; ASKING does nothing else: no slot moves.
void PlanReadWrite(RespRequest& request) {
  if (!request.client.redirects) {
    return request.Refuse("ERR This instance has cluster support disabled");
  }
  request.client.follows = false;
  request.Ok();
}

}  // namespace kv
