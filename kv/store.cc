#include "kv/store.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

#include "kv/commands/call.h"
#include "kv/commands/table.h"
#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/random.h"

namespace kv {
namespace {

using Code = KvReply::Code;

}  // namespace

void Store::Apply(std::span<const raft::Command> commands,
                  std::span<runtime::Bytes> results) {
  CHECK_EQ(commands.size(), results.size(), "a result for each command");
  for (size_t next = 0; next < commands.size();) {
    const size_t count = Decode(commands.subspan(next));
    Expect();
    for (size_t i = 0; i < count; ++i, ++next) {
      results[next] = ApplyEntry(entries_[i], commands[next].index);
    }
  }
}

size_t Store::Decode(std::span<const raft::Command> commands) {
  size_t count = 0;
  while (count < std::min(commands.size(), kEntriesAhead) &&
         keys_ahead_.size() < kKeysAhead) {
    Entry& entry = entries_[count];
    entry.decoded = DecodeEntry(commands[count].payload.text(), entry.stamp,
                                entry.decisions, entry.batch);
    if (entry.decoded.ok()) LookAhead(entry.batch, 0);
    ++count;
  }
  return count;
}

void Store::LookAhead(const CommandBatch& batch, size_t first) {
  const size_t end = std::min(batch.size(), first + kKeysAhead);
  for (size_t i = first; i < end; ++i) {
    // If there is one key, it stands there; if it is none, nothing is lost.
    const CommandView command = batch[i];
    if (!command.args.empty()) keys_ahead_.push_back(command.args[0]);
  }
}

void Store::Expect() {
  keyspace_.Expect(keys_ahead_);
  keys_ahead_.clear();
}

uint64_t Store::StateHash() const {
  return runtime::MixHash(runtime::MixHash(0x73746f7265u, keyspace_.hash()),
                          sessions_.hash());
}

std::optional<runtime::Bytes> Store::Read(const CommandBatch& batch,
                                          size_t first,
                                          const Decisions& decisions) {
  CHECK(batch.read_only(), "reading must not change the state");
  keyspace_.Begin(decisions.now_ms, /*reading=*/true);
  LookAhead(batch, first);
  Expect();
  ExecuteBatch(batch, first, decisions, raft::Index());
  if (keyspace_.met_due()) {
    REACHABLE("kv: a read met a key that is due");
    return std::nullopt;
  }
  return writer_.Finish();
}

std::optional<absl::string_view> Store::Get(absl::string_view key) const {
  const Keyspace::Slot* slot = keyspace_.Peek(key);
  const StringValue* value =
      slot == nullptr ? nullptr : slot->value.As<StringValue>();
  if (value == nullptr) return std::nullopt;
  return value->text();
}

runtime::Bytes Store::ApplyEntry(const Entry& entry, raft::Index index) {
  const SessionStamp& stamp = entry.stamp;
  writer_.Clear();
  if (!entry.decoded.ok()) {
    writer_.Refusal(Code::kInvalid, entry.decoded.message());
    return writer_.Finish();
  }
  keyspace_.Begin(entry.decisions.now_ms, /*reading=*/false);
  if (stamp.session == 0) {
    ExecuteBatch(entry.batch, 0, entry.decisions, index);
    return writer_.Finish();
  }
  const Sessions::Admission admission = sessions_.Admit(stamp, index);
  switch (admission.verdict) {
    case Sessions::Verdict::kDuplicate:
      return *admission.result;
    case Sessions::Verdict::kFresh: {
      ExecuteBatch(entry.batch, 0, entry.decisions, index);
      runtime::Bytes result = writer_.Finish();
      sessions_.Record(stamp, result);
      return result;
    }
    case Sessions::Verdict::kExpired:
      writer_.Refusal(Code::kSessionExpired, "the session has expired");
      break;
    case Sessions::Verdict::kBusy:
      writer_.Refusal(Code::kBusy, "too many results wait to be acknowledged");
      break;
    case Sessions::Verdict::kInvalid:
      writer_.Refusal(Code::kInvalid, "the sequence number is out of order");
      break;
  }
  return writer_.Finish();
}

void Store::ExecuteBatch(const CommandBatch& batch, size_t first,
                         const Decisions& decisions, raft::Index index) {
  writer_.Clear();
  runtime::Random dice(decisions.dice);
  for (size_t i = first; i < batch.size(); ++i) {
    if (i != first && (i - first) % kKeysAhead == 0) {
      LookAhead(batch, i);
      Expect();
    }
    const size_t begin = writer_.bytes();
    if (begin >= kResultBytesMax) return;
    const CommandView command = batch[i];
    const CommandRow* row = FindCommand(command.operation);
    CHECK(row != nullptr, "an operation that passed the check is unknown");
    if (row->handler == nullptr) {
      CHECK(command.operation == Operation::kOpenSession);
      sessions_.Open(index);
      writer_.Integer(static_cast<int64_t>(index.value()));
      continue;
    }
    keyspace_.CountLookups(row->reads && !row->name.empty());
    Call call{.row = *row,
              .args = command.args,
              .keys = keyspace_,
              .reply = writer_,
              .dice = dice};
    row->handler(call);
    writer_.BoundReply(begin);
  }
}

}  // namespace kv
