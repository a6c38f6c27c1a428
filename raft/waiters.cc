#include "raft/waiters.h"

#include <utility>

#include "runtime/check.h"

namespace raft {
namespace {

Outcome Readable() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kApplied;
  return outcome;
}

}  // namespace

Waiters::Waiter::Waiter(Waiters& waiters, runtime::Executor& executor)
    : waiters_(waiters),
      ticket_(++waiters.tickets_),
      asked_at_(executor.Now()),
      done_(executor) {
  waiters_.asked_.emplace(ticket_, this);
}

Waiters::Waiter::~Waiter() { waiters_.Forget(*this); }

absl::Status Waiters::Waiter::Wait(runtime::Instant deadline) {
  while (stage_ != Stage::kAnswered) {
    const absl::Status waited = done_.Wait(deadline);
    if (!waited.ok() && stage_ != Stage::kAnswered) return waited;
  }
  return absl::OkStatus();
}

Waiters::~Waiters() {
  // Killed: those who wait are unwound after this and must not look back.
  AbandonAll();
}

void Waiters::OnAccepted(const Accepted& accepted, runtime::Instant now) {
  const auto found = asked_.find(accepted.ticket);
  if (found == asked_.end()) return;  // It gave up.
  Waiter& waiter = *found->second;
  asked_.erase(found);
  waiter.stage_ = Waiter::Stage::kInLog;
  waiter.index_ = accepted.index;
  waiter.term_ = accepted.term;
  waiter.in_log_at_ = now;
  in_log_.emplace(accepted.index, &waiter);
}

void Waiters::OnRefused(const Refused& refused, NodeId leader) {
  const auto found = asked_.find(refused.ticket);
  if (found == asked_.end()) return;
  Outcome outcome;
  outcome.kind = Outcome::Kind::kRefused;
  outcome.reason = refused.reason;
  // Who hands over is not the one to ask again.
  const bool leaves = refused.reason == RefusalReason::kHandingOver;
  outcome.leader_hint = leaves ? NodeId() : leader;
  Answer(*found->second, std::move(outcome));
}

void Waiters::OnReadReady(const ReadReady& ready, Index applied) {
  const auto found = asked_.find(ready.ticket);
  if (found == asked_.end()) return;
  Waiter& waiter = *found->second;
  if (ready.index <= applied) {
    Answer(waiter, Readable());
    return;
  }
  asked_.erase(found);
  waiter.stage_ = Waiter::Stage::kReadable;
  waiter.index_ = ready.index;
  readable_.emplace(ready.index, &waiter);
}

void Waiters::OnApplied(Index index, Term term, const runtime::Bytes* result,
                        StageClock& clock, runtime::Instant now) {
  for (auto at = in_log_.find(index); at != in_log_.end() && at->first == index;
       at = in_log_.find(index)) {
    Waiter& waiter = *at->second;
    Outcome outcome;
    outcome.index = index;
    if (waiter.term_ != term) {
      outcome.kind = Outcome::Kind::kLost;
    } else {
      CHECK(result != nullptr, "a command became something else at index ",
            index.value());
      outcome.kind = Outcome::Kind::kApplied;
      outcome.result = *result;
      outcome.stages = {.proposed = waiter.asked_at_,
                        .in_log = waiter.in_log_at_,
                        .durable = clock.Durable(index).value_or(now),
                        .committed = clock.Committed(index).value_or(now),
                        .applied = now};
    }
    Answer(waiter, std::move(outcome));
  }
}

void Waiters::OnReadable(Index applied) {
  while (!readable_.empty() && readable_.begin()->first <= applied) {
    Answer(*readable_.begin()->second, Readable());
  }
}

void Waiters::AbandonAll() {
  while (!asked_.empty()) Abandon(*asked_.begin()->second);
  while (!in_log_.empty()) Abandon(*in_log_.begin()->second);
  while (!readable_.empty()) Abandon(*readable_.begin()->second);
}

void Waiters::Answer(Waiter& waiter, Outcome outcome) {
  if (observer_ != nullptr) {
    observer_->OnAnswered(core_, waiter.ticket(), outcome);
  }
  Forget(waiter);
  waiter.outcome = std::move(outcome);
  waiter.done_.NotifyAll();
}

void Waiters::Abandon(Waiter& waiter) {
  Forget(waiter);
  waiter.done_.NotifyAll();
}

void Waiters::Forget(Waiter& waiter) {
  const auto erase_from = [&waiter](auto& by_index) {
    auto at = by_index.find(waiter.index_);
    while (at->second != &waiter) ++at;
    by_index.erase(at);
  };
  switch (std::exchange(waiter.stage_, Waiter::Stage::kAnswered)) {
    case Waiter::Stage::kAsked:
      asked_.erase(waiter.ticket_);
      break;
    case Waiter::Stage::kInLog:
      erase_from(in_log_);
      break;
    case Waiter::Stage::kReadable:
      erase_from(readable_);
      break;
    case Waiter::Stage::kAnswered:
      break;
  }
}

}  // namespace raft
