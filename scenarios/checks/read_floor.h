// A linearizable read sees everything that was committed anywhere when it was
// asked for, and its leader was still the leader afterwards: a majority has
// echoed a round that left later than the question came (Raft §8, thesis §6.4).
// Who ceases to lead refuses the reads that still wait: nobody else answers.
//
// read-floor, read-round, read-forgotten.

#ifndef SCENARIOS_CHECKS_READ_FLOOR_H_
#define SCENARIOS_CHECKS_READ_FLOOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "persist/record.h"
#include "raft/core/core.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

// Of one life.
class ReadFloor {
 public:
  // Among `nodes` voters. All must outlive this.
  ReadFloor(Violations& violations, const CommittedLog& committed,
            NodeLife life, size_t nodes)
      : violations_(violations),
        committed_(committed),
        life_(life),
        nodes_(nodes) {}

  // It is about to be told something, and leads `term`.
  void OnEvent(const Told& told, persist::Term term);
  void OnStep(const CoreStep& step);
  void OnSendLeaves(const raft::Send& send);

 private:
  struct Asked {
    raft::Ticket ticket;
    persist::Index floor;  // Committed anywhere when it was asked.
    uint64_t round = 0;    // The first one that leaves after it was asked.
  };

  void BeginTerm(persist::Term term);
  size_t Echoes(uint64_t round);

  Violations& violations_;
  const CommittedLog& committed_;
  const NodeLife life_;
  const size_t nodes_;
  persist::Term term_;       // The rounds are of this term.
  uint64_t sent_ = 0;        // The last round that has left.
  ByNode<uint64_t> echoed_;  // The last round that came back.
  std::deque<Asked> asked_;  // Not ready, in order of asking.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_READ_FLOOR_H_
