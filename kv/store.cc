#include "kv/store.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/random.h"

namespace kv {
namespace {

using Code = KvReply::Code;

// Whether a set with this condition (none: always) does anything.
bool Allowed(const CommandView& command, const Keyspace& keyspace) {
  if (command.args.size() < 3) return true;
  const bool wanted = command.args[2] == "XX";
  return keyspace.Contains(command.args[0]) == wanted;
}

}  // namespace

void Store::Apply(std::span<const raft::Command> commands,
                  std::span<runtime::Bytes> results) {
  CHECK_EQ(commands.size(), results.size(), "a result for each command");
  for (size_t i = 0; i < commands.size(); ++i) {
    results[i] = ApplyEntry(commands[i]);
  }
}

uint64_t Store::StateHash() const {
  return runtime::MixHash(runtime::MixHash(0x73746f7265u, keyspace_.hash()),
                          sessions_.hash());
}

runtime::Bytes Store::Read(const CommandBatch& batch, size_t first) {
  CHECK(batch.read_only(), "reading must not change the state");
  ExecuteBatch(batch, first, raft::Index());
  return writer_.Finish();
}

runtime::Bytes Store::ApplyEntry(const raft::Command& command) {
  writer_.Clear();
  SessionStamp stamp;
  const absl::Status decoded =
      DecodeEntry(command.payload.text(), stamp, batch_);
  if (!decoded.ok()) {
    writer_.Text(Code::kInvalid, decoded.message());
    return writer_.Finish();
  }
  if (stamp.session == 0) {
    ExecuteBatch(batch_, 0, command.index);
    return writer_.Finish();
  }
  const Sessions::Admission admission = sessions_.Admit(stamp, command.index);
  switch (admission.verdict) {
    case Sessions::Verdict::kDuplicate:
      return *admission.result;
    case Sessions::Verdict::kFresh: {
      ExecuteBatch(batch_, 0, command.index);
      runtime::Bytes result = writer_.Finish();
      sessions_.Record(stamp, result);
      return result;
    }
    case Sessions::Verdict::kExpired:
      writer_.Text(Code::kSessionExpired, "the session has expired");
      break;
    case Sessions::Verdict::kBusy:
      writer_.Text(Code::kBusy, "too many results wait to be acknowledged");
      break;
    case Sessions::Verdict::kInvalid:
      writer_.Text(Code::kInvalid, "the sequence number is out of order");
      break;
  }
  return writer_.Finish();
}

void Store::ExecuteBatch(const CommandBatch& batch, size_t first,
                         raft::Index index) {
  writer_.Clear();
  for (size_t i = first; i < batch.size(); ++i) {
    if (writer_.bytes() >= kResultBytesMax) return;
    Execute(batch[i], index);
  }
}

void Store::Execute(const CommandView& command, raft::Index index) {
  switch (command.operation) {
    case Operation::kGet:
      return Get(command);
    case Operation::kSet:
      return Set(command);
    case Operation::kPut:
      return Put(command);
    case Operation::kIncrement:
      return Increment(command);
    case Operation::kDelete:
      return Delete(command);
    case Operation::kExists:
      return Exists(command);
    case Operation::kAppend:
      return Append(command);
    case Operation::kCompareAndSet:
      return CompareAndSet(command);
    case Operation::kMultiGet:
      return MultiGet(command);
    case Operation::kMultiSet:
      return MultiSet(command);
    case Operation::kSetIfAbsent: {
      const bool absent = !keyspace_.Contains(command.args[0]);
      if (absent) keyspace_.Set(command.args[0], command.args[1]);
      return writer_.Integer(absent ? 1 : 0);
    }
    case Operation::kLength: {
      const auto value = keyspace_.Get(command.args[0]);
      return writer_.Integer(
          value.has_value() ? static_cast<int64_t>(value->size()) : 0);
    }
    case Operation::kCount:
      return writer_.Integer(static_cast<int64_t>(keyspace_.size()));
    case Operation::kOpenSession:
      sessions_.Open(index);
      return writer_.Integer(static_cast<int64_t>(index.value()));
  }
  UNREACHABLE("kv: an operation that passed the check is unknown");
}

void Store::Get(const CommandView& command) {
  const auto value = keyspace_.Get(command.args[0]);
  if (value.has_value()) {
    writer_.Text(Code::kOk, *value);
  } else {
    writer_.Nothing(Code::kNil);
  }
}

void Store::MultiGet(const CommandView& command) {
  size_t bytes = 0;
  for (const absl::string_view key : command.args) {
    const auto value = keyspace_.Get(key);
    if (value.has_value()) bytes += value->size();
  }
  if (bytes > kValueBytesMax) {
    return writer_.Text(Code::kInvalid,
                        "the values are too large for one reply");
  }
  writer_.List(command.args.size());
  for (const absl::string_view key : command.args) {
    writer_.ListItem(keyspace_.Get(key));
  }
}

void Store::Set(const CommandView& command) {
  Get(command);  // The reply is the previous value, whatever happens.
  if (Allowed(command, keyspace_)) {
    keyspace_.Set(command.args[0], command.args[1]);
  }
}

void Store::Put(const CommandView& command) {
  const bool allowed = Allowed(command, keyspace_);
  if (allowed) keyspace_.Set(command.args[0], command.args[1]);
  writer_.Integer(allowed ? 1 : 0);
}

void Store::Increment(const CommandView& command) {
  const auto old = keyspace_.Get(command.args[0]);
  const std::optional<int64_t> value =
      old.has_value() ? ParseInteger(*old) : int64_t{0};
  if (!value.has_value()) {
    return writer_.Text(Code::kWrongType,
                        "value is not an integer or out of range");
  }
  int64_t sum = 0;
  if (__builtin_add_overflow(*value, *ParseInteger(command.args[1]), &sum)) {
    return writer_.Text(Code::kWrongType,
                        "increment or decrement would overflow");
  }
  const absl::AlphaNum text(sum);
  keyspace_.Set(command.args[0], text.Piece());
  writer_.Integer(sum);
}

void Store::Append(const CommandView& command) {
  const auto old = keyspace_.Get(command.args[0]);
  const size_t old_size = old.has_value() ? old->size() : 0;
  if (old_size + command.args[1].size() > kValueBytesMax) {
    return writer_.Text(Code::kInvalid, "string exceeds maximum allowed size");
  }
  writer_.Integer(
      static_cast<int64_t>(keyspace_.Append(command.args[0], command.args[1])));
}

void Store::CompareAndSet(const CommandView& command) {
  const auto old = keyspace_.Get(command.args[0]);
  const bool equal = old.has_value() && *old == command.args[1];
  if (equal) keyspace_.Set(command.args[0], command.args[2]);
  writer_.Integer(equal ? 1 : 0);
}

void Store::MultiSet(const CommandView& command) {
  for (size_t i = 0; i < command.args.size(); i += 2) {
    keyspace_.Set(command.args[i], command.args[i + 1]);
  }
  writer_.Integer(static_cast<int64_t>(command.args.size() / 2));
}

void Store::Delete(const CommandView& command) {
  int64_t count = 0;
  for (const absl::string_view key : command.args) {
    if (keyspace_.Remove(key)) ++count;
  }
  writer_.Integer(count);
}

void Store::Exists(const CommandView& command) {
  int64_t count = 0;
  for (const absl::string_view key : command.args) {
    if (keyspace_.Contains(key)) ++count;
  }
  writer_.Integer(count);
}

}  // namespace kv
