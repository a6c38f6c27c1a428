#include "kv/command.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "kv/commands/table.h"
#include "kv/varint.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace kv {
namespace {

constexpr uint8_t kVersionWithoutDecisions = 1;
constexpr uint8_t kVersion = 2;

constexpr size_t kArgumentsKept = 4 << 10;

size_t EncodedSize(const CommandView& command) {
  size_t size = VarintSize(static_cast<uint64_t>(command.operation)) +
                VarintSize(command.args.size());
  for (const absl::string_view arg : command.args) size += TextSize(arg);
  return size;
}

char* Put(char* out, const CommandView& command) {
  out = PutVarint(out, static_cast<uint64_t>(command.operation));
  out = PutVarint(out, command.args.size());
  for (const absl::string_view arg : command.args) out = PutText(out, arg);
  return out;
}

bool ReadCommand(FieldReader& reader, std::vector<absl::string_view>& args,
                 Operation& operation) {
  uint64_t code = 0;
  uint64_t count = 0;
  // Each argument takes a byte at least.
  if (!reader.Varint(code) || code > UINT16_MAX || !reader.Varint(count) ||
      count > kEntryArgumentsMax || count > reader.left()) {
    return false;
  }
  operation = static_cast<Operation>(code);
  args.resize(static_cast<size_t>(count));
  for (absl::string_view& arg : args) {
    if (!reader.Text(arg)) return false;
  }
  return true;
}

}  // namespace

absl::Status CheckCommand(const CommandView& command) {
  const CommandRow* row = FindCommand(command.operation);
  if (row == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown operation ", static_cast<int>(command.operation)));
  }
  if (!ArityFits(*row, command.args.size() + 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("operation ", static_cast<int>(command.operation),
                     " does not take ", command.args.size(), " arguments"));
  }
  return absl::OkStatus();
}

void CommandBatch::Clear() {
  commands_.clear();
  // What one large request needed is not kept for all the small ones.
  if (args_.capacity() > kArgumentsKept) args_ = {};
  args_.clear();
  owned_.clear();
  bytes_ = 0;
  read_only_ = true;
  random_ = false;
  walks_ = false;
}

void CommandBatch::Add(Operation operation,
                       std::span<const absl::string_view> args) {
  commands_.push_back({operation, args_.size(), args.size()});
  args_.insert(args_.end(), args.begin(), args.end());
  bytes_ += EncodedSize({operation, args});
  const CommandRow* row = FindCommand(operation);
  CHECK(row != nullptr, "unknown operation ", static_cast<int>(operation));
  read_only_ = read_only_ && row->reads;
  random_ = random_ || row->random;
  walks_ = walks_ || row->walks || args.size() > kManyArguments;
}

absl::string_view CommandBatch::Own(std::string text) {
  return owned_.emplace_back(std::move(text));
}

runtime::Bytes EncodeEntry(const SessionStamp& stamp,
                           const Decisions& decisions,
                           const CommandBatch& batch, size_t first) {
  CHECK_LT(first, batch.size(), "an entry without commands");
  CHECK_GE(decisions.now_ms, 0, "a time before 1970");
  const auto now_ms = static_cast<uint64_t>(decisions.now_ms);
  const size_t count = batch.size() - first;
  size_t size = 1 + VarintSize(stamp.session) + VarintSize(stamp.sequence) +
                VarintSize(stamp.first_pending) + VarintSize(now_ms) +
                VarintSize(decisions.dice) + VarintSize(count);
  for (size_t i = first; i < batch.size(); ++i) size += EncodedSize(batch[i]);
  return runtime::Bytes::Build(size, [&](std::span<std::byte> slab) {
    char* out = reinterpret_cast<char*>(slab.data());
    *out++ = static_cast<char>(kVersion);
    out = PutVarint(out, stamp.session);
    out = PutVarint(out, stamp.sequence);
    out = PutVarint(out, stamp.first_pending);
    out = PutVarint(out, now_ms);
    out = PutVarint(out, decisions.dice);
    out = PutVarint(out, count);
    for (size_t i = first; i < batch.size(); ++i) out = Put(out, batch[i]);
    CHECK(out == reinterpret_cast<char*>(slab.data() + slab.size()),
          "the entry is not of the size that was computed");
  });
}

namespace {

bool ReadHead(FieldReader& reader, SessionStamp& stamp, Decisions& decisions,
              uint64_t& count) {
  uint8_t version = 0;
  uint64_t now_ms = 0;
  decisions = {};
  if (!reader.Byte(version) ||
      (version != kVersion && version != kVersionWithoutDecisions) ||
      !reader.Varint(stamp.session) || !reader.Varint(stamp.sequence) ||
      !reader.Varint(stamp.first_pending)) {
    return false;
  }
  if (version == kVersion && (!reader.Varint(now_ms) || now_ms > INT64_MAX ||
                              !reader.Varint(decisions.dice))) {
    return false;
  }
  decisions.now_ms = static_cast<int64_t>(now_ms);
  return reader.Varint(count) && count > 0 && count <= kEntryCommandsMax;
}

}  // namespace

absl::Status DecodeEntry(absl::string_view bytes, SessionStamp& stamp,
                         Decisions& decisions, CommandBatch& batch) {
  batch.Clear();
  if (bytes.size() > kEntryBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("an entry of ", bytes.size(), " bytes is too large"));
  }
  FieldReader reader(bytes);
  uint64_t count = 0;
  if (!ReadHead(reader, stamp, decisions, count)) {
    return absl::InvalidArgumentError("the head of the entry is malformed");
  }
  std::vector<absl::string_view> args;
  for (uint64_t i = 0; i < count; ++i) {
    Operation operation{};
    if (!ReadCommand(reader, args, operation)) {
      return absl::InvalidArgumentError(
          absl::StrCat("command ", i, " of the entry is malformed"));
    }
    RETURN_IF_ERROR(CheckCommand({operation, args}));
    // A session is named by the index of its entry, and nobody's.
    if (operation == Operation::kOpenSession &&
        (count != 1 || stamp.session != 0)) {
      return absl::InvalidArgumentError("a session is opened by itself");
    }
    batch.Add(operation, args);
  }
  if (reader.left() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.left(), " bytes behind the entry"));
  }
  return absl::OkStatus();
}

}  // namespace kv
