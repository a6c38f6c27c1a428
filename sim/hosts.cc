#include "sim/hosts.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"
#include "sim/sim_disk.h"
#include "sim/sim_executor.h"
#include "sim/sim_network.h"

namespace sim {
namespace {

// How long a machine may have been up when the world begins: the clocks of two
// hosts show different times.
constexpr absl::Duration kUptimeMax = absl::Hours(1);

// Of the crashes by the knobs, how many take the power with them.
constexpr uint32_t kPowerFailsPpm = 500'000;

// Processes with an abandoned fiber. Reachable, so that they are no leak.
void Bury(std::unique_ptr<SimProcess> process) {
  static auto* const graveyard = new std::vector<SimProcess*>();
  graveyard->push_back(process.release());
}

}  // namespace

Hosts::Host::Host(const Time& world_now, runtime::Instant origin)
    : clock(world_now, origin) {}

Hosts::Host::~Host() = default;

Hosts::Hosts(World& world, Engine& engine, SimNetwork& network)
    : world_(world), engine_(engine), network_(network) {}

Hosts::~Hosts() = default;

void Hosts::EndAll() {
  for (HostId id = 0; id < hosts_.size(); ++id) EndLife(id, Crash::kProcess);
}

void Hosts::CheckOutside() const {
  CHECK(engine_.running == nullptr, "a process cannot do this to the world");
}

HostId Hosts::Add(absl::string_view name) {
  CheckOutside();
  const HostId id = static_cast<HostId>(hosts_.size());
  engine_.chronicle.AddHost(name);
  hosts_.push_back(std::make_unique<Host>(engine_.now, DrawClockOrigin(id, 0)));
  hosts_.back()->disk = std::make_unique<SimDisk>(world_, id);
  return id;
}

// ---------------------------------------------------------------------- clocks

runtime::Instant Hosts::DrawClockOrigin(HostId id, uint64_t power_failures) {
  runtime::Random dice =
      engine_.Stream("host.clock_origin", id, power_failures);
  return runtime::Instant() + dice.Between(absl::Nanoseconds(1), kUptimeMax);
}

void Hosts::DrawClockDrift(HostId id) {
  Host& host = *hosts_[id];
  const int64_t drift_max_ppm = engine_.knobs.process.clock_drift_max_ppm;
  const int32_t before = host.drift_drawn_ppm;
  host.drift_drawn_ppm = 0;
  if (drift_max_ppm > 0) {
    runtime::Random dice =
        engine_.Stream("host.clock_drift", id, host.drift_draws++);
    host.drift_drawn_ppm =
        static_cast<int32_t>(dice.Between(-drift_max_ppm, drift_max_ppm));
  }
  if (host.drift_drawn_ppm == before) return;
  if (host.drift_drawn_ppm != 0) {
    engine_.chronicle.CountFault(id, "clock.drift", 1);
  }
  ApplyClockDrift(id);
}

void Hosts::SetClockDrift(HostId id, int32_t parts_per_million) {
  hosts_[id]->drift_set_ppm = parts_per_million;
  ApplyClockDrift(id);
}

void Hosts::ApplyClockDrift(HostId id) {
  Host& host = *hosts_[id];
  const int32_t ppm =
      std::clamp(host.drift_drawn_ppm + host.drift_set_ppm,
                 -SimClock::kDriftMaxPpm, SimClock::kDriftMaxPpm);
  engine_.chronicle.Record(id, "clock.drift", {{"ppm", ppm}});
  host.clock.SetDrift(ppm);
  if (host.process == nullptr) return;
  host.process->network_executor().RearmWake();
  host.process->storage_executor().RearmWake();
}

void Hosts::JumpWallClock(HostId id, absl::Duration by) {
  engine_.chronicle.Record(id, "clock.jump",
                           {{"by_ns", absl::ToInt64Nanoseconds(by)}});
  hosts_[id]->clock.JumpWall(by);
}

// ----------------------------------------------------------------------- lives

void Hosts::Boot(HostId id, std::function<void(Process&)> body) {
  CheckOutside();
  Host& host = *hosts_[id];
  CHECK(host.process == nullptr, "host ", id, " runs a process already");
  if (host.boots == 0) {
    DrawClockDrift(id);
    DrawCpuFactor(id);
  }
  const uint64_t boot = ++host.boots;
  engine_.chronicle.Record(id, "process.boot", {{"boot", boot}});
  host.process = std::make_unique<SimProcess>(
      engine_, host.clock, id, boot,
      [this, id](SimProcess::End end) { OnEnd(id, std::move(end)); });
  SimProcess& process = *host.process;
  const uint32_t factor = host.cpu_factor_drawn * host.cpu_factor_set;
  process.network_executor().SetCpuFactor(factor);
  process.storage_executor().SetCpuFactor(factor);
  PlanCrashInRecovery(id);
  // One after the other: both may draw.
  std::unique_ptr<net::Network> network =
      network_.Attach(process.life(), process.network_executor());
  std::unique_ptr<persist::Disk> disk =
      host.disk->Attach(process.life(), process.storage_executor());
  process.Attach(std::move(network), std::move(disk));
  process.Start(std::move(body));
}

void Hosts::Kill(HostId id) {
  CheckOutside();
  if (!running(id)) return;
  engine_.chronicle.Record(id, "process.kill", {{"boot", boots(id)}});
  EndLife(id, Crash::kProcess);
}

void Hosts::PowerOff(HostId id) {
  CheckOutside();
  engine_.chronicle.Record(id, "host.power_off", {{"boot", boots(id)}});
  EndLife(id, Crash::kPower);
}

void Hosts::CrashFromInside(HostId id, Crash crash) {
  CHECK(running(id));
  hosts_[id]->process->CrashNow(crash);
}

void Hosts::OnEnd(HostId id, SimProcess::End end) {
  // The fiber that ended it still runs: it is unwound by the next event.
  engine_.queue.PushAction(engine_.now, EventClass::kFault,
                           [this, id, boot = boots(id), end = std::move(end)] {
                             Reap(id, boot, end);
                           });
}

void Hosts::Reap(HostId id, uint64_t boot, const SimProcess::End& end) {
  // A fault may have been faster.
  if (!running(id) || boots(id) != boot) return;
  engine_.chronicle.Record(
      id, end.crash.has_value() ? "process.crash" : "process.exit",
      {{"boot", boot}, {"code", end.code}, {"why", end.why}});
  EndLife(id, end.crash.value_or(Crash::kProcess));
  if (on_exit_) on_exit_(id, end.code, end.why);
}

void Hosts::EndLife(HostId id, Crash how) {
  Host& host = *hosts_[id];
  const bool power_lost = how == Crash::kPower;
  host.paused = false;
  if (host.process != nullptr && host.process->abandoned()) {
    Bury(std::move(host.process));
  }
  host.process.reset();
  network_.OnProcessEnd(id, host.boots, power_lost);
  if (!power_lost) return;
  host.clock.Restart(DrawClockOrigin(id, ++host.power_failures));
  host.disk->PowerOff();
}

void Hosts::SetPaused(HostId id, bool paused) {
  CheckOutside();
  Host& host = *hosts_[id];
  if (host.process == nullptr || host.paused == paused) return;
  host.paused = paused;
  engine_.chronicle.Record(id, paused ? "process.pause" : "process.resume",
                           {{"boot", host.boots}});
  host.process->network_executor().SetPaused(paused);
  host.process->storage_executor().SetPaused(paused);
}

void Hosts::SetCpuFactor(HostId id, uint32_t factor) {
  hosts_[id]->cpu_factor_set = factor;
  ApplyCpuFactor(id);
}

void Hosts::DrawCpuFactor(HostId id) {
  Host& host = *hosts_[id];
  const ProcessKnobs& knobs = engine_.knobs.process;
  const uint32_t before = host.cpu_factor_drawn;
  host.cpu_factor_drawn = std::max(knobs.cpu_factor_min, 1u);
  if (knobs.cpu_factor_max > knobs.cpu_factor_min) {
    runtime::Random dice =
        engine_.Stream("host.cpu_factor", id, host.factor_draws++);
    host.cpu_factor_drawn = static_cast<uint32_t>(dice.Between(
        int64_t{knobs.cpu_factor_min}, int64_t{knobs.cpu_factor_max}));
  }
  if (host.cpu_factor_drawn == before) return;
  if (host.cpu_factor_drawn > 1) {
    engine_.chronicle.CountFault(id, "cpu.slow_host", 1);
  }
  ApplyCpuFactor(id);
}

void Hosts::ApplyCpuFactor(HostId id) {
  Host& host = *hosts_[id];
  const uint32_t factor = host.cpu_factor_drawn * host.cpu_factor_set;
  engine_.chronicle.Record(id, "cpu.factor", {{"factor", factor}});
  if (host.process == nullptr) return;
  host.process->network_executor().SetCpuFactor(factor);
  host.process->storage_executor().SetCpuFactor(factor);
}

// --------------------------------------------------------- crashes by the
// knobs

void Hosts::PlanCrashInRecovery(HostId id) {
  Host& host = *hosts_[id];
  host.crash_in_suspensions = 0;
  host.crash_dice.reset();
  host.allocation_dice.reset();
  const uint32_t ppm = engine_.knobs.process.crash_in_recovery_ppm;
  if (ppm == 0 || host.spared) return;
  runtime::Random dice =
      engine_.Stream("process.crash_in_recovery", id, host.boots);
  if (!dice.Chance(ppm)) return;
  host.crash_in_suspensions =
      1 + static_cast<uint32_t>(dice.Below(kRecoverySuspensions));
}

void Hosts::AfterSuspension(HostId id) {
  Host& host = *hosts_[id];
  if (host.process == nullptr || host.spared || !host.process->life()->alive) {
    return;
  }
  const ProcessKnobs& knobs = engine_.knobs.process;
  if (!host.crash_dice.has_value()) {
    host.crash_dice.emplace(engine_.Stream("process.crash", id, host.boots));
  }
  const char* struck = nullptr;
  if (host.crash_in_suspensions > 0 && --host.crash_in_suspensions == 0 &&
      knobs.crash_in_recovery_ppm > 0) {
    struck = "process.crash_in_recovery";
  } else if (knobs.crash_at_suspend_ppm > 0 &&
             host.crash_dice->Chance(knobs.crash_at_suspend_ppm)) {
    struck = "process.crash_at_suspend";
  }
  if (struck == nullptr) return;
  engine_.chronicle.CountFault(id, struck, 1);
  const bool power = host.crash_dice->Chance(kPowerFailsPpm);
  Reap(id, host.boots,
       SimProcess::EndBy(power ? Crash::kPower : Crash::kProcess));
}

void Hosts::MayFailToAllocate(HostId id) {
  Host& host = *hosts_[id];
  if (host.process == nullptr || host.spared || !host.process->life()->alive) {
    return;
  }
  if (!host.allocation_dice.has_value()) {
    host.allocation_dice.emplace(
        engine_.Stream("process.allocation", id, host.boots));
  }
  const uint32_t ppm = engine_.knobs.process.allocation_failure_ppm;
  if (!host.allocation_dice->Chance(ppm)) return;
  engine_.chronicle.CountFault(id, "process.allocation_failure", 1);
  host.process->FailToAllocate();
}

}  // namespace sim
