// raftctl on a data directory: what its log holds, without a server.
//
// Nothing is written and no lock is taken, so a running node is not disturbed.
// Its log grows meanwhile: what looks damaged in a directory that seems to be
// in use is read again before it is believed.

#ifndef PROD_CTL_DATA_H_
#define PROD_CTL_DATA_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "prod/ctl_output.h"

namespace prod {

// Both ends are included.
struct EntryRange {
  uint64_t from = 1;
  uint64_t to = 0;
};
// "7..9", "7", "7.." (to the end). Errors: INVALID_ARGUMENT.
absl::StatusOr<EntryRange> ParseEntryRange(absl::string_view text);

struct CtlDataOptions {
  std::string directory;
  CtlFormat format = CtlFormat::kTable;
  std::optional<EntryRange> entries = {};  // CtlLog() lists these instead.
};

// Exit codes of both: 0, that of damage, or that of what could not be read
// (kv/exit_code.h). What can be shown is shown.

// The directory as a whole: whose it is, hard state, range of the log.
// Errors: no log there, the directory cannot be read.
absl::StatusOr<CtlResult> CtlData(const CtlDataOptions& options);

// Segment by segment; or, if asked, entry by entry. Errors: as CtlData().
absl::StatusOr<CtlResult> CtlLog(const CtlDataOptions& options);

}  // namespace prod

#endif  // PROD_CTL_DATA_H_
