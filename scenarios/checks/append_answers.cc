#include "scenarios/checks/append_answers.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

const raft::AppendReply* AcceptanceIn(const raft::Send& send) {
  const auto* reply = std::get_if<raft::AppendReply>(&send.message);
  return reply != nullptr && reply->accepted ? reply : nullptr;
}

bool Stands(persist::Index index, persist::Term term, const LogMirror& log) {
  if (index.value() == 0) return term.value() == 0;
  return log.Has(index) && log.At(index).term == term;
}

}  // namespace

bool AcceptsAppend(const CoreStep& step) {
  if (step.told.kind != Told::Kind::kAppendRequest) return false;
  for (const raft::Send& send : step.effects.sends) {
    if (AcceptanceIn(send) != nullptr) return true;
  }
  return false;
}

// A leader numbers its sessions in each of its terms anew: the refusal of what
// belongs to another term than the answer must not look like one of these.
void AppendAnswers::CheckRefusal(const CoreStep& step, const raft::Send& send) {
  const auto* reply = std::get_if<raft::AppendReply>(&send.message);
  if (reply == nullptr || reply->accepted) return;
  const Told& told = step.told;
  const bool same_term = told.term == reply->term;
  if (told.kind == Told::Kind::kAppendRequest && send.to.value() == told.from &&
      reply->session == (same_term ? told.session : 0)) {
    return;
  }
  violations_.Report(
      "append-refused",
      absl::StrCat(step.life.ToString(), " of term ", reply->term.value(),
                   " refuses, as of session ", reply->session, ", what n",
                   send.to.value(), " has sent in session ", told.session,
                   " of term ", told.term.value()));
}

void AppendAnswers::OnStep(const CoreStep& step) {
  const Told& told = step.told;
  for (const raft::Send& send : step.effects.sends) {
    CheckRefusal(step, send);
    const raft::AppendReply* reply = AcceptanceIn(send);
    if (reply == nullptr) continue;
    const bool answers = told.kind == Told::Kind::kAppendRequest &&
                         send.to.value() == told.from &&
                         reply->session == told.session &&
                         told.term == step.after.term;
    if (answers && reply->match <= told.last &&
        Stands(told.previous, told.previous_term, step.log) &&
        Stands(told.last, told.last_term, step.log)) {
      continue;
    }
    violations_.Report(
        "append-acknowledged",
        absl::StrCat(
            step.life.ToString(), " acknowledges entries up to ",
            reply->match.value(), " to n", send.to.value(),
            answers ? absl::StrCat("; compared were ", told.previous.value(),
                                   " to ", told.last.value(),
                                   ", and its log ends at ",
                                   step.log.last().value())
                    : std::string(", who sent no such append")));
  }
}

}  // namespace scenarios
