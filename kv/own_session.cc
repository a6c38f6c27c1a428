#include "kv/own_session.h"

#include <algorithm>
#include <optional>

#include "runtime/check.h"

namespace kv {

// On the stack of the one who waits. What it was granted and cannot use any
// more, because its fiber is unwound, goes to the next.
struct OwnSession::Waiter {
  explicit Waiter(OwnSession& joined)
      : owner(joined), fiber(*joined.executor_.current()) {
    owner.waiting_.push_back(this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (!granted.has_value()) {
      const auto found =
          std::find(owner.waiting_.begin(), owner.waiting_.end(), this);
      if (found != owner.waiting_.end()) owner.waiting_.erase(found);
      return;
    }
    if (*granted == Entrance::kGo) --owner.granted_;
    if (used) return;
    if (*granted == Entrance::kOpen) owner.opening_ = false;
    owner.LetIn();
  }

  OwnSession& owner;
  runtime::Fiber& fiber;
  std::optional<Entrance> granted;
  bool used = false;
};

OwnSession::Entrance OwnSession::Enter(runtime::Instant deadline) {
  for (;;) {
    if (waiting_.empty()) {
      if (id_ == 0 && !opening_) {
        opening_ = true;
        return Entrance::kOpen;
      }
      if (Room() > granted_) return Entrance::kGo;
    }
    Waiter waiter(*this);
    (void)executor_.Park(deadline);
    if (!waiter.granted.has_value()) return Entrance::kTooLate;
    waiter.used = true;
    // The session may have expired since.
    if (*waiter.granted == Entrance::kOpen || id_ != 0) return *waiter.granted;
  }
}

size_t OwnSession::numbers_pending() const {
  size_t pending = 0;
  for (const auto& [id, numbers] : numbers_) pending += numbers.pending.size();
  return pending;
}

uint64_t OwnSession::Room() const {
  if (id_ == 0) return 0;
  const Numbers& numbers = numbers_.at(id_);
  const uint64_t used = numbers.next_sequence - numbers.first_pending();
  return used >= kWindow ? 0 : kWindow - used;
}

void OwnSession::LetIn() {
  while (!waiting_.empty()) {
    if (id_ == 0) {
      if (opening_) return;
      opening_ = true;
      Grant(Entrance::kOpen);
      return;
    }
    if (Room() <= granted_) return;
    ++granted_;
    Grant(Entrance::kGo);
  }
}

void OwnSession::Grant(Entrance entrance) {
  Waiter& waiter = *waiting_.front();
  waiting_.pop_front();
  waiter.granted = entrance;
  executor_.Unpark(waiter.fiber);
}

void OwnSession::Opened(uint64_t session) {
  opening_ = false;
  if (session != 0) {
    id_ = session;
    const bool fresh = numbers_.try_emplace(session).second;
    CHECK(fresh, "session ", session, " was opened twice");
  }
  LetIn();
}

void OwnSession::Expired(uint64_t session) {
  if (id_ != session) return;
  id_ = 0;
  LetIn();
}

OwnSession::Turn::Turn(OwnSession& owner) : owner_(owner), session_(owner.id_) {
  Numbers& numbers = owner.numbers_.at(session_);
  sequence_ = numbers.next_sequence++;
  numbers.pending.insert(sequence_);
}

OwnSession::Turn::~Turn() {
  const auto it = owner_.numbers_.find(session_);
  it->second.pending.erase(sequence_);
  if (it->second.pending.empty() && session_ != owner_.id_) {
    owner_.numbers_.erase(it);
  }
  owner_.LetIn();
}

SessionStamp OwnSession::Turn::stamp() const {
  return {session_, sequence_, owner_.numbers_.at(session_).first_pending()};
}

}  // namespace kv
