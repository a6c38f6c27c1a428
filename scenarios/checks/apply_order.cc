#include "scenarios/checks/apply_order.h"

#include "absl/strings/str_cat.h"

#include "raft/core/message.h"

namespace scenarios {
namespace {

bool IsCommand(const persist::Record& record) {
  return record.kind == static_cast<uint8_t>(raft::EntryKind::kCommand);
}

// Whether `commands` are those of the log behind `from` and up to `upto`.
bool AreThoseOf(const raft::Log& log, std::span<const raft::Command> commands,
                persist::Index from, persist::Index upto) {
  size_t next = 0;
  for (persist::Index i = from.Next(); i <= upto; ++i) {
    const persist::Record& record = log.At(i);
    if (!IsCommand(record)) continue;
    if (next == commands.size() || commands[next].index != i ||
        commands[next].term != record.term ||
        commands[next].payload.size() != record.payload.size()) {
      return false;
    }
    ++next;
  }
  return next == commands.size();
}

}  // namespace

ApplyOrder::Progress& ApplyOrder::Of(const NodeLife& life) {
  Progress& progress = nodes_[life.node];
  if (progress.boot != life.boot) progress = {life.boot, persist::Index(0)};
  return progress;
}

void ApplyOrder::OnApplied(const NodeLife& life, const raft::Core& core,
                           std::span<const raft::Command> commands,
                           persist::Index upto) {
  persist::Index& applied = Of(life).applied;
  if (upto > core.commit() || upto > core.durable_index()) {
    violations_.Report(
        "apply-beyond-commit",
        absl::StrCat(life.ToString(), " applies up to ", upto.value(),
                     " with commit ", core.commit().value(),
                     " and a log that is durable up to ",
                     core.durable_index().value()));
  } else if (upto <= applied ||
             !AreThoseOf(core.log(), commands, applied, upto)) {
    violations_.Report(
        "apply-order",
        absl::StrCat(life.ToString(), " applies ", commands.size(),
                     " commands up to ", upto.value(), " after ",
                     applied.value(), ", which are not those of its log"));
  }
  applied = upto;
}

}  // namespace scenarios
