// The bird in the mine: a run with a planted bug that must be found. A sweep in
// which it survives has proved nothing about its other seeds either: checks
// that are never evaluated pass every seed.
//
// The bug is one of the harness, not a switch in the product: node n1 gets its
// disk through a wrapper that says "durable" and has not synced. So n1 promises
// votes and entries that a power failure takes back.

#ifndef SCENARIOS_CANARY_H_
#define SCENARIOS_CANARY_H_

#include <cstdint>
#include <memory>

#include "persist/disk.h"
#include "scenarios/run_result.h"

namespace scenarios {

// A disk whose syncs, of files and of directories, succeed and do nothing; all
// else it hands on to `disk`, which must outlive it.
std::unique_ptr<persist::Disk> DiskThatNeverSyncs(persist::Disk& disk);

// One seed of a small scenario with the bug. A result that passed is a canary
// that survived.
RunResult RunCanary(uint64_t seed);

// The same scenario without the bug, for tests of the sweep: it passes.
RunResult RunHarmlessCanary(uint64_t seed);

}  // namespace scenarios

#endif  // SCENARIOS_CANARY_H_
