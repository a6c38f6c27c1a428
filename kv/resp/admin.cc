// The small requests that the server answers itself.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp/table.h"

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
  for (size_t i = 2; i < request.args.size(); i += 2) {
    const absl::string_view name = request.args[i].substr(0, 128);
    const absl::Status set =
        request.host.settings().Set(name, request.args[i + 1]);
    if (absl::IsNotFound(set)) {
      return request.Refuse(
          absl::StrCat("ERR Unknown option or number of arguments for CONFIG "
                       "SET - '",
                       name, "'"));
    }
    if (!set.ok()) {
      return request.Refuse(
          absl::StrCat("ERR CONFIG SET failed (possibly related to argument '",
                       name, "') - ", set.message()));
    }
  }
  request.Ok();
}

}  // namespace

void PlanConfig(RespRequest& request) {
  const absl::string_view what = request.args[1];
  const size_t words = request.args.size();
  if (SameWord(what, "GET")) {
    return words < 3 ? request.RefuseArity() : GetSettings(request);
  }
  if (SameWord(what, "SET")) {
    return words < 4 || words % 2 != 0 ? request.RefuseArity()
                                       : SetSettings(request);
  }
  if (SameWord(what, "RESETSTAT")) {
    return words == 2 ? request.Ok() : request.RefuseArity();
  }
  request.RefuseSubcommand();
}

void PlanEcho(RespRequest& request) { request.Answer().Bulk(request.args[1]); }

void PlanFunction(RespRequest& request) {
  // There are no functions, so they are easily flushed.
  if (SameWord(request.args[1], "FLUSH")) return request.Ok();
  request.RefuseSubcommand();
}

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
    out.Array(3);
    out.Bulk("master");
    out.Integer(commit);
    out.Array(0);
    return;
  }
  const MemberFacts* leader = facts.Member(facts.raft.leader);
  out.Array(5);
  out.Bulk("slave");
  out.Bulk(leader == nullptr ? "" : leader->redis.host);
  out.Integer(leader == nullptr ? 0 : leader->redis.port);
  out.Bulk(leader == nullptr ? "connect" : "connected");
  out.Integer(commit);
}

void PlanSelect(RespRequest& request) {
  const std::optional<int64_t> number = ParseInteger(request.args[1]);
  if (!number.has_value()) {
    return request.Refuse("ERR value is not an integer or out of range");
  }
  if (*number != 0) return request.Refuse("ERR DB index is out of range");
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
