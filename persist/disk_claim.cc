#include "persist/disk_claim.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

// The name of some segment, finished or not; empty if there is none.
struct SegmentsFound {
  std::string any;
  std::string finished;
};

absl::StatusOr<SegmentsFound> FindSegments(Disk& disk) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, disk.List(kWalDirectory));
  SegmentsFound found;
  for (std::string& name : names) {
    const std::optional<SegmentName> segment = ParseSegmentName(name);
    if (!segment.has_value()) continue;
    if (segment->finished) found.finished = name;
    found.any = std::move(name);
  }
  return found;
}

}  // namespace

absl::StatusOr<Claim> InspectDisk(Disk& disk) {
  const absl::StatusOr<Superblock> superblock = SuperblockFile::Read(disk);
  const bool missing = absl::IsNotFound(superblock.status());
  if (!superblock.ok() && !missing) return superblock.status();
  ASSIGN_OR_RETURN(const SegmentsFound segments, FindSegments(disk));
  if (missing) {
    // It is the first thing that is ever durable on a disk: it was lost.
    if (!segments.any.empty()) {
      return absl::DataLossError(
          absl::StrCat(kSuperblockPath,
                       ": missing, although there is a log: ", segments.any));
    }
    return Claim{};
  }
  return Claim{
      .has_log = !superblock->segments.empty() || !segments.finished.empty(),
      .owner = Owner{.cluster = superblock->cluster, .node = superblock->node},
      .identity = superblock->identity};
}

absl::StatusOr<runtime::Identity> PrepareDisk(Disk& disk, const Owner& self,
                                              runtime::Identity fresh) {
  ASSIGN_OR_RETURN(const Claim claim, InspectDisk(disk));
  const bool ours = claim.owner == self;
  if (claim.has_log) {
    if (!ours) return NotTheOwner(*claim.owner, self);
    return claim.identity;
  }
  Superblock first;
  first.cluster = self.cluster;
  first.node = self.node;
  first.identity = ours && !claim.identity.IsNone() ? claim.identity : fresh;
  // Anew, also if one is there already: perhaps the life that made it died
  // because its name could not be synced.
  const runtime::Identity identity = first.identity;
  RETURN_IF_ERROR(SuperblockFile::Create(disk, std::move(first)).status());
  return identity;
}

absl::Status NotTheOwner(const Owner& owner, const Owner& self) {
  return absl::FailedPreconditionError(
      absl::StrCat("this disk belongs to node ", owner.node.value(),
                   " of cluster ", owner.cluster.value(), ", not to node ",
                   self.node.value(), " of cluster ", self.cluster.value()));
}

}  // namespace persist
