#include "persist/memory_persister.h"

#include <utility>

#include "persist/log_fold.h"
#include "persist/stores_under_way.h"
#include "runtime/check.h"
#include "runtime/wait_queue.h"

namespace persist {

struct MemoryPersister::State {
  State(runtime::Executor& executor, MemoryMedium& the_medium)
      : medium(the_medium), idle(executor) {}

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
  absl::btree_map<runtime::GroupId, PersisterSink*> sinks;
  absl::btree_map<runtime::GroupId, Sequence> submitted;
  PersisterStats stats;  // But for what is under way.
  StoresUnderWay under_way{StoreLimits()};
  bool closed = false;
  runtime::WaitQueue idle;
};

MemoryPersister::MemoryPersister(runtime::Executor& executor,
                                 MemoryMedium& medium)
    : executor_(executor), state_(std::make_shared<State>(executor, medium)) {}

MemoryPersister::~MemoryPersister() { state_->closed = true; }

absl::StatusOr<Recovered> MemoryPersister::Recover() {
  MemoryMedium& medium = state_->medium;
  ++medium.incarnation;
  Recovered recovered;
  recovered.incarnation = medium.incarnation;
  for (const auto& [id, group] : medium.groups) {
    recovered.groups.push_back(group);
  }
  return recovered;
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
