#include "scenarios/checks/hand_over.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

bool EndsNow(const CoreStep& step, raft::Ticket ticket) {
  const auto& ended = step.effects.transfers;
  return std::any_of(ended.begin(), ended.end(),
                     [ticket](const raft::TransferEnded& transfer) {
                       return transfer.ticket == ticket;
                     });
}

bool OverridesLoyalty(const raft::Send& send) {
  const auto* request = std::get_if<raft::VoteRequest>(&send.message);
  return request != nullptr && request->by_leader;
}

}  // namespace

void HandOver::OnStep(const CoreStep& step) {
  Known& known = nodes_[step.life.node];
  CheckCalled(step, known);
  for (const raft::Send& send : step.effects.sends) CheckCaughtUp(step, send);
  CheckProposals(step, known);
  TakeTransfer(step, known);
  if (step.leader.value() != 0) {
    known.leader = step.leader;
    known.term = step.after.term;
  }
}

void HandOver::CheckCalled(const CoreStep& step, const Known& known) {
  const Told& told = step.told;
  const bool told_now = told.kind == Told::Kind::kTimeoutNow;
  const bool stands = told_now && !step.same_term();
  const bool overrides = std::any_of(
      step.effects.sends.begin(), step.effects.sends.end(), OverridesLoyalty);
  if (!stands && !overrides) return;
  if (told_now && told.term == step.before.term && told.term == known.term &&
      told.from == known.leader.value() && told.last == step.log.last()) {
    return;
  }
  violations_.Report(
      "stands-uncalled",
      absl::StrCat(step.life.ToString(), " of term ", step.before.term.value(),
                   ", whose log ends at ", step.log.last().value(),
                   ", stands in term ", step.after.term.value(),
                   told_now ? absl::StrCat(" because n", told.from, " of term ",
                                           told.term.value(),
                                           " said so, whose log ended at ",
                                           told.last.value())
                            : " in the name of a leader",
                   "; it followed n", known.leader.value(), " in term ",
                   known.term.value()));
}

void HandOver::CheckCaughtUp(const CoreStep& step, const raft::Send& send) {
  if (!std::holds_alternative<raft::TimeoutNow>(send.message)) return;
  DurableState& disk = *disks_[send.to.value() - 1];
  disk.Update();
  // Who has gone on to a later term may have been told to forget since.
  if (disk.hard_state().term > step.after.term) return;
  const persist::Index last = step.log.last();
  if (step.leads() && disk.log().Has(last) &&
      disk.log().At(last) == step.log.At(last)) {
    return;
  }
  violations_.Report(
      "handed-over-too-early",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   ", whose log ends at ", last.value(), ", tells n",
                   send.to.value(),
                   " to stand; the disk there has a log up to ",
                   disk.log().last().value()));
}

void HandOver::CheckProposals(const CoreStep& step, const Known& known) {
  if (known.transfer.has_value() && !step.effects.accepted.empty()) {
    violations_.Report(
        "hand-over-takes-proposals",
        absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                     " takes ", step.effects.accepted.size(),
                     " proposals while it hands over"));
  }
  const auto& refused = step.effects.refused;
  const bool blocked =
      std::any_of(refused.begin(), refused.end(), [](const auto& refusal) {
        return refusal.reason == raft::RefusalReason::kHandingOver;
      });
  if (!blocked || known.transfer.has_value()) return;
  violations_.Report(
      "hand-over-stuck",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " refuses proposals for a transfer that is not under way"));
}

void HandOver::TakeTransfer(const CoreStep& step, Known& known) {
  const Told& told = step.told;
  if (told.kind == Told::Kind::kTransferLead && step.leads() &&
      !EndsNow(step, told.ticket)) {
    known.transfer = {told.ticket, told.now};
  }
  if (!known.transfer.has_value()) return;
  if (!step.leads() || EndsNow(step, known.transfer->ticket)) {
    known.transfer.reset();
    return;
  }
  const absl::Duration since = told.now - known.transfer->began;
  const absl::Duration patience = 2 * step.options.election_timeout_max;
  // A process that was stopped meanwhile first sees to its timer.
  if (since <= patience || told.kind != Told::Kind::kDeadline) return;
  violations_.Report(
      "hand-over-stuck",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " still hands over, ", absl::FormatDuration(since),
                   " after it began"));
}

}  // namespace scenarios
