// From what a crash left to a log that can be trusted and continued.
//
// Recovery tells a torn tail, which nobody was told about and which is dropped,
// from corruption, which is never dropped in silence: the first version refuses
// to start. The rules, and what each crash leaves behind, are in
// docs/wal_format.md.
//
// It never trusts a page only because it can read it: after a failed sync the
// cache may show what the medium does not hold. So every frame that nothing
// proves durable is written again, into a new segment, and synced before the
// new life is published. Nothing is ever appended behind an old tail.
//
// It may crash at any of its own steps and be run again.

#ifndef PERSIST_WAL_RECOVERY_H_
#define PERSIST_WAL_RECOVERY_H_

#include <memory>

#include "absl/status/statusor.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/wal_writer.h"

namespace persist {

struct WalRecovery {
  Recovered recovered;
  std::unique_ptr<WalWriter> writer;
};

// Suspends. `disk` is locked by the caller and outlives the result.
// Requires: PrepareDisk() in this life, if there is no log (disk_claim.h).
// Errors: those of Persister::Recover(), and whatever the disk said.
absl::StatusOr<WalRecovery> RecoverWal(Disk& disk, const WalOptions& options);

}  // namespace persist

#endif  // PERSIST_WAL_RECOVERY_H_
