#include "sim/hosts.h"

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
  const int64_t drift_max_ppm = engine_.knobs.process.clock_drift_max_ppm;
  runtime::Random dice = engine_.Stream("host.clock_drift", id);
  hosts_[id]->clock.SetDrift(
      static_cast<int32_t>(dice.Between(-drift_max_ppm, drift_max_ppm)));
}

void Hosts::SetClockDrift(HostId id, int32_t parts_per_million) {
  Host& host = *hosts_[id];
  engine_.chronicle.Record(id, "clock.drift", {{"ppm", parts_per_million}});
  host.clock.SetDrift(parts_per_million);
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
  if (host.boots == 0) DrawClockDrift(id);
  const uint64_t boot = ++host.boots;
  engine_.chronicle.Record(id, "process.boot", {{"boot", boot}});
  host.process = std::make_unique<SimProcess>(
      engine_, host.clock, id, boot,
      [this, id](SimProcess::End end) { OnEnd(id, std::move(end)); });
  SimProcess& process = *host.process;
  process.network_executor().SetCpuFactor(host.cpu_factor);
  process.storage_executor().SetCpuFactor(host.cpu_factor);
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
  Host& host = *hosts_[id];
  engine_.chronicle.Record(id, "cpu.factor", {{"factor", factor}});
  host.cpu_factor = factor;
  if (host.process == nullptr) return;
  host.process->network_executor().SetCpuFactor(factor);
  host.process->storage_executor().SetCpuFactor(factor);
}

}  // namespace sim
