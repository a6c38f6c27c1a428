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

// Of a command that has many arguments, whoever executes it counts each.
size_t BytesOf(const CommandView& command) {
  constexpr size_t kArgumentsLookedAt = 4;
  size_t bytes = 0;
  for (const absl::string_view arg :
       command.args.first(std::min(command.args.size(), kArgumentsLookedAt))) {
    bytes += arg.size();
  }
  return bytes;
}

}  // namespace

Store::Store(size_t sessions_max, runtime::Executor* executor)
    : executor_(executor), sessions_(sessions_max) {
  if (executor != nullptr) gate_.emplace(*executor);
}

absl::Status Store::AwaitApply() {
  return gate_.has_value() ? gate_->AwaitChange() : absl::OkStatus();
}

absl::Status Store::AwaitRead(const CommandBatch& batch,
                              runtime::Instant deadline) {
  return gate_.has_value() ? gate_->AwaitLook(batch.walks(), deadline)
                           : absl::OkStatus();
}

void Store::Apply(std::span<const raft::Command> commands,
                  std::span<runtime::Bytes> results) {
  CHECK_EQ(commands.size(), results.size(), "a result for each command");
  std::optional<StoreGate::Change> change;
  if (gate_.has_value()) change.emplace(*gate_);
  Pace pace(executor_, keyspace_);
  for (size_t next = 0; next < commands.size();) {
    const size_t count = Decode(commands.subspan(next));
    Expect();
    for (size_t i = 0; i < count; ++i, ++next) {
      results[next] = ApplyEntry(entries_[i], commands[next].index, pace);
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
  std::optional<StoreGate::Look> look;
  if (gate_.has_value()) look.emplace(*gate_);
  Pace pace(executor_, keyspace_, look.has_value() ? &*look : nullptr);
  // Others may read before this one is done.
  ResultWriter writer = std::exchange(writer_, ResultWriter());
  keyspace_.Begin(decisions.now_ms, /*reading=*/true);
  LookAhead(batch, first);
  Expect();
  ExecuteBatch(batch, first, decisions,
               {.writer = writer, .pace = pace, .index = raft::Index()});
  std::optional<runtime::Bytes> results;
  if (keyspace_.met_due()) {
    REACHABLE("kv: a read met a key that is due");
  } else {
    results = writer.Finish();
  }
  writer_ = std::move(writer);
  return results;
}

std::vector<std::string> Store::KeysInSlot(uint32_t slot, size_t count_max) {
  const bool may_look =
      !gate_.has_value() ||
      gate_->AwaitLook(/*is_long=*/true, runtime::Instant::InfiniteFuture())
          .ok();
  if (!may_look) return {};
  std::optional<StoreGate::Look> look;
  if (gate_.has_value()) look.emplace(*gate_);
  Pace pace(executor_, keyspace_, look.has_value() ? &*look : nullptr);
  return keyspace_.KeysInSlot(slot, count_max, pace.steps());
}

std::optional<absl::string_view> Store::Get(absl::string_view key) const {
  const Keyspace::Slot* slot = keyspace_.Peek(key);
  const StringValue* value =
      slot == nullptr ? nullptr : slot->value.As<StringValue>();
  if (value == nullptr) return std::nullopt;
  return value->text();
}

runtime::Bytes Store::ApplyEntry(const Entry& entry, raft::Index index,
                                 Pace& pace) {
  const Means means{.writer = writer_, .pace = pace, .index = index};
  const SessionStamp& stamp = entry.stamp;
  writer_.Clear();
  if (!entry.decoded.ok()) {
    writer_.Refusal(Code::kInvalid, entry.decoded.message());
    return writer_.Finish();
  }
  keyspace_.Begin(entry.decisions.now_ms, /*reading=*/false);
  if (stamp.session == 0) {
    ExecuteBatch(entry.batch, 0, entry.decisions, means);
    return writer_.Finish();
  }
  const Sessions::Admission admission = sessions_.Admit(stamp, index);
  switch (admission.verdict) {
    case Sessions::Verdict::kDuplicate:
      return *admission.result;
    case Sessions::Verdict::kFresh: {
      ExecuteBatch(entry.batch, 0, entry.decisions, means);
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
                         const Decisions& decisions, const Means& means) {
  const auto& [writer, pace, index] = means;
  writer.Clear();
  runtime::Random dice(decisions.dice);
  for (size_t i = first; i < batch.size(); ++i) {
    if (i != first && (i - first) % kKeysAhead == 0) {
      LookAhead(batch, i);
      Expect();
    }
    const size_t begin = writer.bytes();
    if (begin >= kResultBytesMax) return;
    const CommandView command = batch[i];
    const CommandRow* row = FindCommand(command.operation);
    CHECK(row != nullptr, "an operation that passed the check is unknown");
    if (row->handler == nullptr) {
      CHECK(command.operation == Operation::kOpenSession);
      sessions_.Open(index);
      writer.Integer(static_cast<int64_t>(index.value()));
      continue;
    }
    keyspace_.CountLookups(row->reads && !row->name.empty());
    Call call{.row = *row,
              .args = command.args,
              .keys = keyspace_,
              .reply = writer,
              .dice = dice,
              .pace = pace};
    pace.Step();
    row->handler(call);
    writer.BoundReply(begin);
    pace.StepOver(BytesOf(command) + writer.bytes() - begin);
  }
}

}  // namespace kv
