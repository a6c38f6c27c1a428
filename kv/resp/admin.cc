// The small requests that the server answers itself.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp/subcommands.h"

namespace kv {
namespace {

void GetSettings(RespRequest& request) {
  absl::btree_map<absl::string_view, absl::string_view> found;
  for (const absl::string_view pattern : request.args.subspan(2)) {
    for (const auto& [name, value] :
         request.host.settings().Matching(pattern)) {
      found[name] = value;
    }
  }
  RespWriter out = request.Answer();
  out.Map(found.size());
  for (const auto& [name, value] : found) {
    out.Bulk(name);
    out.Bulk(value);
  }
}

void SetSettings(RespRequest& request) {
  const auto words = request.args.subspan(2);
  if (words.size() % 2 != 0) return request.RefuseArity();
  absl::string_view culprit;
  const absl::Status set = request.host.settings().Set(words, culprit);
  culprit = culprit.substr(0, 128);
  if (set.ok()) return request.Ok();
  if (absl::IsNotFound(set)) {
    return request.Refuse(absl::StrCat(
        "ERR Unknown option or number of arguments for CONFIG SET - '", culprit,
        "'"));
  }
  request.Refuse(
      absl::StrCat("ERR CONFIG SET failed (possibly related to argument '",
                   culprit, "') - ", set.message()));
}

void ResetStats(RespRequest& request) {
  request.host.ResetStats();
  request.Ok();
}

void Rewrite(RespRequest& request) {
  request.Refuse(
      "ERR The server does not write its configuration: nothing that can be "
      "set here is part of it");
}

// There are no functions, so they are easily flushed.
void FlushFunctions(RespRequest& request) {
  const bool plain = request.args.size() == 2;
  const bool named =
      request.args.size() == 3 &&
      (SameWord(request.args[2], "SYNC") || SameWord(request.args[2], "ASYNC"));
  plain || named ? request.Ok()
                 : request.Refuse(
                       "ERR FUNCTION FLUSH only supports SYNC|ASYNC "
                       "option");
}

void ListFunctions(RespRequest& request) { request.Answer().Array(0); }

constexpr absl::string_view kAdmin = "admin noscript loading stale";

constexpr RespSubcommand kRows[] = {
    {"config|get", -3, kAdmin, GetSettings, "GET <pattern> [<pattern> ...]",
     "The settings of this node whose names fit."},
    {"config|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"config|resetstat", 2, kAdmin, ResetStats, "RESETSTAT",
     "Lets INFO count from 0 again, on this node."},
    {"config|rewrite", 2, kAdmin, Rewrite, "REWRITE",
     "An error: the server does not write its configuration."},
    {"config|set", -4, kAdmin, SetSettings,
     "SET <name> <value> [<name> <value> ...]",
     "Sets settings of this node, until it stops: all, or none."},
    {"function|flush", -2, "write noscript", FlushFunctions,
     "FLUSH [ASYNC|SYNC]", "Nothing: there are no functions."},
    {"function|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"function|list", -2, "noscript", ListFunctions, "LIST",
     "The functions: none."},
};

}  // namespace

std::span<const RespSubcommand> AdminSubcommands() { return kRows; }

void PlanEcho(RespRequest& request) { request.Answer().Bulk(request.args[1]); }

void PlanPing(RespRequest& request) {
  if (request.args.size() > 2) {
    return request.Refuse("ERR wrong number of arguments for 'ping' command");
  }
  RespWriter out = request.Answer();
  request.args.size() == 2 ? out.Bulk(request.args[1]) : out.Simple("PONG");
}

void PlanRole(RespRequest& request) {
  const ServerFacts facts = request.host.Facts();
  const auto commit = static_cast<int64_t>(facts.raft.commit.value());
  RespWriter out = request.Answer();
  if (facts.raft.role == raft::Role::kLeader) {
    const std::vector<const MemberFacts*> followers = facts.Followers();
    out.Array(3);
    out.Bulk("master");
    out.Integer(commit);
    out.Array(followers.size());
    for (const MemberFacts* follower : followers) {
      out.Array(3);
      out.Bulk(follower->redis.host);
      out.Bulk(absl::StrCat(follower->redis.port));
      out.Bulk(absl::StrCat(follower->match.value()));
    }
    return;
  }
  const MemberFacts* leader = facts.Member(facts.raft.leader);
  out.Array(5);
  out.Bulk("slave");
  out.Bulk(leader == nullptr ? "" : leader->redis.host);
  out.Integer(leader == nullptr ? 0 : leader->redis.port);
  out.Bulk(facts.led ? "connected" : "connect");
  out.Integer(commit);
}

void PlanSelect(RespRequest& request) {
  const std::optional<int64_t> number = ParseInteger(request.args[1]);
  if (!number.has_value()) {
    return request.Refuse("ERR value is not an integer or out of range");
  }
  if (*number != 0) {
    return request.Refuse(request.client.redirects
                              ? "ERR SELECT is not allowed in cluster mode"
                              : "ERR DB index is out of range");
  }
  request.Ok();
}

void PlanTime(RespRequest& request) {
  const int64_t micros = absl::ToUnixMicros(request.host.Facts().wall);
  RespWriter out = request.Answer();
  out.Array(2);
  out.Bulk(absl::StrCat(micros / 1'000'000));
  out.Bulk(absl::StrCat(micros % 1'000'000));
}

void PlanWait(RespRequest& request) {
  for (const absl::string_view number : request.args.subspan(1)) {
    const std::optional<int64_t> value = ParseInteger(number);
    if (!value.has_value() || *value < 0) {
      return request.Refuse("ERR value is not an integer or out of range");
    }
  }
  // What was acknowledged has reached a majority; so many beside the leader.
  request.Answer().Integer(
      static_cast<int64_t>(request.host.Facts().members.size() / 2));
}

}  // namespace kv
