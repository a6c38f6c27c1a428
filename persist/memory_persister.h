// A Persister without a disk, for tests and teaching.
//
// What it keeps lies in a MemoryMedium, which outlives the persister and so
// survives a simulated restart. A store is durable one hop of the executor
// after Submit(): a process that dies before has lost it, as with a disk.

#ifndef PERSIST_MEMORY_PERSISTER_H_
#define PERSIST_MEMORY_PERSISTER_H_

#include <memory>
#include <optional>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "persist/persister.h"
#include "runtime/executor.h"
#include "runtime/identity.h"
#include "runtime/ids.h"

namespace persist {

// What survives a process. One persister at a time.
struct MemoryMedium {
  std::optional<Owner> owner;
  runtime::Identity identity;
  runtime::Incarnation incarnation;  // A life has recovered: there is a log.
  uint64_t founding = 0;
  absl::btree_map<runtime::GroupId, RecoveredGroup> groups;
};

class MemoryPersister final : public Persister {
 public:
  // Both outlive this, and the medium what the executor still has to run.
  MemoryPersister(runtime::Executor& executor, MemoryMedium& medium,
                  Owner self);
  ~MemoryPersister() override;

  absl::StatusOr<Claim> Inspect() override;
  absl::StatusOr<runtime::Identity> Prepare(runtime::Identity fresh) override;
  absl::StatusOr<Recovered> Recover() override;
  absl::Status KeepFounding(uint64_t fingerprint) override;
  void SetSink(runtime::GroupId group, PersisterSink* sink) override;
  void Submit(Store store) override;
  StoreRoom room() const override;
  PersisterStats stats() const override;
  absl::Status Stop() override;

 private:
  struct State;

  runtime::Executor& executor_;
  // Shared with stores that are under way.
  std::shared_ptr<State> state_;
};

}  // namespace persist

#endif  // PERSIST_MEMORY_PERSISTER_H_
