#include "kv/leader_line.h"

#include <utility>

namespace kv {

using runtime::Instant;
using runtime::NodeId;
using runtime::Wake;

// On the stack of the one who waits.
struct LeaderLine::Waiter {
  Waiter(LeaderLine& joined, uint64_t number)
      : line(joined), at(number), fiber(*joined.executor_.current()) {
    line.line_.emplace(at, this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (!released) line.line_.erase(at);
  }

  LeaderLine& line;
  const uint64_t at;
  runtime::Fiber& fiber;
  bool released = false;
};

LeaderLine::LeaderLine(runtime::Executor& executor, raft::Node& node,
                       runtime::Random random)
    : executor_(executor),
      node_(node),
      random_(std::move(random)),
      changed_(executor),
      fibers_(executor) {
  node_.WatchLeadership(&changed_);
  fibers_.Spawn("kv.leader_line", [this] { Run(); });
}

LeaderLine::~LeaderLine() { node_.WatchLeadership(nullptr); }

bool LeaderLine::open() const {
  return open_to_ != NodeId() && node_.status().leader == open_to_;
}

bool LeaderLine::Await(Ticket& ticket, Instant deadline) {
  if (ticket.number == 0) ticket.number = ++last_number_;
  if (line_.empty()) changed_.NotifyAll();
  Waiter waiter(*this, ticket.number);
  (void)executor_.Park(deadline);
  return waiter.released;
}

void LeaderLine::OnTaken(NodeId leader) {
  if (open_to_ == leader && !slow_) return;
  open_to_ = leader;
  slow_ = false;
  changed_.NotifyAll();
}

void LeaderLine::OnRefused() { open_to_ = NodeId(); }

void LeaderLine::Release(size_t count) {
  for (size_t i = 0; i < count && !line_.empty(); ++i) {
    Waiter& waiter = *line_.begin()->second;
    line_.erase(line_.begin());
    waiter.released = true;
    executor_.Unpark(waiter.fiber);
  }
}

// A leader or a term that nobody has tried yet is tried at once.
bool LeaderLine::ScoutDue(const raft::NodeStatus& now) const {
  return now.leader != scouted_leader_ || now.term != scouted_term_ ||
         executor_.Now() >= next_scout_;
}

void LeaderLine::Run() {
  while (!fibers_.cancelled()) {
    const raft::NodeStatus now = node_.status();
    if (line_.empty() || now.leader == NodeId()) {
      if (changed_.WaitWake() == Wake::kCancelled) return;
    } else if (open() && !slow_) {
      Release(kPerTurn);
      executor_.Yield();
    } else if (ScoutDue(now)) {
      scouted_leader_ = now.leader;
      scouted_term_ = now.term;
      next_scout_ = executor_.Now() + random_.Between(kPauseMin, kPauseMax);
      Release(1);
    } else if (changed_.WaitWake(next_scout_) == Wake::kCancelled) {
      return;
    }
  }
}

}  // namespace kv
