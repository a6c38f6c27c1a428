#include "scenarios/checks/store_stream.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "raft/core/membership.h"

namespace scenarios {
namespace {

LogMirror::Entry EndOf(const LogMirror& log) {
  return log.Has(log.last()) ? log.At(log.last()) : LogMirror::Entry();
}

}  // namespace

void StoreStream::OnStarted(const NodeLife& life, persist::Sequence stored,
                            const persist::HardState& hard_state,
                            const LogMirror& log) {
  std::deque<State>& states = states_[life.node];
  const State found = {.sequence = stored,
                       .hard_state = hard_state,
                       .last = log.last(),
                       .end = EndOf(log)};
  const bool known = states.empty() ? found.last <= raft::kBootstrapIndex
                                    : std::any_of(states.begin(), states.end(),
                                                  [&](const State& state) {
                                                    return state.SameAs(found);
                                                  });
  if (!known) {
    const State durable = states.empty() ? State() : states.front();
    violations_.Report(
        "recovery-is-a-prefix",
        absl::StrCat(
            life.ToString(), " finds term ", found.hard_state.term.value(),
            ", vote n", found.hard_state.vote.value(), " and a log up to ",
            found.last.value(), " of term ", found.end.term.value(),
            "; durable were term ", durable.hard_state.term.value(), ", vote n",
            durable.hard_state.vote.value(), " and a log up to ",
            durable.last.value(), " of term ", durable.end.term.value(),
            ", and ", states.empty() ? 0 : states.size() - 1,
            " stores were under way"));
  }
  states.clear();
  states.push_back(found);
}

void StoreStream::OnStore(const NodeLife& life, const persist::Store& store,
                          const LogMirror& log) {
  std::deque<State>& states = states_[life.node];
  states.push_back(
      {.sequence = store.sequence,
       .hard_state = store.hard_state.value_or(states.back().hard_state),
       .last = log.last(),
       .end = EndOf(log)});
}

void StoreStream::OnDurable(const NodeLife& life, persist::Sequence upto) {
  std::deque<State>& states = states_[life.node];
  while (states.size() > 1 && states[1].sequence <= upto) states.pop_front();
}

}  // namespace scenarios
