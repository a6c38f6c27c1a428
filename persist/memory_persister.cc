#include "persist/memory_persister.h"

#include <utility>

#include "persist/disk_claim.h"
#include "persist/log_fold.h"
#include "persist/stores_under_way.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"
#include "runtime/wait_queue.h"

namespace persist {

struct MemoryPersister::State {
  State(runtime::Executor& executor, MemoryMedium& the_medium, Owner the_self)
      : medium(the_medium), self(the_self), idle(executor) {}

  bool has_log() const { return medium.incarnation > runtime::Incarnation(0); }

  void Keep(Store store) {
    if (closed) return;
    ++stats.batches;
    under_way.Remove(1, idle.executor().Now());
    for (const Record& record : store.entries) {
      stats.bytes += record.payload.size();
    }
    const runtime::GroupId group = store.group;
    const Sequence sequence = store.sequence;
    RecoveredGroup& kept = medium.groups[group];
    kept.group = group;
    FoldStore(std::move(store), kept);
    if (under_way.empty()) idle.NotifyAll();
    sinks.at(group)->OnDurable(group, sequence);
  }

  MemoryMedium& medium;
  const Owner self;
  bool prepared = false;
  absl::btree_map<runtime::GroupId, PersisterSink*> sinks;
  absl::btree_map<runtime::GroupId, Sequence> submitted;
  PersisterStats stats;  // But for what is under way.
  StoresUnderWay under_way{StoreLimits()};
  bool closed = false;
  runtime::WaitQueue idle;
};

MemoryPersister::MemoryPersister(runtime::Executor& executor,
                                 MemoryMedium& medium, Owner self)
    : executor_(executor),
      state_(std::make_shared<State>(executor, medium, self)) {}

MemoryPersister::~MemoryPersister() { state_->closed = true; }

absl::StatusOr<Claim> MemoryPersister::Inspect() {
  const MemoryMedium& medium = state_->medium;
  return Claim{.has_log = state_->has_log(),
               .owner = medium.owner,
               .identity = medium.identity};
}

absl::StatusOr<runtime::Identity> MemoryPersister::Prepare(
    runtime::Identity fresh) {
  MemoryMedium& medium = state_->medium;
  const bool ours = medium.owner == state_->self;
  if (state_->has_log() && !ours) {
    return NotTheOwner(*medium.owner, state_->self);
  }
  if (!ours) medium.identity = fresh;
  medium.owner = state_->self;
  state_->prepared = true;
  return medium.identity;
}

absl::StatusOr<Recovered> MemoryPersister::Recover() {
  MemoryMedium& medium = state_->medium;
  if (!state_->has_log() && !state_->prepared) {
    return absl::FailedPreconditionError(
        "there is no log, and nobody prepared this medium for one");
  }
  if (medium.owner != state_->self) {
    return NotTheOwner(*medium.owner, state_->self);
  }
  ++medium.incarnation;
  Recovered recovered;
  recovered.identity = medium.identity;
  recovered.incarnation = medium.incarnation;
  recovered.founding = medium.founding;
  for (const auto& [id, group] : medium.groups) {
    recovered.groups.push_back(group);
  }
  return recovered;
}

absl::Status MemoryPersister::KeepFounding(uint64_t fingerprint) {
  CHECK_NE(fingerprint, 0u);
  state_->medium.founding = fingerprint;
  return absl::OkStatus();
}

void MemoryPersister::SetSink(runtime::GroupId group, PersisterSink* sink) {
  CHECK(sink != nullptr);
  state_->sinks[group] = sink;
}

void MemoryPersister::Submit(Store store) {
  CHECK(state_->sinks.contains(store.group), "no sink for group ",
        store.group.value());
  Sequence& last = state_->submitted[store.group];
  CHECK_EQ(store.sequence, last.Next(), "a gap in the stream of group ",
           store.group.value());
  last = store.sequence;
  ++state_->stats.stores;
  state_->under_way.Add(store, executor_.Now());
  executor_.Post([state = state_, store = std::move(store)]() mutable {
    state->Keep(std::move(store));
  });
}

StoreRoom MemoryPersister::room() const { return state_->under_way.room(); }

PersisterStats MemoryPersister::stats() const {
  PersisterStats stats = state_->stats;
  state_->under_way.FillIn(stats, executor_.Now());
  return stats;
}

absl::Status MemoryPersister::Stop() {
  const std::shared_ptr<State> state = state_;
  while (!state->under_way.empty()) {
    const absl::Status woken = state->idle.Wait();
    if (!woken.ok()) return woken;
  }
  return absl::OkStatus();
}

}  // namespace persist
