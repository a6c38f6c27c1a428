#include "kv/resp/requests.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/commands/key_positions.h"
#include "kv/commands/table.h"
#include "kv/key_slot.h"
#include "kv/resp/subcommands.h"
#include "kv/resp/table.h"
#include "runtime/check.h"

namespace kv {
namespace {

using Code = KvReply::Code;
using InMulti = RespCommand::InMulti;

constexpr absl::string_view kConnection = "noscript loading stale fast";

constexpr RespCommand kCommands[] = {
    {"acl", -2, "admin noscript loading stale", 0, 0, 0, InMulti::kQueued,
     PlanContainer},
    {"asking", 1, "fast", 0, 0, 0, InMulti::kQueued, PlanReadWrite},
    {"auth", -2, kConnection, 0, 0, 0, InMulti::kQueued, PlanAuth},
    {"client", -2, "admin noscript loading stale", 0, 0, 0, InMulti::kQueued,
     PlanContainer},
    {"cluster", -2, "admin stale", 0, 0, 0, InMulti::kQueued, PlanContainer},
    {"command", -1, "loading stale", 0, 0, 0, InMulti::kQueued, PlanContainer},
    {"config", -2, "admin noscript loading stale", 0, 0, 0, InMulti::kQueued,
     PlanContainer},
    {"discard", 1, kConnection, 0, 0, 0, InMulti::kAtOnce, PlanDiscard},
    {"echo", 2, "fast", 0, 0, 0, InMulti::kQueued, PlanEcho},
    {"exec", 1, "noscript loading stale", 0, 0, 0, InMulti::kAtOnce, PlanExec},
    {"function", -2, "noscript", 0, 0, 0, InMulti::kQueued, PlanContainer},
    {"hello", -1, kConnection, 0, 0, 0, InMulti::kRefused, PlanHello},
    {"info", -1, "loading stale", 0, 0, 0, InMulti::kQueued, PlanInfo},
    {"latency", -2, "admin noscript loading stale", 0, 0, 0, InMulti::kQueued,
     PlanContainer},
    {"module", -2, "admin noscript", 0, 0, 0, InMulti::kQueued, PlanContainer},
    {"multi", 1, kConnection, 0, 0, 0, InMulti::kAtOnce, PlanMulti},
    {"ping", -1, "fast", 0, 0, 0, InMulti::kQueued, PlanPing},
    {"quit", -1, kConnection, 0, 0, 0, InMulti::kAtOnce, PlanQuit},
    {"readonly", 1, "loading stale fast", 0, 0, 0, InMulti::kQueued,
     PlanReadOnly},
    {"readwrite", 1, "loading stale fast", 0, 0, 0, InMulti::kQueued,
     PlanReadWrite},
    {"reset", 1, kConnection, 0, 0, 0, InMulti::kAtOnce, PlanReset},
    {"role", 1, "admin noscript loading stale fast", 0, 0, 0, InMulti::kQueued,
     PlanRole},
    {"select", 2, "loading stale fast", 0, 0, 0, InMulti::kQueued, PlanSelect},
    {"slowlog", -2, "admin loading stale", 0, 0, 0, InMulti::kQueued,
     PlanContainer},
    {"time", 1, "loading stale fast", 0, 0, 0, InMulti::kQueued, PlanTime},
    {"unwatch", 1, kConnection, 0, 0, 0, InMulti::kQueued, PlanUnwatch},
    {"wait", 3, "noscript", 0, 0, 0, InMulti::kQueued, PlanWait},
    {"watch", -2, kConnection, 1, -1, 1, InMulti::kAtOnce, PlanWatch},
};

constexpr bool ByName(const RespCommand& a, const RespCommand& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(kCommands), std::end(kCommands),
                             ByName),
              "FindRespCommand() searches by halves");

// Longer names are no command's; it also bounds what an error repeats.
constexpr size_t kNameBytesMax = 64;
constexpr size_t kQuotedBytesMax = 128;

std::string UnknownCommand(std::span<const absl::string_view> args) {
  std::string quoted;
  for (const absl::string_view arg : args.subspan(1)) {
    if (quoted.size() >= kQuotedBytesMax) break;
    absl::StrAppend(&quoted, "'",
                    arg.substr(0, kQuotedBytesMax - quoted.size()), "' ");
  }
  return absl::StrCat("ERR unknown command '",
                      args[0].substr(0, kQuotedBytesMax),
                      "', with args beginning with: ", quoted);
}

// The words at the beginning of lines that no HTTP request with a body can do
// without, and no Redis client sends.
bool IsOfHttp(absl::string_view name) {
  return name == "post" || name == "host:";
}

// A request that cannot be queued spoils the transaction that it is in.
void RefuseAndSpoil(RespRequest& request, absl::string_view error) {
  if (request.client.queued.has_value()) request.client.queued->spoilt = true;
  request.Refuse(error);
}

// Sends clients that follow to the leader of the keys. False: it is to be
// served here.
bool Redirect(RespRequest& request, std::span<const absl::string_view> keys,
              bool reads) {
  if (!request.client.redirects || keys.empty()) return false;
  if (reads && request.client.follows) return false;
  const std::optional<net::Address> leader = request.host.LeaderElsewhere();
  if (!leader.has_value()) return false;
  RefuseAndSpoil(request, absl::StrCat("MOVED ", KeySlot(keys[0]), " ",
                                       leader->host, ":", leader->port));
  return true;
}

// The row of its subcommand, or null if it has none. False: there is no such
// one, and the request has been answered so.
bool FindRow(const RespCommand& command, RespRequest& request,
             const RespSubcommand*& row) {
  row = nullptr;
  if (command.handler != PlanContainer || request.args.size() == 1) return true;
  row = FindSubcommand(command.name, request.args[1]);
  if (row == nullptr) {
    request.RefuseSubcommand();
    return false;
  }
  if (WordsFit(row->arity, request.args.size())) return true;
  request.host.stats().OnRejected(CommandStats::IdOf(*row));
  request.RefuseArity();
  return false;
}

void PlanOwn(const RespCommand& command, RespRequest& request) {
  if (command.first_key > 0 &&
      Redirect(request, request.args.subspan(1), false)) {
    return;
  }
  if (request.client.queued.has_value()) {
    if (command.in_multi == InMulti::kQueued) return PlanQueued(request);
    if (command.in_multi == InMulti::kRefused) {
      return RefuseAndSpoil(request,
                            "ERR Command not allowed inside a transaction");
    }
  }
  command.handler(request);
}

// What is only queued will be counted at EXEC.
void PlanAndCount(const RespCommand& command, RespRequest& request) {
  const RespSubcommand* row = nullptr;
  if (!FindRow(command, request, row)) return;
  const CommandStats::Id id =
      row != nullptr ? CommandStats::IdOf(*row) : CommandStats::IdOf(command);
  const bool queues =
      request.client.queued.has_value() && command.in_multi == InMulti::kQueued;
  const runtime::Instant began = request.host.Now();
  const size_t answers = request.plan.answers();
  PlanOwn(command, request);
  // CLIENT REPLY OFF is not answered at all.
  if (queues || request.plan.answers() == answers) return;
  request.plan.CountAs(id, request.host.Now() - began);
}

void PlanCommandOfKeyspace(const CommandRow& row, RespRequest& request) {
  if (request.client.redirects &&
      Redirect(request, KeysOf(row, request.args), row.reads)) {
    return request.host.stats().OnRejected(CommandStats::IdOf(row));
  }
  if (request.client.queued.has_value()) return PlanQueued(request);
  request.plan.AnswerLater(request.client, row.operation,
                           request.args.subspan(1));
  request.plan.CountAs(CommandStats::IdOf(row));
}

}  // namespace

const MemberFacts* ServerFacts::Member(runtime::NodeId node) const {
  for (const MemberFacts& member : members) {
    if (member.node == node) return &member;
  }
  return nullptr;
}

std::vector<const MemberFacts*> ServerFacts::Followers() const {
  std::vector<const MemberFacts*> followers;
  if (raft.role != raft::Role::kLeader) return followers;
  for (const MemberFacts& member : members) {
    if (member.node != self && member.heard) followers.push_back(&member);
  }
  return followers;
}

bool WordsFit(int arity, size_t words) {
  const auto count = static_cast<int64_t>(words);
  return arity >= 0 ? count == arity : count >= -arity;
}

void RespRequest::RefuseSubcommand() {
  RefuseAndSpoil(*this,
                 absl::StrCat("ERR unknown subcommand '",
                              args[1].substr(0, kQuotedBytesMax), "'. Try ",
                              absl::AsciiStrToUpper(name), " HELP."));
}

void RespRequest::RefuseArity() {
  RefuseAndSpoil(
      *this,
      absl::StrCat("ERR wrong number of arguments for '", name, "|",
                   absl::AsciiStrToLower(args[1].substr(0, kQuotedBytesMax)),
                   "' command"));
}

std::span<const RespCommand> RespCommands() { return kCommands; }

const RespCommand* FindRespCommand(absl::string_view name) {
  const auto* it =
      std::lower_bound(std::begin(kCommands), std::end(kCommands), name,
                       [](const RespCommand& command, absl::string_view word) {
                         return command.name < word;
                       });
  if (it == std::end(kCommands) || it->name != name) return nullptr;
  return it;
}

std::string LowerName(absl::string_view name) {
  return name.size() > kNameBytesMax ? std::string()
                                     : absl::AsciiStrToLower(name);
}

void PlanRequest(std::span<const absl::string_view> args, RespClient& client,
                 RespHost& host, RespPlan& plan) {
  CHECK(!args.empty(), "a request without words asks for nothing");
  CHECK(!plan.complete(), "the plan must be carried out first");
  const std::string name = LowerName(args[0]);
  if (IsOfHttp(name)) {
    // No answer, and nothing of what follows: it is not meant for us.
    client.quit = true;
    return host.OnCrossProtocol(client);
  }
  const CommandRow* row = FindCommand(name);
  const RespCommand* own = row == nullptr ? FindRespCommand(name) : nullptr;
  RespRequest request{"", args, client, host, plan};
  if (row == nullptr && own == nullptr) {
    return RefuseAndSpoil(request, UnknownCommand(args));
  }
  request.name = row != nullptr ? row->name : own->name;
  client.last_command = request.name;
  if (!WordsFit(row != nullptr ? row->arity : own->arity, args.size())) {
    host.stats().OnRejected(row != nullptr ? CommandStats::IdOf(*row)
                                           : CommandStats::IdOf(*own));
    return RefuseAndSpoil(request,
                          absl::StrCat("ERR wrong number of arguments for '",
                                       request.name, "' command"));
  }
  row != nullptr ? PlanCommandOfKeyspace(*row, request)
                 : PlanAndCount(*own, request);
}

void PlanRefusal(absl::string_view why, RespClient& client, RespHost& host,
                 RespPlan& plan) {
  RespRequest request{"", {}, client, host, plan};
  RefuseAndSpoil(request, absl::StrCat("ERR ", why));
}

std::string ErrorOf(const EntryReply& reply) {
  switch (reply.code) {
    case Code::kNotLeader:
      return absl::StrCat("CLUSTERDOWN ",
                          reply.text.empty() ? "no leader" : reply.text);
    case Code::kLost:
      return "CLUSTERDOWN no leader";
    case Code::kBusy:
      return "BUSY the server has too much to do, try again later";
    case Code::kInvalid:
      return absl::StrCat("ERR ", reply.text);
    default:
      // No client tries again by itself what begins with this word.
      return "UNCERTAIN the outcome is unknown; it may yet take effect";
  }
}

}  // namespace kv
