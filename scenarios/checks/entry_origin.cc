#include "scenarios/checks/entry_origin.h"

#include "absl/strings/str_cat.h"

#include "raft/core/membership.h"
#include "raft/core/message.h"

namespace scenarios {

void EntryOrigin::OnFirstSeen(const NodeLife& life,
                              const persist::Record& record, bool leads,
                              persist::Term term) {
  const bool founds = record.index == raft::kBootstrapIndex &&
                      record.term == raft::kBootstrapTerm;
  if (founds || (leads && record.term == term)) return;
  violations_.Report(
      "entry-origin",
      absl::StrCat("entry ", record.index.value(), " of term ",
                   record.term.value(), " appears at ", life.ToString(),
                   leads ? ", which leads" : ", which does not lead,",
                   " in term ", term.value()));
}

void EntryOrigin::OnStep(const CoreStep& step) {
  if (!step.became_leader()) return;
  const persist::Record* first = nullptr;
  for (const persist::Store& store : step.effects.stores) {
    if (first == nullptr && !store.entries.empty()) first = &store.entries[0];
  }
  if (first != nullptr && first->term == step.after.term &&
      first->kind == static_cast<uint8_t>(raft::EntryKind::kNoop)) {
    return;
  }
  violations_.Report("no-op-first",
                     absl::StrCat(step.life.ToString(), " opens term ",
                                  step.after.term.value(), " without a no-op"));
}

}  // namespace scenarios
