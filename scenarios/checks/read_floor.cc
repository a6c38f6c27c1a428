#include "scenarios/checks/read_floor.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {

void ReadFloor::BeginTerm(persist::Term term) {
  if (term == term_) return;
  term_ = term;
  sent_ = 0;
  echoed_ = ByNode<uint64_t>();
  asked_.clear();
}

void ReadFloor::OnEvent(const Told& told, persist::Term term) {
  BeginTerm(term);
  if (told.kind == Told::Kind::kReadRequest) {
    asked_.push_back({told.ticket, committed_.last(), sent_ + 1});
  } else if ((told.kind == Told::Kind::kHeartbeatReply ||
              told.kind == Told::Kind::kAppendReply) &&
             told.term == term_) {
    uint64_t& echoed = echoed_[told.from];
    echoed = std::max(echoed, told.read_round);
  }
}

void ReadFloor::OnSendLeaves(const raft::Send& send) {
  uint64_t round = 0;
  persist::Term term;
  if (const auto* beat = std::get_if<raft::HeartbeatRequest>(&send.message)) {
    term = beat->term;
    round = beat->read_round;
  } else if (const auto* append =
                 std::get_if<raft::AppendRequest>(&send.message)) {
    term = append->term;
    round = append->read_round;
  } else {
    return;
  }
  BeginTerm(term);
  sent_ = std::max(sent_, round);
}

size_t ReadFloor::Echoes(uint64_t round) {
  size_t echoes = 1;  // Its own.
  for (uint32_t node = 1; node <= nodes_; ++node) {
    if (node != life_.node && echoed_[node] >= round) ++echoes;
  }
  return echoes;
}

void ReadFloor::OnStep(const CoreStep& step) {
  for (const raft::ReadReady& ready : step.effects.reads) {
    const auto asked = std::find_if(
        asked_.begin(), asked_.end(),
        [&](const Asked& read) { return read.ticket == ready.ticket; });
    const size_t echoes = asked != asked_.end() ? Echoes(asked->round) : 0;
    if (2 * echoes <= nodes_) {
      violations_.Report(
          "read-round",
          absl::StrCat(life_.ToString(), " of term ", step.after.term.value(),
                       " lets a read go with ", echoes, " of ", nodes_,
                       " echoes of a round that left after it was asked"));
    } else if (ready.index < asked->floor) {
      violations_.Report(
          "read-floor",
          absl::StrCat(life_.ToString(), " of term ", step.after.term.value(),
                       " reads at ", ready.index.value(), ", but ",
                       asked->floor.value(),
                       " was committed when it was asked"));
    }
    if (asked != asked_.end()) asked_.erase(asked);
  }
  for (const raft::Refused& refused : step.effects.refused) {
    std::erase_if(asked_, [&](const Asked& read) {
      return read.ticket == refused.ticket;
    });
  }
  if (step.leads() || asked_.empty()) return;
  violations_.Report("read-forgotten",
                     absl::StrCat(life_.ToString(), " leads no more in term ",
                                  step.after.term.value(), " and leaves ",
                                  asked_.size(), " reads without an answer"));
  asked_.clear();
}

}  // namespace scenarios
