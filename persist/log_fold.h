// What a step of the stream does to a group: the one definition that recovery,
// MemoryPersister and the tests share.

#ifndef PERSIST_LOG_FOLD_H_
#define PERSIST_LOG_FOLD_H_

#include <vector>

#include "absl/status/status.h"

#include "persist/persister.h"
#include "persist/record.h"

namespace persist {

// Truncates at `truncate_from` (0: not), then appends `records`.
// Errors: DATA_LOSS, and `log` as it was, if the log would get a hole or a
//         record that is not the next one.
absl::Status FoldRecords(Index truncate_from, std::vector<Record> records,
                         std::vector<Record>& log);

// Carries out one store. Requires: it is of this group and fits its log.
void FoldStore(Store store, RecoveredGroup& group);

}  // namespace persist

#endif  // PERSIST_LOG_FOLD_H_
