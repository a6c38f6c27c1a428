#include "scenarios/checks/storage_bound.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "persist/persister.h"

namespace scenarios {

void StorageBound::OnStep(const CoreStep& step) {
  if (stores_.size() >= limits_.stores_max || bytes_ >= limits_.bytes_max) {
    CheckTaken(step);
  }
  for (const persist::Store& store : step.effects.stores) {
    uint64_t bytes = 0;
    for (const persist::Record& record : store.entries) {
      bytes += record.payload.size();
    }
    stores_.push_back({store.sequence, bytes});
    bytes_ += bytes;
  }
}

void StorageBound::OnStored(persist::Sequence upto) {
  while (!stores_.empty() && stores_.front().sequence <= upto) {
    bytes_ -= stores_.front().bytes;
    stores_.pop_front();
  }
}

// Requires: it is full.
void StorageBound::CheckTaken(const CoreStep& step) const {
  const bool proposals = !step.effects.accepted.empty();
  const auto& stores = step.effects.stores;
  const bool entries =
      step.told.kind == Told::Kind::kAppendRequest &&
      std::any_of(stores.begin(), stores.end(),
                  [](const auto& store) { return !store.entries.empty(); });
  if (!proposals && !entries) return;
  violations_.Report(
      "storage-overfull",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " takes ", proposals ? "proposals" : "entries",
                   " though its storage has ", stores_.size(), " stores of ",
                   bytes_, " bytes to do; it may have ", limits_.stores_max,
                   " of ", limits_.bytes_max));
}

}  // namespace scenarios
