#include "raft/core/unsynced.h"

#include <algorithm>

#include "runtime/check.h"

namespace raft {

void Unsynced::Begin(Sequence sequence, runtime::Instant now) {
  CHECK(waiting_.empty() || waiting_.back().sequence < sequence);
  waiting_.push_back({sequence, last_, now});
}

void Unsynced::AppendedUpTo(Index last) {
  CHECK(!waiting_.empty(), "an append without a store");
  CHECK_GE(last, last_);
  last_ = last;
  waiting_.back().completes = last;
}

void Unsynced::TruncatedFrom(Index from) {
  const Index left = from.Previous();
  last_ = std::min(last_, left);
  durable_ = std::min(durable_, left);
  for (auto store = waiting_.rbegin();
       store != waiting_.rend() && store->completes > left; ++store) {
    store->completes = left;
  }
}

void Unsynced::SyncedUpTo(Sequence sequence) {
  while (!waiting_.empty() && waiting_.front().sequence <= sequence) {
    durable_ = std::max(durable_, waiting_.front().completes);
    waiting_.pop_front();
  }
}

Sequence Unsynced::DurableAfter(Index index) const {
  CHECK_LE(index, last_);
  if (index <= durable_) return Sequence();
  const auto store = std::lower_bound(
      waiting_.begin(), waiting_.end(), index,
      [](const Waiting& w, Index i) { return w.completes < i; });
  CHECK(store != waiting_.end(), "entry ", index.value(), " was never stored");
  return store->sequence;
}

std::optional<runtime::Instant> Unsynced::oldest() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().since;
}

}  // namespace raft
