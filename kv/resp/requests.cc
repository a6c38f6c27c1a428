#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "kv/resp.h"
#include "kv/resp_commands.h"
#include "kv/resp_table.h"
#include "runtime/check.h"

namespace kv {
namespace {

using Code = KvReply::Code;

constexpr RespCommand kCommands[] = {
    {"append", 3, "write denyoom fast", 1, 1, 1, PlanAppend},
    {"auth", -2, "noscript loading stale fast no_auth", 0, 0, 0, PlanAuth},
    {"client", -2, "admin noscript loading stale", 0, 0, 0, PlanClient},
    {"cluster", -2, "admin stale", 0, 0, 0, PlanCluster},
    {"command", -1, "loading stale", 0, 0, 0, PlanCommand},
    {"config", -2, "admin noscript loading stale", 0, 0, 0, PlanConfig},
    {"dbsize", 1, "readonly fast", 0, 0, 0, PlanDbSize},
    {"decr", 2, "write denyoom fast", 1, 1, 1, PlanDecr},
    {"decrby", 3, "write denyoom fast", 1, 1, 1, PlanDecrBy},
    {"del", -2, "write", 1, -1, 1, PlanDelete},
    {"echo", 2, "fast", 0, 0, 0, PlanEcho},
    {"exists", -2, "readonly fast", 1, -1, 1, PlanExists},
    {"get", 2, "readonly fast", 1, 1, 1, PlanGet},
    {"getset", 3, "write denyoom fast", 1, 1, 1, PlanGetSet},
    {"hello", -1, "noscript loading stale fast no_auth", 0, 0, 0, PlanHello},
    {"incr", 2, "write denyoom fast", 1, 1, 1, PlanIncr},
    {"incrby", 3, "write denyoom fast", 1, 1, 1, PlanIncrBy},
    {"info", -1, "loading stale", 0, 0, 0, PlanInfo},
    {"mget", -2, "readonly fast", 1, -1, 1, PlanMultiGet},
    {"mset", -3, "write denyoom", 1, -1, 2, PlanMultiSet},
    {"ping", -1, "fast", 0, 0, 0, PlanPing},
    {"quit", -1, "noscript loading stale fast no_auth", 0, 0, 0, PlanQuit},
    {"reset", 1, "noscript loading stale fast no_auth", 0, 0, 0, PlanReset},
    {"role", 1, "admin noscript loading stale fast", 0, 0, 0, PlanRole},
    {"select", 2, "loading stale fast", 0, 0, 0, PlanSelect},
    {"set", -3, "write denyoom", 1, 1, 1, PlanSet},
    {"setnx", 3, "write denyoom fast", 1, 1, 1, PlanSetNx},
    {"strlen", 2, "readonly fast", 1, 1, 1, PlanStrLen},
    {"time", 1, "loading stale fast", 0, 0, 0, PlanTime},
    {"type", 2, "readonly fast", 1, 1, 1, PlanType},
    {"unlink", -2, "write fast", 1, -1, 1, PlanDelete},
};

constexpr bool ByName(const RespCommand& a, const RespCommand& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(kCommands), std::end(kCommands),
                             ByName),
              "FindRespCommand() searches by halves");

// Longer names are no command's; it also bounds what an error repeats.
constexpr size_t kNameBytesMax = 16;
constexpr size_t kQuotedBytesMax = 128;

bool ArityFits(const RespCommand& command, size_t words) {
  const auto count = static_cast<int64_t>(words);
  return command.arity >= 0 ? count == command.arity : count >= -command.arity;
}

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

void WordList(const ReplyView& reply, std::string& out) {
  AppendArray(out, reply.list_size);
  ListReader items(reply);
  for (size_t i = 0; i < reply.list_size; ++i) {
    const std::optional<absl::string_view> item = items.Next();
    if (item.has_value()) {
      AppendBulk(out, *item);
    } else {
      AppendNil(out);
    }
  }
}

void WordReply(const ReplyView& reply, Wording wording, std::string& out) {
  if (reply.code == Code::kNil) return AppendNil(out);
  if (reply.code != Code::kOk) {
    return AppendError(out, absl::StrCat("ERR ", reply.text));
  }
  switch (wording) {
    case Wording::kInteger:
      return AppendInteger(out, reply.integer);
    case Wording::kBulk:
      return AppendBulk(out, reply.text);
    case Wording::kOk:
      return AppendSimple(out, "OK");
    case Wording::kOkOrNil:
      return reply.integer != 0 ? AppendSimple(out, "OK") : AppendNil(out);
    case Wording::kList:
      return WordList(reply, out);
    case Wording::kType:
      return AppendSimple(out, reply.integer != 0 ? "string" : "none");
    case Wording::kAtOnce:
      break;
  }
  CHECK(false, "an answer that is given already needs no reply");
}

}  // namespace

std::span<const RespCommand> RespCommands() { return kCommands; }

const RespCommand* FindRespCommand(absl::string_view name) {
  if (name.size() > kNameBytesMax) return nullptr;
  char lower[kNameBytesMax];
  for (size_t i = 0; i < name.size(); ++i) {
    lower[i] = absl::ascii_tolower(static_cast<unsigned char>(name[i]));
  }
  const absl::string_view wanted(lower, name.size());
  const auto* it =
      std::lower_bound(std::begin(kCommands), std::end(kCommands), wanted,
                       [](const RespCommand& command, absl::string_view word) {
                         return command.name < word;
                       });
  if (it == std::end(kCommands) || it->name != wanted) return nullptr;
  return it;
}

bool SameWord(absl::string_view a, absl::string_view b) {
  return absl::EqualsIgnoreCase(a, b);
}

void RefuseRequest(RespRequest& request, absl::string_view error) {
  AppendError(request.plan.AnswerAtOnce(), error);
}

void RespPlan::Clear() {
  commands_.Clear();
  slots_.clear();
  text_.clear();
  next_ = 0;
}

std::string& RespPlan::AnswerAtOnce() {
  slots_.push_back({Wording::kAtOnce, text_.size()});
  return text_;
}

CommandBatch& RespPlan::AnswerLater(Wording wording) {
  slots_.push_back({wording, text_.size()});
  return commands_;
}

absl::string_view RespPlan::TextOf(size_t slot) const {
  const size_t begin = slots_[slot].text_begin;
  const size_t end =
      slot + 1 < slots_.size() ? slots_[slot + 1].text_begin : text_.size();
  return absl::string_view(text_).substr(begin, end - begin);
}

size_t RespPlan::Word(const runtime::Bytes& results, std::string& out) {
  ResultReader replies(results.text());
  size_t used = 0;
  for (; next_ < slots_.size(); ++next_) {
    if (slots_[next_].wording == Wording::kAtOnce) {
      absl::StrAppend(&out, TextOf(next_));
      continue;
    }
    const std::optional<ReplyView> reply = replies.Next();
    if (!reply.has_value()) return used;
    WordReply(*reply, slots_[next_].wording, out);
    ++used;
  }
  return used;
}

void RespPlan::WordError(absl::string_view error, std::string& out) {
  for (; next_ < slots_.size(); ++next_) {
    if (slots_[next_].wording == Wording::kAtOnce) {
      absl::StrAppend(&out, TextOf(next_));
    } else {
      AppendError(out, error);
    }
  }
}

void PlanRequest(std::span<const absl::string_view> args, RespClient& client,
                 absl::FunctionRef<ServerFacts()> facts, RespPlan& plan) {
  CHECK(!args.empty(), "a request without words asks for nothing");
  const RespCommand* command = FindRespCommand(args[0]);
  if (command == nullptr) {
    return AppendError(plan.AnswerAtOnce(), UnknownCommand(args));
  }
  RespRequest request{command->name, args, client, facts, plan};
  if (!ArityFits(*command, args.size())) {
    return RefuseRequest(request,
                         absl::StrCat("ERR wrong number of arguments for '",
                                      command->name, "' command"));
  }
  command->handler(request);
}

std::string ErrorOf(const EntryReply& reply) {
  switch (reply.code) {
    case Code::kNotLeader:
    case Code::kLost:
      return "CLUSTERDOWN no leader";
    case Code::kBusy:
      return "BUSY try again later";
    case Code::kUnknown:
    case Code::kSessionExpired:
      return "TIMEOUT the outcome is unknown; it may yet take effect";
    default:
      return absl::StrCat("ERR ", reply.text);
  }
}

}  // namespace kv
