#include "sim/world.h"

#include <array>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "sim/engine.h"
#include "sim/probes.h"
#include "sim/sim_clock.h"
#include "sim/sim_executor.h"
#include "sim/sim_process.h"

#if __has_include("sim/sim_network.h")
#define SIM_HAS_NETWORK 1
#include "sim/sim_network.h"
#endif
#if __has_include("sim/sim_disk.h")
#define SIM_HAS_DISK 1
#include "sim/sim_disk.h"
#endif

namespace sim {
namespace {

// How long a machine may have been up when the world begins: the clocks of two
// hosts show different times.
constexpr absl::Duration kUptimeMax = absl::Hours(1);

struct Host {
  Host(const Time& world_now, runtime::Instant origin)
      : clock(world_now, origin) {}

  SimClock clock;
  uint64_t boots = 0;
  uint64_t power_failures = 0;
  uint32_t cpu_factor = 1;
  bool paused = false;
#ifdef SIM_HAS_DISK
  std::unique_ptr<SimDisk> disk;
#endif
  std::unique_ptr<SimProcess> process;
};

}  // namespace

class World::Impl {
 public:
  Impl(World& world, WorldOptions options);
  ~Impl();

  void AddHost(absl::string_view name);
  void Boot(HostId id, std::function<void(Process&)> body);
  void EndProcess(HostId id, absl::string_view how, bool power_lost = false);
  void LosePower(HostId id);
  void SetPaused(HostId id, bool paused);
  bool DispatchNext();
  bool RunNext();
  [[noreturn]] void CrashFromInside(HostId id, Crash crash);

  // The check handler of the program while there is a world.
  static void OnCheckFailed(const runtime::CheckFailure& failure);

  Host& host(HostId id) { return *hosts_[id]; }
  // For what only drivers may do.
  void CheckOutside() const {
    CHECK(engine_.running == nullptr, "a process cannot do this to the world");
  }

  World& world_;
  Engine engine_;
  Probes probes_;
#ifdef SIM_HAS_NETWORK
  std::unique_ptr<SimNetwork> network_;
#endif
  std::vector<std::unique_ptr<Host>> hosts_;
  std::function<void(HostId, int, const std::string&)> on_exit_;
  std::function<void()> after_event_;
  runtime::CheckHandler check_handler_before_ = nullptr;

 private:
  runtime::Instant DrawClockOrigin(HostId id, uint64_t power_failures);
  bool Dispatch(const Event& event);
  void AfterEvent();
  void OnEnd(HostId id, SimProcess::End end);
  void Reap(HostId id, uint64_t boot, const SimProcess::End& end);
  // `power_lost`: together with the process, so that its host says nothing.
  void Unwind(HostId id, bool power_lost);

  static Impl* current_;  // The one world of the program.
  // Processes with an abandoned fiber, whose stacks nobody may unwind: they
  // stay as they are until the program ends.
  static std::vector<SimProcess*>& Graveyard();
};

World::Impl* World::Impl::current_ = nullptr;

std::vector<SimProcess*>& World::Impl::Graveyard() {
  static auto* const graveyard = new std::vector<SimProcess*>();
  return *graveyard;
}

World::Impl::Impl(World& world, WorldOptions options)
    : world_(world),
      engine_(options.seed, options.knobs, options.tape, options.trace),
      probes_(engine_) {
  CHECK(current_ == nullptr, "one world at a time");
  current_ = this;
  check_handler_before_ = runtime::SetCheckHandler(&OnCheckFailed);
}

World::Impl::~Impl() {
  runtime::SetCheckHandler(check_handler_before_);
  current_ = nullptr;
}

void World::Impl::OnCheckFailed(const runtime::CheckFailure& failure) {
  Engine& engine = current_->engine_;
  SimExecutor* const running = engine.running;
  engine.chronicle.Fail(
      engine.running_host(), absl::StrCat("CHECK ", failure.file),
      absl::StrCat(failure.file, ":", failure.line, ": ", failure.condition,
                   failure.message.empty() ? "" : ": ", failure.message));
  if (running != nullptr && running->current() != nullptr) {
    current_->host(running->host()).process->SetAbandoned();
    running->AbandonCurrent();
  }
  // Nobody to set aside: the caller prints the evidence and aborts.
  std::fprintf(stderr, "In the world of seed %llu, event %llu:\n",
               static_cast<unsigned long long>(engine.seed),
               static_cast<unsigned long long>(engine.chronicle.event()));
}

// ----------------------------------------------------------------------- hosts

void World::Impl::AddHost(absl::string_view name) {
  const HostId id = static_cast<HostId>(hosts_.size());
  engine_.chronicle.AddHost(name);
  hosts_.push_back(std::make_unique<Host>(engine_.now, DrawClockOrigin(id, 0)));
#ifdef SIM_HAS_DISK
  hosts_.back()->disk = std::make_unique<SimDisk>(world_, id);
#endif
}

runtime::Instant World::Impl::DrawClockOrigin(HostId id,
                                              uint64_t power_failures) {
  runtime::Random dice =
      engine_.Stream("host.clock_origin", id, power_failures);
  return runtime::Instant() + dice.Between(absl::Nanoseconds(1), kUptimeMax);
}

void World::Impl::Boot(HostId id, std::function<void(Process&)> body) {
  CheckOutside();
  Host& host = *hosts_[id];
  CHECK(host.process == nullptr, "host ", id, " runs a process already");
  if (host.boots == 0) {
    const int64_t drift_max_ppm = engine_.knobs.process.clock_drift_max_ppm;
    runtime::Random dice = engine_.Stream("host.clock_drift", id);
    host.clock.SetDrift(
        static_cast<int32_t>(dice.Between(-drift_max_ppm, drift_max_ppm)));
  }
  const uint64_t boot = ++host.boots;
  engine_.chronicle.Record(id, "process.boot", {{"boot", boot}});
  host.process = std::make_unique<SimProcess>(
      engine_, host.clock, id, boot,
      [this, id](SimProcess::End end) { OnEnd(id, std::move(end)); });
  SimProcess& process = *host.process;
  process.network_executor().SetCpuFactor(host.cpu_factor);
  process.storage_executor().SetCpuFactor(host.cpu_factor);
  std::unique_ptr<net::Network> network;
  std::unique_ptr<persist::Disk> disk;
#ifdef SIM_HAS_NETWORK
  network = network_->Attach(process.life(), process.network_executor());
#endif
#ifdef SIM_HAS_DISK
  disk = host.disk->Attach(process.life(), process.storage_executor());
#endif
  process.Attach(std::move(network), std::move(disk));
  process.Start(std::move(body));
}

void World::Impl::EndProcess(HostId id, absl::string_view how,
                             bool power_lost) {
  CheckOutside();
  if (hosts_[id]->process != nullptr) {
    engine_.chronicle.Record(id, how, {{"boot", hosts_[id]->boots}});
  }
  Unwind(id, power_lost);
}

void World::Impl::LosePower(HostId id) {
  Host& host = *hosts_[id];
  host.clock.Restart(DrawClockOrigin(id, ++host.power_failures));
#ifdef SIM_HAS_DISK
  host.disk->PowerOff();
#endif
}

void World::Impl::SetPaused(HostId id, bool paused) {
  CheckOutside();
  Host& host = *hosts_[id];
  if (host.process == nullptr || host.paused == paused) return;
  host.paused = paused;
  engine_.chronicle.Record(id, paused ? "process.pause" : "process.resume", {});
  host.process->network_executor().SetPaused(paused);
  host.process->storage_executor().SetPaused(paused);
}

void World::Impl::CrashFromInside(HostId id, Crash crash) {
  SimProcess* const process = hosts_[id]->process.get();
  CHECK(process != nullptr);
  process->CrashNow(crash);
}

void World::Impl::OnEnd(HostId id, SimProcess::End end) {
  // The fiber that ended it still runs: it is unwound by the next event.
  engine_.queue.PushAction(engine_.now, EventClass::kFault,
                           [this, id, boot = hosts_[id]->boots,
                            end = std::move(end)] { Reap(id, boot, end); });
}

void World::Impl::Reap(HostId id, uint64_t boot, const SimProcess::End& end) {
  Host& host = *hosts_[id];
  // A fault may have been faster.
  if (host.process == nullptr || host.boots != boot) return;
  engine_.chronicle.Record(
      id, end.crash.has_value() ? "process.crash" : "process.exit",
      {{"boot", boot}, {"code", end.code}, {"why", end.why}});
  Unwind(id, end.crash == Crash::kPower);
  if (end.crash == Crash::kPower) LosePower(id);
  if (on_exit_) on_exit_(id, end.code, end.why);
}

void World::Impl::Unwind(HostId id, bool power_lost) {
  Host& host = *hosts_[id];
  host.paused = false;
  if (host.process != nullptr && host.process->abandoned()) {
    Graveyard().push_back(host.process.release());
  }
  host.process.reset();
#ifdef SIM_HAS_NETWORK
  network_->OnProcessEnd(id, host.boots, power_lost);
#endif
}

// ---------------------------------------------------------------------- events

bool World::Impl::RunNext() {
  if (!DispatchNext()) return false;
  AfterEvent();
  return true;
}

// False if the event came to nothing, and was none.
bool World::Impl::DispatchNext() {
  const bool random = engine_.knobs.process.schedule == Schedule::kRandom;
  const Event event = engine_.queue.Pop(random ? &engine_.ties : nullptr);
  engine_.now = event.at;
  return Dispatch(event);
}

bool World::Impl::Dispatch(const Event& event) {
  if (event.kind == EventKind::kAction) {
    const auto event_class = static_cast<uint64_t>(event.event_class());
    engine_.chronicle.Step("action", kNoHost, event_class, [&] {
      return std::array<runtime::NoteField, 1>{
          runtime::NoteField("class", event_class)};
    });
    Action action = engine_.queue.TakeAction(event);
    action();
    return true;
  }
  SimExecutor* const executor = engine_.executors[event.executor];
  if (executor == nullptr || !executor->alive()) return false;
  switch (event.kind) {
    case EventKind::kSlice:
      return executor->RunSlice();
    case EventKind::kWake:
      return executor->RunWake();
    case EventKind::kTask:
      return executor->RunTask(event.detail);
    case EventKind::kAction:
      break;
  }
  return false;
}

void World::Impl::AfterEvent() {
  engine_.chronicle.EndEvent();
  if (engine_.tape != nullptr && !engine_.tape->mismatch().empty()) {
    engine_.chronicle.Fail(kNoHost, "tape",
                           std::string(engine_.tape->mismatch()));
  }
  // After a failed check the guest's state means nothing.
  if (after_event_ && !engine_.chronicle.failure().has_value()) after_event_();
}

// ----------------------------------------------------------------------- World

World::World(WorldOptions options)
    : impl_(std::make_unique<Impl>(*this, std::move(options))) {
  runtime::probe_sink = this;
#ifdef SIM_HAS_NETWORK
  impl_->network_ = std::make_unique<SimNetwork>(*this);
#endif
}

World::~World() {
  // Destructors of the guest may still speak of themselves while they unwind.
  for (HostId host = 0; host < host_count(); ++host)
    impl_->EndProcess(host, "process.end");
  // What is under way may hold on to network and disks.
  impl_->engine_.queue.Clear();
  runtime::probe_sink = nullptr;
}

HostId World::AddHost(absl::string_view name) {
  impl_->AddHost(name);
  return static_cast<HostId>(host_count() - 1);
}
size_t World::host_count() const { return impl_->hosts_.size(); }
const std::string& World::host_name(HostId host) const {
  return impl_->engine_.chronicle.host_name(host);
}

void World::Boot(HostId host, std::function<void(Process&)> body) {
  impl_->Boot(host, std::move(body));
}
bool World::running(HostId host) const {
  return impl_->host(host).process != nullptr;
}
uint64_t World::boots(HostId host) const { return impl_->host(host).boots; }

void World::Kill(HostId host) { impl_->EndProcess(host, "process.kill"); }
void World::PowerOff(HostId host) {
  impl_->EndProcess(host, "process.power_off", /*power_lost=*/true);
  impl_->LosePower(host);
}
void World::Pause(HostId host) { impl_->SetPaused(host, true); }
void World::Resume(HostId host) { impl_->SetPaused(host, false); }
bool World::paused(HostId host) const { return impl_->host(host).paused; }
void World::SetExitHandler(
    std::function<void(HostId, int, const std::string&)> handler) {
  impl_->on_exit_ = std::move(handler);
}

#ifdef SIM_HAS_NETWORK
SimNetwork& World::network() { return *impl_->network_; }
#endif
#ifdef SIM_HAS_DISK
SimDisk& World::disk(HostId host) { return *impl_->host(host).disk; }
#endif
Knobs& World::knobs() { return impl_->engine_.knobs; }

void World::SetClockDrift(HostId host, int32_t parts_per_million) {
  Host& where = impl_->host(host);
  Record(host, "clock.drift", {{"ppm", parts_per_million}});
  where.clock.SetDrift(parts_per_million);
  if (where.process == nullptr) return;
  where.process->network_executor().RearmWake();
  where.process->storage_executor().RearmWake();
}
void World::JumpWallClock(HostId host, absl::Duration by) {
  Record(host, "clock.jump", {{"by_ns", absl::ToInt64Nanoseconds(by)}});
  impl_->host(host).clock.JumpWall(by);
}
const runtime::Clock& World::clock(HostId host) const {
  return impl_->host(host).clock;
}
void World::SetCpuFactor(HostId host, uint32_t factor) {
  Host& where = impl_->host(host);
  Record(host, "cpu.factor", {{"factor", factor}});
  where.cpu_factor = factor;
  if (where.process == nullptr) return;
  where.process->network_executor().SetCpuFactor(factor);
  where.process->storage_executor().SetCpuFactor(factor);
}

Time World::now() const { return impl_->engine_.now; }

void World::At(Time at, EventClass event_class, Action action) {
  CHECK_GE(at, now());
  impl_->engine_.queue.PushAction(at, event_class, std::move(action));
}

bool World::Step() {
  while (!failure().has_value() && !impl_->engine_.queue.empty()) {
    if (impl_->RunNext()) return !failure().has_value();
  }
  return false;
}

void World::RunUntil(Time until) {
  CHECK_GE(until, now());
  EventQueue& queue = impl_->engine_.queue;
  while (!failure().has_value() && !queue.empty() &&
         queue.next_time() <= until) {
    impl_->RunNext();
  }
  if (!failure().has_value()) impl_->engine_.now = until;
}

void World::RunFor(absl::Duration span) {
  RunUntil(now() + absl::ToInt64Nanoseconds(span));
}

void World::SetAfterEvent(std::function<void()> hook) {
  impl_->after_event_ = std::move(hook);
}

runtime::Random World::Stream(absl::string_view label, uint64_t a, uint64_t b) {
  return impl_->engine_.Stream(label, a, b);
}

void World::Fail(absl::string_view check, std::string message) {
  impl_->engine_.chronicle.Fail(impl_->engine_.running_host(), check,
                                std::move(message));
}
const std::optional<Failure>& World::failure() const {
  return impl_->engine_.chronicle.failure();
}
uint64_t World::events() const { return impl_->engine_.chronicle.event(); }
Digest& World::digest() { return impl_->engine_.chronicle.digest(); }
void World::CountFault(absl::string_view kind, uint64_t count) {
  impl_->engine_.chronicle.CountFault(impl_->engine_.running_host(), kind,
                                      count);
}
FaultCounts World::fault_counts() const {
  return impl_->engine_.chronicle.fault_counts();
}
std::vector<std::pair<std::string, uint64_t>> World::reached() const {
  return impl_->probes_.reached();
}

void World::Record(HostId host, absl::string_view kind,
                   std::initializer_list<runtime::NoteField> fields) {
  impl_->engine_.chronicle.Record(host, kind, fields);
}
void World::CrashFromInside(HostId host, Crash crash) {
  impl_->CrashFromInside(host, crash);
}

void World::OnNote(absl::string_view kind,
                   std::span<const runtime::NoteField> fields) {
  impl_->engine_.chronicle.Record(impl_->engine_.running_host(), kind, fields);
}
void World::OnReached(const runtime::ProbeSite& site) {
  impl_->probes_.OnReached(site);
}
bool World::OnBuggify(const runtime::ProbeSite& site) {
  return impl_->probes_.OnBuggify(site);
}

}  // namespace sim
