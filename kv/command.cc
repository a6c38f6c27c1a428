#include "kv/command.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/varint.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace kv {
namespace {

constexpr uint8_t kVersion = 1;

struct Arity {
  size_t min;
  size_t max;
};

// Nothing for an operation that does not exist.
std::optional<Arity> ArityOf(Operation operation) {
  switch (operation) {
    case Operation::kGet:
    case Operation::kLength:
      return Arity{1, 1};
    case Operation::kSet:
    case Operation::kPut:
      return Arity{2, 3};
    case Operation::kIncrement:
    case Operation::kAppend:
    case Operation::kSetIfAbsent:
      return Arity{2, 2};
    case Operation::kCompareAndSet:
      return Arity{3, 3};
    case Operation::kDelete:
    case Operation::kExists:
    case Operation::kMultiGet:
      return Arity{1, kArgumentsMax};
    case Operation::kMultiSet:
      return Arity{2, kArgumentsMax};
    case Operation::kOpenSession:
    case Operation::kCount:
      return Arity{0, 0};
  }
  return std::nullopt;
}

size_t EncodedSize(const CommandView& command) {
  size_t size = 1 + VarintSize(command.args.size());
  for (const absl::string_view arg : command.args) size += TextSize(arg);
  return size;
}

char* Put(char* out, const CommandView& command) {
  *out++ = static_cast<char>(command.operation);
  out = PutVarint(out, command.args.size());
  for (const absl::string_view arg : command.args) out = PutText(out, arg);
  return out;
}

bool ReadCommand(FieldReader& reader, std::vector<absl::string_view>& args,
                 Operation& operation) {
  uint8_t code = 0;
  uint64_t count = 0;
  // Each argument takes a byte at least.
  if (!reader.Byte(code) || !reader.Varint(count) || count > kArgumentsMax ||
      count > reader.left()) {
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

bool IsReadOnly(Operation operation) {
  switch (operation) {
    case Operation::kGet:
    case Operation::kExists:
    case Operation::kMultiGet:
    case Operation::kLength:
    case Operation::kCount:
      return true;
    case Operation::kSet:
    case Operation::kIncrement:
    case Operation::kDelete:
    case Operation::kAppend:
    case Operation::kCompareAndSet:
    case Operation::kSetIfAbsent:
    case Operation::kOpenSession:
    case Operation::kPut:
    case Operation::kMultiSet:
      return false;
  }
  return false;
}

absl::Status CheckCommand(const CommandView& command) {
  const std::optional<Arity> arity = ArityOf(command.operation);
  if (!arity.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown operation ", static_cast<int>(command.operation)));
  }
  const size_t count = command.args.size();
  if (count < arity->min || count > arity->max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "operation ", static_cast<int>(command.operation), " takes ",
        arity->min, " to ", arity->max, " arguments, got ", count));
  }
  switch (command.operation) {
    case Operation::kSet:
    case Operation::kPut:
      if (count == 3 && command.args[2] != "NX" && command.args[2] != "XX") {
        return absl::InvalidArgumentError("the condition is neither NX nor XX");
      }
      break;
    case Operation::kIncrement:
      if (!ParseInteger(command.args[1]).has_value()) {
        return absl::InvalidArgumentError("the amount is not an integer");
      }
      break;
    case Operation::kMultiSet:
      if (count % 2 != 0) {
        return absl::InvalidArgumentError("a key without a value");
      }
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

void CommandBatch::Clear() {
  commands_.clear();
  args_.clear();
  owned_.clear();
  bytes_ = 0;
  read_only_ = true;
}

void CommandBatch::Add(Operation operation,
                       std::span<const absl::string_view> args) {
  commands_.push_back({operation, args_.size(), args.size()});
  args_.insert(args_.end(), args.begin(), args.end());
  bytes_ += EncodedSize({operation, args});
  read_only_ = read_only_ && IsReadOnly(operation);
}

absl::string_view CommandBatch::Own(std::string text) {
  return owned_.emplace_back(std::move(text));
}

runtime::Bytes EncodeEntry(const SessionStamp& stamp, const CommandBatch& batch,
                           size_t first) {
  CHECK_LT(first, batch.size(), "an entry without commands");
  const size_t count = batch.size() - first;
  size_t size = 1 + VarintSize(stamp.session) + VarintSize(stamp.sequence) +
                VarintSize(stamp.first_pending) + VarintSize(count);
  for (size_t i = first; i < batch.size(); ++i) size += EncodedSize(batch[i]);
  return runtime::Bytes::Build(size, [&](std::span<std::byte> slab) {
    char* out = reinterpret_cast<char*>(slab.data());
    *out++ = static_cast<char>(kVersion);
    out = PutVarint(out, stamp.session);
    out = PutVarint(out, stamp.sequence);
    out = PutVarint(out, stamp.first_pending);
    out = PutVarint(out, count);
    for (size_t i = first; i < batch.size(); ++i) out = Put(out, batch[i]);
    CHECK(out == reinterpret_cast<char*>(slab.data() + slab.size()),
          "the entry is not of the size that was computed");
  });
}

absl::Status DecodeEntry(absl::string_view bytes, SessionStamp& stamp,
                         CommandBatch& batch) {
  batch.Clear();
  if (bytes.size() > kEntryBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("an entry of ", bytes.size(), " bytes is too large"));
  }
  FieldReader reader(bytes);
  uint8_t version = 0;
  uint64_t count = 0;
  if (!reader.Byte(version) || version != kVersion) {
    return absl::InvalidArgumentError("not a known version of an entry");
  }
  if (!reader.Varint(stamp.session) || !reader.Varint(stamp.sequence) ||
      !reader.Varint(stamp.first_pending) || !reader.Varint(count) ||
      count == 0 || count > kEntryCommandsMax) {
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
