#include "kv/resp/slow_log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/commands/table.h"
#include "kv/integer.h"
#include "kv/resp/subcommands.h"
#include "runtime/probe.h"

namespace kv {
namespace {

std::string Shortened(absl::string_view word) {
  if (word.size() <= SlowLog::kWordBytesMax) return std::string(word);
  return absl::StrCat(word.substr(0, SlowLog::kWordBytesMax), "... (",
                      word.size() - SlowLog::kWordBytesMax, " more bytes)");
}

// Its name, and its arguments as far as they are worth keeping.
std::vector<std::string> WordsOf(const CommandView& command) {
  const CommandRow* row = FindCommand(command.operation);
  std::vector<std::string> words;
  const bool transaction = command.operation == Operation::kTransaction;
  words.emplace_back(transaction ? absl::string_view("exec") : row->name);
  if (transaction) return words;
  for (const absl::string_view arg : command.args) {
    if (words.size() == SlowLog::kWordsMax) break;
    words.push_back(Shortened(arg));
  }
  return words;
}

}  // namespace

void SlowLog::Add(const RespClient& client, const CommandBatch& commands,
                  const std::optional<raft::StageTimes>& stages,
                  runtime::Instant began, runtime::Instant now,
                  absl::Time wall) {
  if (commands.empty()) return;
  Entry entry{.id = last_id_++,
              .when = wall,
              .took = now - began,
              .words = WordsOf(commands[0]),
              .address = client.address,
              .name = client.name};
  const auto since = [began](runtime::Instant stage) {
    return absl::ToInt64Microseconds(stage - began);
  };
  if (stages.has_value()) {
    runtime::Note("kv.slow_request", {{"client", entry.address},
                                      {"command", entry.words[0]},
                                      {"commands", uint64_t{commands.size()}},
                                      {"bytes", uint64_t{commands.bytes()}},
                                      {"queued_us", since(stages->proposed)},
                                      {"proposed_us", since(stages->in_log)},
                                      {"durable_us", since(stages->durable)},
                                      {"quorum_us", since(stages->committed)},
                                      {"applied_us", since(stages->applied)},
                                      {"replied_us", since(now)}});
  } else {
    runtime::Note("kv.slow_request", {{"client", entry.address},
                                      {"command", entry.words[0]},
                                      {"commands", uint64_t{commands.size()}},
                                      {"bytes", uint64_t{commands.bytes()}},
                                      {"replied_us", since(now)}});
  }
  if (entries_.size() == kEntriesMax) entries_.pop_back();
  entries_.push_front(std::move(entry));
}

namespace {

void Length(RespRequest& request) {
  request.Answer().Integer(
      static_cast<int64_t>(request.host.slow_log().entries().size()));
}

void Reset(RespRequest& request) {
  request.host.slow_log().Clear();
  request.Ok();
}

void Get(RespRequest& request) {
  const SlowLog& log = request.host.slow_log();
  const size_t words = request.args.size();
  if (words > 3) {
    return request.Refuse(
        absl::StrCat("ERR unknown subcommand or wrong number of arguments for "
                     "'",
                     request.args[1], "'. Try SLOWLOG HELP."));
  }
  int64_t count = 10;
  if (words == 3) {
    const std::optional<int64_t> asked = ParseInteger(request.args[2]);
    if (!asked.has_value() || *asked < -1) {
      return request.Refuse("ERR count should be greater than or equal to -1");
    }
    count = *asked == -1 ? INT64_MAX : *asked;
  }
  const size_t size =
      std::min<uint64_t>(log.entries().size(), static_cast<uint64_t>(count));
  RespWriter out = request.Answer();
  out.Array(size);
  for (size_t i = 0; i < size; ++i) {
    const SlowLog::Entry& entry = log.entries()[i];
    out.Array(6);
    out.Integer(static_cast<int64_t>(entry.id));
    out.Integer(absl::ToUnixSeconds(entry.when));
    out.Integer(absl::ToInt64Microseconds(entry.took));
    out.Array(entry.words.size());
    for (const std::string& word : entry.words) out.Bulk(word);
    out.Bulk(entry.address);
    out.Bulk(entry.name);
  }
}

constexpr absl::string_view kFlags = "admin loading stale";

constexpr RespSubcommand kRows[] = {
    {"slowlog|get", -2, kFlags, Get, "GET [<count>]",
     "The newest requests that took long: 10, or so many; -1: all. Each is id, "
     "time, microseconds, words, address, name of the client."},
    {"slowlog|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"slowlog|len", 2, kFlags, Length, "LEN", "How many are kept."},
    {"slowlog|reset", 2, kFlags, Reset, "RESET", "Forgets them."},
};

}  // namespace

std::span<const RespSubcommand> SlowLogSubcommands() { return kRows; }

}  // namespace kv
