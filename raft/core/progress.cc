#include "raft/core/progress.h"

#include <algorithm>

#include "runtime/check.h"

namespace raft {

void Window::Add(Index last, size_t bytes, runtime::Instant now) {
  CHECK(inflight_.empty() || inflight_.back().last <= last);
  if (inflight_.empty()) waiting_since_ = now;
  inflight_.push_back({last, bytes});
  bytes_ += bytes;
}

void Window::FreeUpTo(Index match, runtime::Instant now) {
  while (!inflight_.empty() && inflight_.front().last <= match) {
    bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
    waiting_since_ = now;
  }
}

void Progress::Acknowledge(Index upto, uint64_t of_session,
                           runtime::Instant now) {
  match = std::max(match, upto);
  next = std::max(next, match.Next());
  if (probing() != nullptr) {
    if (of_session != session) return;
    // Anything behind the probed place has not been sent in this session.
    next = match.Next();
    state = Replicating{};
  }
  replicating()->window.FreeUpTo(match, now);
}

void Progress::Probe(Index next_index) {
  next = std::max(next_index, match.Next());
  ++session;
  state = Probing{};
}

}  // namespace raft
