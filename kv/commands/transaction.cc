#include "kv/commands/transaction.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/values/steps.h"
#include "kv/varint.h"

namespace kv {
namespace {

constexpr absl::string_view kMalformed = "ERR malformed transaction";

// Of all replies, but for small ones, of which there are as many as commands.
constexpr size_t kRepliesBytesMax = kValueBytesMax + (2 << 20);
constexpr size_t kSmallReplyBytes = 160;
static_assert(kRepliesBytesMax + kSmallReplyBytes * kTransactionCommandsMax <=
                  kReplyBytesMax,
              "what all commands answer must fit one reply");

void AppendVarint(std::string& out, uint64_t value) {
  char digits[kVarintBytesMax];
  const char* end = PutVarint(digits, value);
  out.append(digits, static_cast<size_t>(end - digits));
}

struct Part {
  const CommandRow* row;
  std::span<const absl::string_view> args;
};

struct Parts {
  std::vector<uint64_t> versions;
  std::span<const absl::string_view> watched;
  std::vector<Part> commands;
};

bool MayBePart(const CommandRow* row) {
  return row != nullptr && row->handler != nullptr &&
         row->operation != Operation::kTransaction;
}

std::optional<Parts> Parse(std::span<const absl::string_view> args,
                           Steps steps) {
  Parts parts;
  FieldReader head(args[0]);
  args = args.subspan(1);
  uint64_t count = 0;
  if (!head.Varint(count) || count > args.size()) return std::nullopt;
  parts.versions.resize(static_cast<size_t>(count));
  for (uint64_t& version : parts.versions) {
    if (!head.Varint(version)) return std::nullopt;
  }
  parts.watched = args.subspan(0, parts.versions.size());
  args = args.subspan(parts.versions.size());
  if (!head.Varint(count) || count > head.left() ||
      count > kTransactionCommandsMax) {
    return std::nullopt;
  }
  for (uint64_t i = 0; i < count; ++i) {
    steps(1);
    uint64_t operation = 0;
    uint64_t size = 0;
    if (!head.Varint(operation) || operation > UINT16_MAX ||
        !head.Varint(size) || size > args.size()) {
      return std::nullopt;
    }
    const CommandRow* row = FindCommand(static_cast<Operation>(operation));
    const auto words = static_cast<size_t>(size);
    if (!MayBePart(row) || !ArityFits(*row, words + 1)) return std::nullopt;
    parts.commands.push_back({row, args.subspan(0, words)});
    args = args.subspan(words);
  }
  if (head.left() != 0 || !args.empty()) return std::nullopt;
  return parts;
}

bool IsCalledOff(Call& call, const Parts& parts) {
  bool called_off = false;
  for (size_t i = 0; i < parts.watched.size(); ++i) {
    call.pace.Step();
    // All are looked at: those that are due must go.
    if (call.keys.VersionOf(parts.watched[i]) != parts.versions[i]) {
      called_off = true;
    }
  }
  return called_off;
}

void Exec(Call& call) {
  const std::optional<Parts> parts = Parse(call.args, call.pace.steps());
  if (!parts.has_value()) return call.reply.Error(kMalformed);
  if (IsCalledOff(call, *parts)) return call.reply.NullArray();
  const size_t begin = call.reply.bytes();
  call.reply.Array(parts->commands.size());
  for (const Part& part : parts->commands) {
    const size_t reply = call.reply.bytes();
    const size_t written = reply - begin;
    // Nothing is lost by not reading, and nothing may be left undone.
    if (part.row->reads && written > kRepliesBytesMax) {
      call.reply.Error("ERR the replies of the transaction are too large");
      continue;
    }
    Call one{.row = *part.row,
             .args = part.args,
             .keys = call.keys,
             .reply = call.reply,
             .dice = call.dice,
             .pace = call.pace};
    call.pace.Step();
    call.keys.CountLookups(part.row->reads);
    part.row->handler(one);
    // All replies together, not each: what writes give back can be large, too.
    call.reply.BoundReply(reply, written < kRepliesBytesMax - kSmallReplyBytes
                                     ? kRepliesBytesMax - written
                                     : kSmallReplyBytes);
  }
}

void Versions(Call& call) {
  call.reply.Array(call.args.size());
  for (const absl::string_view key : call.args) {
    call.pace.Step();
    call.reply.Integer(static_cast<int64_t>(call.keys.VersionOf(key)));
  }
}

constexpr CommandRow kRows[] = {
    {Operation::kTransaction, "", -2, "write", 0, 0, 0, Exec, true},
    {Operation::kVersions, "", -2, "readonly fast", 0, 0, 0, Versions},
};

}  // namespace

void AddTransaction(CommandBatch& batch, std::span<const WatchedKey> watched,
                    const CommandBatch& commands) {
  std::string head;
  std::vector<absl::string_view> args(1);
  AppendVarint(head, watched.size());
  for (const WatchedKey& key : watched) {
    AppendVarint(head, key.version);
    args.push_back(batch.Own(key.key));
  }
  AppendVarint(head, commands.size());
  for (size_t i = 0; i < commands.size(); ++i) {
    const CommandView command = commands[i];
    AppendVarint(head, static_cast<uint64_t>(command.operation));
    AppendVarint(head, command.args.size());
    args.insert(args.end(), command.args.begin(), command.args.end());
  }
  args[0] = batch.Own(std::move(head));
  batch.Add(Operation::kTransaction, args);
}

std::span<const CommandRow> TransactionCommands() { return kRows; }

}  // namespace kv
