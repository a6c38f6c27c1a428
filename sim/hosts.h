// The machines of a world and the lives of their processes: boot, pause, exit,
// crash, kill, power failure.
//
// Every end of a process goes the same way: its life is marked dead, so that
// nothing it does has an effect any more; its fibers are unwound; the network
// hears how it ended; and if the power failed, so do clock and disk.

#ifndef SIM_HOSTS_H_
#define SIM_HOSTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "sim/engine.h"
#include "sim/event.h"
#include "sim/sim_clock.h"
#include "sim/sim_process.h"
#include "sim/world.h"

namespace sim {

class Hosts {
 public:
  // All three must outlive this.
  Hosts(World& world, Engine& engine, SimNetwork& network);
  // Requires: no process runs; see EndAll().
  ~Hosts();

  HostId Add(absl::string_view name);
  size_t size() const { return hosts_.size(); }

  // As in World.
  void Boot(HostId id, std::function<void(Process&)> body);
  void Kill(HostId id);
  void PowerOff(HostId id);
  void SetPaused(HostId id, bool paused);
  [[noreturn]] void CrashFromInside(HostId id, Crash crash);
  void SetExitHandler(
      std::function<void(HostId, int, const std::string&)> handler) {
    on_exit_ = std::move(handler);
  }
  bool running(HostId id) const { return hosts_[id]->process != nullptr; }
  bool paused(HostId id) const { return hosts_[id]->paused; }
  uint64_t boots(HostId id) const { return hosts_[id]->boots; }

  const SimClock& clock(HostId id) const { return hosts_[id]->clock; }
  SimDisk& disk(HostId id) { return *hosts_[id]->disk; }
  void SetClockDrift(HostId id, int32_t parts_per_million);
  void JumpWallClock(HostId id, absl::Duration by);
  void SetCpuFactor(HostId id, uint32_t factor);
  void DrawClockDrift(HostId id);
  void DrawCpuFactor(HostId id);
  int32_t drawn_clock_drift_ppm(HostId id) const {
    return hosts_[id]->drift_drawn_ppm;
  }
  uint32_t drawn_cpu_factor(HostId id) const {
    return hosts_[id]->cpu_factor_drawn;
  }
  void SpareFromCrashes(HostId id) { hosts_[id]->spared = true; }

  // A fiber of the process of this host, if it still has one, has been set
  // aside: the knobs may end it here. On no fiber.
  void AfterSuspension(HostId id);
  // As in World. Requires: on a fiber of the process of this host.
  void MayFailToAllocate(HostId id);

  // The end of the world, while all of it is still there.
  void EndAll();

  // A fiber of the process of this host was abandoned by a failed check. Its
  // stack must not be unwound, nor what it owns: the process stays as it is
  // until the program ends.
  void SetAbandoned(HostId id) { hosts_[id]->process->SetAbandoned(); }

 private:
  struct Host {
    Host(const Time& world_now, runtime::Instant origin);
    ~Host();

    SimClock clock;
    uint64_t boots = 0;
    uint64_t power_failures = 0;
    // What is wrong with it: as drawn, and as set on top of that.
    uint32_t cpu_factor_drawn = 1;
    uint32_t cpu_factor_set = 1;
    int32_t drift_drawn_ppm = 0;
    int32_t drift_set_ppm = 0;
    uint64_t factor_draws = 0;
    uint64_t drift_draws = 0;
    bool paused = false;
    bool spared = false;
    // Of the present process: after so many more suspensions it crashes; 0:
    // not planned.
    uint32_t crash_in_suspensions = 0;
    // Made when first needed.
    std::optional<runtime::Random> crash_dice;
    std::optional<runtime::Random> allocation_dice;
    std::unique_ptr<SimDisk> disk;
    std::unique_ptr<SimProcess> process;  // Null: none runs.
  };

  // For what only drivers may do.
  void CheckOutside() const;
  runtime::Instant DrawClockOrigin(HostId id, uint64_t power_failures);
  void ApplyClockDrift(HostId id);
  void ApplyCpuFactor(HostId id);
  // Whether this boot is to be cut short, and when.
  void PlanCrashInRecovery(HostId id);
  void OnEnd(HostId id, SimProcess::End end);
  void Reap(HostId id, uint64_t boot, const SimProcess::End& end);
  void EndLife(HostId id, Crash how);

  World& world_;
  Engine& engine_;
  SimNetwork& network_;
  std::vector<std::unique_ptr<Host>> hosts_;  // By HostId.
  std::function<void(HostId, int, const std::string&)> on_exit_;
};

}  // namespace sim

#endif  // SIM_HOSTS_H_
