// What can be done to a cluster: one act of a scenario, in a step at its time
// or in chaos at random.
//
// The acts stand in acts_network.h, acts_disk.h and acts_process.h; how they
// are written in a file is in act_readers_*.cc, what they do in strikes_*.cc.

#ifndef SCENARIOS_ACT_H_
#define SCENARIOS_ACT_H_

#include <variant>
#include <vector>

#include "scenarios/acts_disk.h"
#include "scenarios/acts_network.h"
#include "scenarios/acts_process.h"
#include "scenarios/knob_table.h"

namespace scenarios {

// Knobs of the world lie over those in force.
struct SetKnobs {
  std::vector<KnobSetting> knobs;
};

using Act =
    std::variant<Isolate, Partition, Cut, Bridge, Ring, Split, CutClients, Flap,
                 Clog, Swizzle, ResetConnections, HalfOpen, Blackhole, Filter,
                 Heal, Crash, PowerOff, Restart, Stop, RollingRestart, Pause,
                 Resume, CrashLoop, SkewClock, SlowCpu, Transfer, FailSync,
                 TroubleDisk, CrashAtFile, RotDisk, WipeDisk, ShortenLog,
                 DisturbLink, SetKnobs>;

// "isolate", as in a scenario file.
const char* ActName(const Act& act);
// Whether it can be undone after a while (`for:`), and so used in chaos.
bool HasDuration(const Act& act);
// Whether it is over as soon as it has struck: needs no duration in chaos.
bool IsInstant(const Act& act);

}  // namespace scenarios

#endif  // SCENARIOS_ACT_H_
