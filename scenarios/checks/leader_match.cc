#include "scenarios/checks/leader_match.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void LeaderMatch::OnStep(const CoreStep& step) {
  const raft::Leader* leader = step.leading;
  if (leader == nullptr) return;
  ByNode<Known>& known = known_[step.life.node];
  const bool begins = step.became_leader();
  for (const auto& [node, progress] : leader->peers) {
    const uint32_t peer = static_cast<uint32_t>(node.value());
    Known& of_peer = known[peer];
    if (begins) of_peer = Known();
    if (progress.match != of_peer.match) {
      CheckMove(step, peer, progress, of_peer);
    }
    of_peer = {progress.match};
    if (progress.next > progress.match &&
        progress.next <= step.log.last().Next()) {
      continue;
    }
    violations_.Report(
        "next-out-of-place",
        absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                     " would send n", peer, " entry ", progress.next.value(),
                     " next; it has acknowledged ", progress.match.value(),
                     ", and the log ends at ", step.log.last().value()));
  }
}

void LeaderMatch::CheckMove(const CoreStep& step, uint32_t peer,
                            const raft::Progress& progress,
                            const Known& known) {
  const Told& told = step.told;
  const bool earned = told.kind == Told::Kind::kAppendReply && told.yes &&
                      told.from == peer && told.term == step.after.term &&
                      progress.match > known.match &&
                      progress.match <= told.last;
  if (!earned) {
    violations_.Report(
        "match-moved",
        absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                     " moves the match of n", peer, " from ",
                     known.match.value(), " to ", progress.match.value(),
                     " without an answer that accepts",
                     " entries up to there"));
    return;
  }
  DurableState& disk = *disks_[peer - 1];
  disk.Update();
  // Who has gone on to a later term may have been told to forget since.
  if (disk.hard_state().term > step.after.term) return;
  const persist::Index match = progress.match;
  if (progress.next > match && step.log.Has(match) && disk.log().Has(match) &&
      step.log.At(match) == disk.log().At(match)) {
    return;
  }
  violations_.Report(
      "match-is-true",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " takes the log of n", peer, " for its own up to ",
                   match.value(), "; the disk there has a log up to ",
                   disk.log().last().value()));
}

}  // namespace scenarios
