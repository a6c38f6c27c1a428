// The simulated world: hosts, time, network, disks and the schedule, all from
// one seed. It hosts any guest and knows no protocol.
//
//   sim::World world({.seed = 7});
//   sim::HostId a = world.AddHost("a");
//   world.Boot(a, [](sim::Process& process) { ... runs on a fiber ... });
//   world.RunFor(absl::Seconds(10));
//   world.PowerOff(a);               // unsynced bytes are at the dice's mercy
//   world.Boot(a, ...);              // finds the disk it left
//
// One event runs at a time, on the thread of the caller. Time jumps to the next
// event. The same seed and the same calls give the same run, bit for bit: see
// digest(). One World at a time per program (it is the listener of the probes
// and the handler of failed checks).
//
// Reading order: knobs.h (what can go wrong and how often), world.h,
// event.h, engine.h, sim_executor.h, sim_process.h, sim_network.h, sim_disk.h,
// digest.h, trace.h, tape.h, divergence.h.

#ifndef SIM_WORLD_H_
#define SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/network.h"
#include "persist/disk.h"
#include "runtime/clock.h"
#include "runtime/executor.h"
#include "runtime/probe.h"
#include "runtime/random.h"
#include "sim/action.h"
#include "sim/chronicle.h"
#include "sim/digest.h"
#include "sim/event.h"
#include "sim/knobs.h"
#include "sim/tape.h"
#include "sim/trace.h"

namespace sim {

class SimDisk;
class SimNetwork;

// What a booted process has of the world. Dead handles after a kill: every call
// fails and nothing reaches the world any more.
class Process {
 public:
  virtual ~Process() = default;
  virtual HostId host() const = 0;
  // From 1; counts the boots of this host.
  virtual uint64_t boot() const = 0;
  virtual runtime::Executor& network_executor() = 0;
  virtual runtime::Executor& storage_executor() = 0;
  virtual net::Network& network() = 0;  // On the network executor.
  virtual persist::Disk& disk() = 0;    // On the storage executor.
  // A stream of this process: host and boot are part of its name. The same
  // label twice gives the same draws.
  virtual runtime::Random Stream(absl::string_view label) = 0;
  // Ends the process from inside, as exit() would; its disk keeps what the
  // page cache holds. Does not return.
  [[noreturn]] virtual void Exit(int code, absl::string_view why) = 0;
};

// How a process dies inside a call that it made to the world.
enum class Crash : uint8_t {
  kProcess,  // As by Kill().
  kPower,    // As by PowerOff().
};

// The exit code of a process that Crash ended: 128 + SIGKILL.
inline constexpr int kExitCrashed = 137;
// The exit code of a process that found no memory: 128 + SIGABRT.
inline constexpr int kExitOutOfMemory = 134;

struct WorldOptions {
  uint64_t seed = 1;
  Knobs knobs = {};
  ChoiceTape* tape = nullptr;  // Records or replaces choices; see tape.h.
  TraceSink* trace = nullptr;  // Null: no trace (the digest is always kept).
};

class World final : public runtime::ProbeSink {
 public:
  explicit World(WorldOptions options);
  ~World() override;

  // ---- hosts
  // All of it from outside of processes: from drivers, not from fibers.
  HostId AddHost(absl::string_view name);
  size_t host_count() const;
  const std::string& host_name(HostId host) const;
  // Starts a process on a host that runs none: `body` is its root fiber, on the
  // network executor. When it returns, the process has exited.
  // Requires: !running(host).
  void Boot(HostId host, std::function<void(Process&)> body);
  // From Boot() until the process has been unwound; one that ends by itself is
  // unwound in the same instant, before anything else happens.
  bool running(HostId host) const;
  uint64_t boots(HostId host) const;

  // kill -9: the process is gone now; the page cache survives. Does nothing if
  // there is no process.
  void Kill(HostId host);
  // The power fails: the process, if there is one, is gone and so is what was
  // not synced, by the crash layout that the dice choose. The monotonic clock
  // of the host begins anew.
  void PowerOff(HostId host);
  // SIGSTOP and SIGCONT: time goes on, nothing runs, what comes due waits.
  // Pausing a host without a process does nothing; a new process is not paused.
  void Pause(HostId host);
  void Resume(HostId host);
  bool paused(HostId host) const;
  // Called when a process ends by itself (not by Kill or PowerOff), right after
  // it has been unwound. May boot it again.
  void SetExitHandler(
      std::function<void(HostId, int code, const std::string& why)> handler);

  // ---- the things that can be broken
  SimNetwork& network();
  SimDisk& disk(HostId host);
  Knobs& knobs();  // May be changed while running.
  // Rate error of the host's clock from now on, besides the one that was drawn.
  void SetClockDrift(HostId host, int32_t parts_per_million);
  // Moves the host's wall clock; the monotonic one does not notice.
  void JumpWallClock(HostId host, absl::Duration by);
  const runtime::Clock& clock(HostId host) const;
  // Every event of the host costs this many times what it would cost otherwise.
  void SetCpuFactor(HostId host, uint32_t factor);
  // Draws what is wrong with the host's clock, or how slow it is, anew from the
  // knobs in force; what was set lies over it. Hosts do so by themselves when
  // they boot for the first time.
  void DrawClockDrift(HostId host);
  void DrawCpuFactor(HostId host);
  // As drawn.
  int32_t drawn_clock_drift_ppm(HostId host) const;
  uint32_t drawn_cpu_factor(HostId host) const;
  // From now on no knob ends its processes: a host of the one who tests.
  void SpareFromCrashes(HostId host);

  // ---- time
  Time now() const;
  // Runs `action` at `at` (not before now()), outside any host. Small callables
  // (Action::kInlineBytes) cost no allocation.
  void At(Time at, EventClass event_class, Action action);
  // One event. False when there is none, or the world has failed.
  bool Step();
  // All events up to and including `until`, which is then the time. Stops
  // early when the world fails.
  void RunUntil(Time until);
  void RunFor(absl::Duration span);
  // Called after every event, and must not change the world.
  void SetAfterEvent(std::function<void()> hook);

  // ---- randomness, for drivers, nemeses and the parts of the world
  // The same name twice gives the same draws: open each stream once.
  runtime::Random Stream(absl::string_view label, uint64_t a = 0,
                         uint64_t b = 0);

  // ---- what happened
  // Stops the world. The first failure counts.
  void Fail(absl::string_view check, std::string message);
  const std::optional<Failure>& failure() const;
  uint64_t events() const;
  Digest& digest();
  void CountFault(absl::string_view kind, uint64_t count = 1);
  // The same, and readers of a trace are told whom it struck ("struck", or
  // "net.struck" on the way to somebody): the digest does not know.
  void CountFault(absl::string_view kind, const Victim& victim,
                  uint64_t count = 1);
  FaultCounts fault_counts() const;
  // How often each SOMETIMES and REACHABLE site was reached, by name; also
  // those that were not.
  std::vector<std::pair<std::string, uint64_t>> reached() const;

  // ---- for the parts of the world (network, disks)
  // Something happened, at `host` or kNoHost: goes into digest and trace.
  void Record(HostId host, absl::string_view kind,
              std::initializer_list<runtime::NoteField> fields);
  // Something that only readers of a trace want to know: it is not part of the
  // digest, so a run is the same with and without it. Costs nothing without a
  // trace, if the fields are only built when traced().
  // kNoHost: at the host whose process runs now, if any does.
  void Explain(TraceLevel level, HostId host, absl::string_view kind,
               std::initializer_list<runtime::NoteField> fields);
  void Explain(TraceLevel level, HostId host, absl::string_view kind,
               std::span<const runtime::NoteField> fields);
  // Whether anybody follows the run. What is only for them is not built else.
  bool traced() const;
  // A message of the guest on its way: into the trace, not into the digest.
  void ShowMessage(HostId host, absl::string_view kind,
                   std::span<const runtime::NoteField> fields);
  // Ends the process whose fiber calls: nothing of it runs or has an effect any
  // more; the fiber is unwound, with all others, before anything else happens.
  // The exit handler is then called with kExitCrashed. Does not return.
  // Requires: on a fiber of a process of `host`.
  [[noreturn]] void CrashFromInside(HostId host, Crash crash = Crash::kProcess);
  // To be called by every call of a process to disk or network, before it has
  // any effect: here an allocation may fail, which ends the process like that,
  // with kExitOutOfMemory.
  void MayFailToAllocate();

  // ProbeSink.
  void OnNote(absl::string_view kind,
              std::span<const runtime::NoteField> fields) override;
  void OnReached(const runtime::ProbeSite& site) override;
  bool OnBuggify(const runtime::ProbeSite& site) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim

#endif  // SIM_WORLD_H_
