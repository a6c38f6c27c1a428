// CLUSTER, for clients that know of clusters: one group, which leads all slots.
//
// An answer never lacks an owner: while no leader is known, who led last is
// named. Clients that are told of nobody give up; clients that ask the wrong
// node are forwarded or told better.

#include <optional>
#include <span>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "kv/resp/key_slot.h"
#include "kv/resp/table.h"
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
    out.Integer(static_cast<int64_t>(facts.raft.commit.value()));
    out.Bulk("health");
    out.Bulk("online");
  }
}

void Nodes(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const std::vector<const MemberFacts*> members = InOrder(facts);
  std::string lines;
  for (const MemberFacts* member : members) {
    const bool leads = member == members[0];
    absl::StrAppend(&lines, NodeName(facts, member->node), " ",
                    member->cluster.host, ":", member->cluster.port, "@",
                    member->cluster.port, " ",
                    member->node == facts.self ? "myself," : "",
                    leads ? "master -" : "slave ",
                    leads ? "" : NodeName(facts, members[0]->node), " 0 0 ",
                    facts.raft.term.value(), " connected");
    if (leads) absl::StrAppend(&lines, " 0-", kLastSlot);
    absl::StrAppend(&lines, "\n");
  }
  request.Answer().Verbatim(lines);
}

void Info(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  request.Answer().Verbatim(absl::StrCat(
      "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:",
      kKeySlots, "\r\ncluster_slots_ok:", kKeySlots,
      "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:0"
      "\r\ncluster_known_nodes:",
      facts.members.size(),
      "\r\ncluster_size:1\r\ncluster_current_epoch:", facts.raft.term.value(),
      "\r\ncluster_my_epoch:", facts.raft.term.value(), "\r\n"));
}

}  // namespace

void PlanCluster(RespRequest& request) {
  const absl::string_view what = request.args[1];
  const size_t words = request.args.size();
  if (SameWord(what, "KEYSLOT")) {
    if (words != 3) return request.RefuseArity();
    return request.Answer().Integer(KeySlot(request.args[2]));
  }
  using Handler = void (*)(RespRequest&);
  constexpr std::pair<absl::string_view, Handler> kHandlers[] = {
      {"SLOTS", Slots}, {"SHARDS", Shards}, {"NODES", Nodes}, {"INFO", Info}};
  for (const auto& [name, handler] : kHandlers) {
    if (!SameWord(what, name)) continue;
    return words == 2 ? handler(request) : request.RefuseArity();
  }
  if (SameWord(what, "MYID")) {
    if (words != 2) return request.RefuseArity();
    const ServerFacts facts = request.host.Facts();
    return request.Answer().Bulk(NodeName(facts, facts.self));
  }
  request.RefuseSubcommand();
}

void PlanReadOnly(RespRequest& request) {
  // Reads stay linearizable: they are forwarded instead of redirected.
  request.client.follows = true;
  request.Ok();
}

void PlanReadWrite(RespRequest& request) {
  request.client.follows = false;
  request.Ok();
}

}  // namespace kv
