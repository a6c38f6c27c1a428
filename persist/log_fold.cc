#include "persist/log_fold.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace persist {

absl::Status FoldRecords(Index truncate_from, std::vector<Record> records,
                         std::vector<Record>& log) {
  const Index last(log.size());
  if (truncate_from > last.Next()) {
    return absl::DataLossError(
        absl::StrCat("truncation at index ", truncate_from.value(),
                     " behind the end of the log, ", last.value()));
  }
  const bool truncates = truncate_from > Index(0);
  const Index kept = truncates ? truncate_from.Previous() : last;
  Index index = kept;
  for (const Record& record : records) {
    if (record.index != ++index) {
      return absl::DataLossError(absl::StrCat("index ", record.index.value(),
                                              " where ", index.value(),
                                              " must follow"));
    }
  }
  log.erase(log.begin() + static_cast<std::ptrdiff_t>(kept.value()), log.end());
  log.insert(log.end(), std::make_move_iterator(records.begin()),
             std::make_move_iterator(records.end()));
  return absl::OkStatus();
}

void FoldStore(Store store, RecoveredGroup& group) {
  CHECK_EQ(store.group, group.group);
  if (store.hard_state.has_value()) group.hard_state = *store.hard_state;
  const absl::Status folded =
      FoldRecords(store.truncate_from.value_or(Index(0)),
                  std::move(store.entries), group.entries);
  CHECK(folded.ok(), folded.message());
}

}  // namespace persist
