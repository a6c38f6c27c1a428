// The other end of a run: a majority heals, the core; everything else stays
// broken for good. The core must work all the same (see final_demands.h), and
// its leader must stay: whatever those outside still shout at it.
//
// The core is drawn: at least a majority, never everybody; the present leader
// may be in it or not. Each node outside stays cut off where it is, and gets
// one more fault, which never ends: it is dead, or paused; it speaks to the
// core and does not hear it; it hears and does not speak; it does neither; its
// links come and go; or it is so slow, in itself and in its links, that nobody
// can wait for it. Each is aimed at the whole core: who has whole links to a
// part of it could lead rightly, and Raft promises nothing to the rest.
//
// Livelock: once the core has had the time to elect a leader, terms stand still
// and so does leadership, as long as none of the core ends by itself. If not,
// the world ends with "core-livelock".
//
// A core that stalls is excused only with a proof from its disks; each excuse
// is a function of its own.

#ifndef SCENARIOS_CORE_END_H_
#define SCENARIOS_CORE_END_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/random.h"
#include "scenarios/cluster.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class CoreEnd {
 public:
  // After the leader was due, so often may it change: an election may just then
  // be under way.
  static constexpr uint32_t kLeaderChangesMax = 1;

  // Draws the core. All must outlive this.
  CoreEnd(sim::World& world, Cluster& cluster, const Scenario& scenario);

  // Plans the breaking and the watch. The nodes of the core are healed by
  // others: at the same instant, before.
  void Start();

  // Sorted.
  const std::vector<uint32_t>& core() const { return core_; }

  // ---- why a core need not work, proved from its disks; nullopt: it must
  std::optional<std::string> Excuse();
  // An entry that was committed is on no disk of the core.
  std::optional<std::string> CommittedEntriesAreLost();
  // Damage that is still there keeps so many of the core down that the rest is
  // no majority (damage_ledger.h).
  std::optional<std::string> TooFewDisksAreWhole();

 private:
  enum class Fault : uint8_t {
    kDead,
    kPaused,
    kDeaf,
    kMute,
    kCutOff,
    kFlapping,
    kSlow,
  };

  void BreakTheRest();
  void Break(uint32_t node);
  void CutFromCore(uint32_t node);
  void CutToCore(uint32_t node);
  void Flap(uint32_t node, bool cut);
  void SlowDown(uint32_t node);
  void Watch();
  void Livelock(uint64_t term);

  sim::World& world_;
  Cluster& cluster_;
  const Scenario& scenario_;
  runtime::Random dice_;
  std::vector<uint32_t> core_;
  std::vector<uint32_t> rest_;

  // From when the leader was due on.
  uint64_t boots_ = 0;
  uint32_t leader_ = 0;
  uint64_t term_ = 0;
  uint32_t leader_changes_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_CORE_END_H_
