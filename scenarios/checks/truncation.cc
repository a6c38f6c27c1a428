#include "scenarios/checks/truncation.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void Truncation::OnCut(const CoreStep& step, persist::Index from) {
  const raft::Moment& now = step.after;
  if (from.value() == 0 || from <= step.before.commit ||
      (from <= committed_.last() && committed_.IsIn(step.log, from))) {
    violations_.Report(
        "truncates-committed",
        absl::StrCat(step.life.ToString(), " in term ", now.term.value(),
                     " cuts its log from ", from.value(), " on; committed is ",
                     committed_.last().value(), ", here ",
                     step.before.commit.value()));
    return;
  }
  const Told& told = step.told;
  if (told.kind == Told::Kind::kAppendRequest && told.term == now.term &&
      now.role == raft::Role::kFollower && told.conflict == from) {
    return;
  }
  violations_.Report(
      "truncation-unproved",
      absl::StrCat(
          step.life.ToString(), ", ", raft::RoleName(now.role), " of term ",
          now.term.value(), ", cuts its log from ", from.value(), " on; ",
          told.conflict.value() != 0
              ? absl::StrCat("the conflict is at ", told.conflict.value())
              : std::string("nothing conflicts")));
}

}  // namespace scenarios
