#include "scenarios/checks/vote_justified.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {

std::optional<Grant> GrantOf(const raft::Send& send) {
  if (const auto* vote = std::get_if<raft::VoteReply>(&send.message)) {
    if (vote->granted) return Grant{send.to, vote->term, false};
  } else if (const auto* pre = std::get_if<raft::PreVoteReply>(&send.message)) {
    if (pre->granted) return Grant{send.to, pre->campaign_term, true};
  }
  return std::nullopt;
}

void VoteJustified::OnStep(const CoreStep& step) {
  for (const raft::Send& send : step.effects.sends) {
    const std::optional<Grant> grant = GrantOf(send);
    if (!grant.has_value()) continue;
    const Told& told = step.told;
    const bool asked =
        told.kind == (grant->pre_vote ? Told::Kind::kPreVoteRequest
                                      : Told::Kind::kVoteRequest) &&
        told.from == grant->candidate.value() && told.term == grant->term;
    const persist::Index last = step.log.last();
    const persist::Term last_term =
        step.log.Has(last) ? step.log.At(last).term : persist::Term(0);
    const bool up_to_date = told.last_term > last_term ||
                            (told.last_term == last_term && told.last >= last);
    if (asked && up_to_date) continue;
    violations_.Report(
        "vote-justified",
        absl::StrCat(
            step.life.ToString(), " grants a ",
            grant->pre_vote ? "pre-vote" : "vote", " to n",
            grant->candidate.value(), " in term ", grant->term.value(),
            asked ? absl::StrCat(", whose log ends at ", told.last.value(),
                                 " in term ", told.last_term.value(),
                                 "; its own at ", last.value(), " in term ",
                                 last_term.value())
                  : ", who did not ask for it"));
  }
}

}  // namespace scenarios
