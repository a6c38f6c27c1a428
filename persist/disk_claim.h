// Whose disk it is, before there is a log on it and after.
//
// A disk belongs to the node that the superblock names, and that is binding as
// soon as there is a log: a frame may be there that this node promised
// something by. Before that the superblock is only the trace of a start that
// came to nothing, and the next one may take the disk over.
//
// Every call suspends.

#ifndef PERSIST_DISK_CLAIM_H_
#define PERSIST_DISK_CLAIM_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "runtime/identity.h"

namespace persist {

// As Persister::Inspect(): reads, and changes nothing.
// Errors: DATA_LOSS (no superblock, or none that validates, but segments).
absl::StatusOr<Claim> InspectDisk(Disk& disk);

// As Persister::Prepare(). Requires: the disk is locked.
absl::StatusOr<runtime::Identity> PrepareDisk(Disk& disk, const Owner& self,
                                              runtime::Identity fresh);

// Why the disk of `owner` is refused to `self`. FAILED_PRECONDITION.
absl::Status NotTheOwner(const Owner& owner, const Owner& self);

}  // namespace persist

#endif  // PERSIST_DISK_CLAIM_H_
