// Whoever proposes a command is told the truth, once (raft/node.h, Outcome):
//
//   applied   the entry that took the command is committed, of the term that
//             took it, and applied on the node that answers
//   lost      the place of the entry is committed with one of another term
//   refused   the command has never been in a log
//
// answered-twice, answered-untruly.

#ifndef SCENARIOS_CHECKS_ANSWERS_H_
#define SCENARIOS_CHECKS_ANSWERS_H_

#include <string>
#include <vector>

#include "persist/record.h"
#include "raft/node.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

// Of one life.
class Answers {
 public:
  // All must outlive this.
  Answers(Violations& violations, const CommittedLog& committed, NodeLife life)
      : violations_(violations), committed_(committed), life_(life) {}

  void OnStep(const CoreStep& step);
  // `applied` is how far this node has applied.
  void OnAnswered(raft::Ticket ticket, const raft::Outcome& outcome,
                  persist::Index applied);

 private:
  enum class Stage : uint8_t { kAsked, kInLog, kReads, kAnswered };
  struct Request {
    Stage stage = Stage::kAsked;
    persist::Index index;  // kInLog; kReads: what must be applied.
    persist::Term term;    // kInLog.
  };

  Request& Of(raft::Ticket ticket);
  // What is wrong with `outcome`; "" if nothing.
  std::string Lie(const Request& request, const raft::Outcome& outcome,
                  persist::Index applied) const;
  // Whether entry `index` is committed, and with this term.
  bool Committed(persist::Index index, persist::Term term) const;

  Violations& violations_;
  const CommittedLog& committed_;
  const NodeLife life_;
  std::vector<Request> requests_;  // By ticket: they are dense.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ANSWERS_H_
