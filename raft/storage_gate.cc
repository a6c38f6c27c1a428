#include "raft/storage_gate.h"

#include <variant>

#include "runtime/probe.h"

namespace raft {
namespace {

bool BringsEntries(const Message& message) {
  const auto* append = std::get_if<AppendRequest>(&message);
  return append != nullptr && !append->entries.empty();
}

// Whether it could make a member of `term` promise something: a vote, or to
// have seen a later term. A pre-vote that was won could too, but who has stores
// under way does not ask for one.
bool AsksForPromise(const Message& message, Term term) {
  if (std::holds_alternative<VoteRequest>(message) ||
      std::holds_alternative<TimeoutNow>(message)) {
    return true;
  }
  return std::visit(
      [term](const auto& body) {
        if constexpr (requires { body.term; }) {
          return body.term > term;
        } else {
          return false;  // PreVoteRequest: only the term to come.
        }
      },
      message);
}

}  // namespace

bool StorageGate::Admits(const Event& event) {
  const auto* inbound = std::get_if<Inbound>(&event);
  if (inbound == nullptr) return true;
  const persist::StoreRoom room = persister_.room();
  if (room == persist::StoreRoom::kFree) return true;
  const bool none = room == persist::StoreRoom::kNone;
  if (BringsEntries(inbound->message)) {
    REACHABLE("raft.storage_full_append_dropped");
  } else if (none && AsksForPromise(inbound->message, core_.term())) {
    REACHABLE("raft.storage_full_promise_not_asked");
  } else {
    return true;
  }
  ++messages_dropped_;
  return false;
}

bool StorageGate::Admits(const Propose& propose) {
  // Who does not lead stores nothing, and has a better answer.
  if (core_.leading() == nullptr) return true;
  if (persister_.room() == persist::StoreRoom::kFree) return true;
  REACHABLE("raft.storage_full_refused");
  proposals_refused_ += propose.items.size();
  return false;
}

StorageStatus StorageGate::status() const {
  return {.stores = persister_.stats(),
          .proposals_refused = proposals_refused_,
          .messages_dropped = messages_dropped_};
}

}  // namespace raft
