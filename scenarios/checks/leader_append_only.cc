#include "scenarios/checks/leader_append_only.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void LeaderAppendOnly::OnStep(const CoreStep& step) {
  if (!step.leads()) return;
  for (const persist::Store& store : step.effects.stores) {
    if (!store.truncate_from.has_value()) continue;
    violations_.Report(
        "leader-append-only",
        absl::StrCat(step.life.ToString(), " leads term ",
                     step.after.term.value(), " and cuts its log from ",
                     store.truncate_from->value(), " on"));
  }
}

}  // namespace scenarios
