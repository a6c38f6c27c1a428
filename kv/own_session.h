// The session of a server in the replicated state, as its own requests use it:
// one number each, of which only so many may be under way; who finds no room
// waits in the order of coming, and as many are let in as there is room.
//
// One executor.

#ifndef KV_OWN_SESSION_H_
#define KV_OWN_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"

#include "kv/command.h"
#include "kv/sessions.h"
#include "runtime/executor.h"
#include "runtime/instant.h"

namespace kv {

class OwnSession {
 public:
  // Entries under way beyond the oldest unanswered one; those behind wait. Half
  // of what a session can hold.
  static constexpr uint64_t kWindow = Sessions::kResultsMax / 2;

  explicit OwnSession(runtime::Executor& executor) : executor_(executor) {}
  OwnSession(const OwnSession&) = delete;
  OwnSession& operator=(const OwnSession&) = delete;

  enum class Entrance : uint8_t {
    kGo,       // Make a Turn, before suspending again.
    kOpen,     // There is no session: open one, and then call Opened().
    kTooLate,  // Or cancelled.
  };
  // Suspends, if need be.
  Entrance Enter(runtime::Instant deadline);

  // 0: it could not be opened, and the next one may try.
  void Opened(uint64_t session);
  // The store has forgotten it.
  void Expired(uint64_t session);

  // 0: none.
  uint64_t id() const { return id_; }

  // Numbers under way, and sessions that have nothing else left to do.
  size_t numbers_pending() const;
  size_t sessions_left() const { return numbers_.size() - numbers_.count(id_); }

  // A number in the session, for as long as its entry is under way. Lies on the
  // stack of the fiber that waits for the answer.
  class Turn {
   public:
    explicit Turn(OwnSession& owner);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    uint64_t session() const { return session_; }
    SessionStamp stamp() const;

   private:
    OwnSession& owner_;
    const uint64_t session_;
    uint64_t sequence_;
  };

 private:
  struct Waiter;

  // Of one session; those before the last live until their entries have been
  // answered.
  struct Numbers {
    uint64_t next_sequence = 1;
    absl::btree_set<uint64_t> pending;

    uint64_t first_pending() const {
      return pending.empty() ? next_sequence : *pending.begin();
    }
  };

  // How many more may enter.
  uint64_t Room() const;
  void LetIn();
  void Grant(Entrance entrance);

  runtime::Executor& executor_;
  uint64_t id_ = 0;
  bool opening_ = false;
  uint64_t granted_ = 0;  // May go, and have not had their turn to.
  absl::btree_map<uint64_t, Numbers> numbers_;  // By session.
  std::deque<Waiter*> waiting_;
};

}  // namespace kv

#endif  // KV_OWN_SESSION_H_
