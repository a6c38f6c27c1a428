// What lies between the two runtimes of a node is bounded: neither a proposal
// nor an entry of a leader is taken in while as many stores, or as many bytes,
// are under way to the medium as may be (persist/stores_under_way.h).
//
// Counts for itself, by what the core hands out and the medium reports.
//
// storage-overfull.

#ifndef SCENARIOS_CHECKS_STORAGE_BOUND_H_
#define SCENARIOS_CHECKS_STORAGE_BOUND_H_

#include <cstdint>
#include <deque>

#include "persist/record.h"
#include "persist/stores_under_way.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

// Of one life.
class StorageBound {
 public:
  // `violations` must outlive this.
  StorageBound(Violations& violations, persist::StoreLimits limits)
      : violations_(violations), limits_(limits) {}

  void OnStep(const CoreStep& step);
  // The medium has reported everything up to `upto` durable.
  void OnStored(persist::Sequence upto);

 private:
  struct UnderWay {
    persist::Sequence sequence;
    uint64_t bytes;
  };

  void CheckTaken(const CoreStep& step) const;

  Violations& violations_;
  const persist::StoreLimits limits_;
  std::deque<UnderWay> stores_;  // Oldest first.
  uint64_t bytes_ = 0;           // Of all of them.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_STORAGE_BOUND_H_
