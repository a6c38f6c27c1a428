#include "scenarios/checks/leader_completeness.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void LeaderCompleteness::OnLeader(const NodeLife& leader, persist::Term term,
                                  const LogMirror& log) {
  const persist::Index upto = committed_.CommittedBefore(term);
  if (upto.value() == 0) return;
  if (log.Has(upto) && log.At(upto) == committed_.At(upto)) return;
  violations_.Report(
      "leader-completeness",
      absl::StrCat(leader.ToString(), " leads term ", term.value(),
                   " without the entries committed up to ", upto.value(),
                   "; its log ends at ", log.last().value()));
}

}  // namespace scenarios
