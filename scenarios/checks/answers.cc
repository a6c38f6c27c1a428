#include "scenarios/checks/answers.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

Answers::Request& Answers::Of(raft::Ticket ticket) {
  if (ticket.value() >= requests_.size()) {
    requests_.resize(ticket.value() + 1);
  }
  return requests_[ticket.value()];
}

void Answers::OnStep(const CoreStep& step) {
  for (const raft::Accepted& accepted : step.effects.accepted) {
    Of(accepted.ticket) = {Stage::kInLog, accepted.index, accepted.term};
  }
  for (const raft::ReadReady& ready : step.effects.reads) {
    Of(ready.ticket) = {Stage::kReads, ready.index, persist::Term(0)};
  }
}

bool Answers::Committed(persist::Index index, persist::Term term) const {
  return index.value() != 0 && index <= committed_.last() &&
         committed_.At(index).term == term;
}

std::string Answers::Lie(const Request& request, const raft::Outcome& outcome,
                         persist::Index applied) const {
  const persist::Index index = request.index;
  const bool in_log = request.stage == Stage::kInLog;
  switch (outcome.kind) {
    case raft::Outcome::Kind::kApplied:
      if (request.stage == Stage::kAsked) return "it was never taken";
      if (index > applied) {
        return absl::StrCat("it rests on entry ", index.value(),
                            ", and applied is ", applied.value());
      }
      if (in_log && (outcome.index != index || !Committed(index, request.term)))
        return absl::StrCat("entry ", index.value(), " of term ",
                            request.term.value(), " is not committed, or ",
                            outcome.index.value(), " is another entry");
      return "";
    case raft::Outcome::Kind::kLost:
      if (!in_log) return "it was never taken";
      if (index > committed_.last() || Committed(index, request.term)) {
        return absl::StrCat("nothing else is committed as entry ",
                            index.value());
      }
      return "";
    case raft::Outcome::Kind::kRefused:
      return in_log
                 ? absl::StrCat("it stands in the log as entry ", index.value(),
                                " of term ", request.term.value())
                 : "";
    case raft::Outcome::Kind::kUnknown:
      return "";
  }
  return "";
}

void Answers::OnAnswered(raft::Ticket ticket, const raft::Outcome& outcome,
                         persist::Index applied) {
  static constexpr const char* kNames[] = {"applied", "refused", "lost",
                                           "unknown"};
  Request& request = Of(ticket);
  const bool again = request.stage == Stage::kAnswered;
  const std::string lie =
      again ? "it had an answer" : Lie(request, outcome, applied);
  request.stage = Stage::kAnswered;
  if (lie.empty()) return;
  violations_.Report(
      again ? "answered-twice" : "answered-untruly",
      absl::StrCat(life_.ToString(), " calls request ", ticket.value(), " ",
                   kNames[static_cast<size_t>(outcome.kind)], ", but ", lie));
}

}  // namespace scenarios
