// Where requests wait while nobody takes them: in the order in which they came,
// and for the event, not for a time.
//
// While no leader is known nobody tries. When one is, the first of the line
// tries, and after each pause one more; as soon as one of them gets through,
// all others follow, so many a turn, so that the fibers that replicate and
// elect have their turns in between. Whoever is turned away again keeps its
// place.
//
// So what a node does while there is no leader does not depend on how many
// requests wait there, and what it does when there is one is spread.
//
// One executor: that of the node, which outlives this.

#ifndef KV_LEADER_LINE_H_
#define KV_LEADER_LINE_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "raft/node.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace kv {

class LeaderLine {
 public:
  // How many follow in one turn of the executor.
  static constexpr size_t kPerTurn = 64;
  // Between two that try whether somebody takes requests, drawn anew each time.
  static constexpr absl::Duration kPauseMin = absl::Milliseconds(5);
  static constexpr absl::Duration kPauseMax = absl::Milliseconds(25);

  LeaderLine(runtime::Executor& executor, raft::Node& node,
             runtime::Random random);
  LeaderLine(const LeaderLine&) = delete;
  LeaderLine& operator=(const LeaderLine&) = delete;
  ~LeaderLine();

  // A place in the line, for as long as a request lives.
  class Ticket {
   private:
    friend class LeaderLine;
    uint64_t number = 0;  // 0: has not waited yet.
  };

  // Whether requests need not wait: the leader that is known takes them.
  bool open() const;

  // Suspends until it is the ticket's turn to try. False: the deadline has
  // passed, or the fiber was cancelled.
  bool Await(Ticket& ticket, runtime::Instant deadline);

  // What those who tried were told: `leader` takes requests,
  void OnTaken(runtime::NodeId leader);
  // nobody took this one,
  void OnRefused();
  // the leader is there and has too much to do: one at a time, then.
  void OnBusy() { slow_ = true; }

  size_t size() const { return line_.size(); }

 private:
  struct Waiter;

  void Run();
  void Release(size_t count);
  // Whether it is time for one to try.
  bool ScoutDue(const raft::NodeStatus& now) const;

  runtime::Executor& executor_;
  raft::Node& node_;
  runtime::Random random_;

  uint64_t last_number_ = 0;
  absl::btree_map<uint64_t, Waiter*> line_;  // By number.

  runtime::NodeId open_to_;  // Has taken a request; 0: nobody.
  bool slow_ = false;
  // Of the last one that tried.
  runtime::Instant next_scout_;
  runtime::NodeId scouted_leader_;
  raft::Term scouted_term_;

  runtime::WaitQueue changed_;  // The fiber waits here, and for the node.
  runtime::FiberGroup fibers_;
};

}  // namespace kv

#endif  // KV_LEADER_LINE_H_
