#include "scenarios/checks/promise_ledger.h"

#include <optional>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

using persist::Index;
using persist::Term;
using raft::NodeId;

// What one message promises. Defaults promise nothing.
struct Promise {
  Term term{};    // Durable, or a later one.
  NodeId vote{};  // In `term`.
  // The log up to here: with this last term, or as it is in memory.
  Index log_upto{};
  std::optional<Term> log_term{};
};

Promise PromiseIn(const raft::PreVoteRequest& request, NodeId, NodeId) {
  // Asked by nobody in term 0: there is a term before the one to come.
  return {.term = request.campaign_term.Previous(),
          .log_upto = request.last_index,
          .log_term = request.last_term};
}
Promise PromiseIn(const raft::VoteRequest& request, NodeId self, NodeId) {
  return {.term = request.term,
          .vote = self,
          .log_upto = request.last_index,
          .log_term = request.last_term};
}
Promise PromiseIn(const raft::VoteReply& reply, NodeId, NodeId to) {
  return {.term = reply.term, .vote = reply.granted ? to : NodeId()};
}
Promise PromiseIn(const raft::AppendReply& reply, NodeId, NodeId) {
  return {.term = reply.term,
          .log_upto = reply.accepted ? reply.match : Index()};
}
// Everything else promises no more than the term it names.
template <class Body>
Promise PromiseIn(const Body& body, NodeId, NodeId) {
  return {.term = body.term};
}

Promise PromiseOf(const raft::Message& message, NodeId self, NodeId to) {
  return std::visit(
      [self, to](const auto& body) { return PromiseIn(body, self, to); },
      message);
}

bool HoldsLog(const Promise& promise, const LogMirror& durable,
              const LogMirror& memory) {
  if (promise.log_upto.value() == 0) return true;
  if (!durable.Has(promise.log_upto)) return false;
  const LogMirror::Entry& entry = durable.At(promise.log_upto);
  if (promise.log_term.has_value()) return entry.term == *promise.log_term;
  return memory.Has(promise.log_upto) && memory.At(promise.log_upto) == entry;
}

}  // namespace

void PromiseLedger::OnLeaves(const NodeLife& life, NodeId to,
                             const raft::Message& message,
                             DurableState& durable, const LogMirror& log) {
  const Promise promise = PromiseOf(message, NodeId(life.node), to);
  ++promises_;
  durable.Update();
  const persist::HardState& state = durable.hard_state();
  if (state.term > promise.term) return;  // Of the past: it binds nobody.
  if (state.term < promise.term) {
    Broken(life, absl::StrCat("term ", promise.term.value()), durable);
  } else if (promise.vote.value() != 0 && state.vote != promise.vote) {
    Broken(life,
           absl::StrCat("a vote for n", promise.vote.value(), " in term ",
                        promise.term.value()),
           durable);
  } else if (!HoldsLog(promise, durable.log(), log)) {
    Broken(life,
           absl::StrCat("its log up to ", promise.log_upto.value(), " in term ",
                        promise.term.value()),
           durable);
  }
}

void PromiseLedger::Broken(const NodeLife& life, absl::string_view promise,
                           const DurableState& durable) {
  violations_.Report(
      "promise-ledger",
      absl::StrCat(life.ToString(), " promises ", promise,
                   ", but its disk has term ",
                   durable.hard_state().term.value(), ", vote n",
                   durable.hard_state().vote.value(), ", a log up to ",
                   durable.log().last().value()));
}

}  // namespace scenarios
