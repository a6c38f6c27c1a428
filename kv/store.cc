#include "kv/store.h"

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
  for (size_t i = 0; i < commands.size(); ++i) {
    results[i] = ApplyEntry(commands[i]);
  }
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

runtime::Bytes Store::ApplyEntry(const raft::Command& command) {
  writer_.Clear();
  SessionStamp stamp;
  Decisions decisions;
  const absl::Status decoded =
      DecodeEntry(command.payload.text(), stamp, decisions, batch_);
  if (!decoded.ok()) {
    writer_.Refusal(Code::kInvalid, decoded.message());
    return writer_.Finish();
  }
  keyspace_.Begin(decisions.now_ms, /*reading=*/false);
  if (stamp.session == 0) {
    ExecuteBatch(batch_, 0, decisions, command.index);
    return writer_.Finish();
  }
  const Sessions::Admission admission = sessions_.Admit(stamp, command.index);
  switch (admission.verdict) {
    case Sessions::Verdict::kDuplicate:
      return *admission.result;
    case Sessions::Verdict::kFresh: {
      ExecuteBatch(batch_, 0, decisions, command.index);
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
