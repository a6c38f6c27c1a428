#include "sim/world.h"

#include <array>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "runtime/work.h"
#include "sim/engine.h"
#include "sim/hosts.h"
#include "sim/probes.h"
#include "sim/sim_executor.h"
#include "sim/sim_network.h"

namespace sim {

// The loop over the events, and who listens to checks and probes.
class World::Impl final : public runtime::WorkSink {
 public:
  Impl(World& world, const WorldOptions& options);
  ~Impl() override;

  void OnWork(uint64_t units) override {
    if (engine_.running != nullptr) engine_.running->Work(units);
  }

  // The next of the queue, which must not be empty. False if it came to
  // nothing: it was for a process that is gone, or that is paused.
  bool RunNext();

  bool failed() const { return engine_.chronicle.failure().has_value(); }

  World& world_;
  Engine engine_;
  Probes probes_;
  std::unique_ptr<SimNetwork> network_;
  std::unique_ptr<Hosts> hosts_;
  std::function<void()> after_event_;

 private:
  // The check handler of the program while there is a world.
  static void OnCheckFailed(const runtime::CheckFailure& failure);

  Event PopNext();
  bool Dispatch(const Event& event);
  // Goes on with who became ready during the event.
  void RunWoken();
  bool RunSlice(SimExecutor& executor);
  void RunAction(const Event& event);
  void AfterEvent();

  static Impl* current_;  // The one world of the program.
  runtime::CheckHandler check_handler_before_ = nullptr;
};

World::Impl* World::Impl::current_ = nullptr;

World::Impl::Impl(World& world, const WorldOptions& options)
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
    current_->hosts_->SetAbandoned(running->host());
    running->AbandonCurrent();
  }
  // Nobody to set aside: the caller prints the evidence and aborts.
  std::fprintf(stderr, "In the world of seed %llu, event %llu:\n",
               static_cast<unsigned long long>(engine.seed),
               static_cast<unsigned long long>(engine.chronicle.event()));
}

bool World::Impl::RunNext() {
  const Event event = PopNext();
  engine_.now = event.at;
  // A slice was scheduled for its time; what other events wake may go on at
  // once.
  engine_.gathers_woken = event.kind != EventKind::kSlice;
  const bool happened = Dispatch(event);
  engine_.gathers_woken = false;
  if (!engine_.woken.empty()) RunWoken();
  if (!happened) return false;
  AfterEvent();
  return true;
}

Event World::Impl::PopNext() {
  const Schedule schedule = engine_.knobs.process.schedule;
  if (schedule != Schedule::kPct) {
    const bool random = schedule == Schedule::kRandom;
    return engine_.queue.Pop(random ? &engine_.ties : nullptr);
  }
  if (!engine_.tie_priorities.has_value()) {
    engine_.tie_priorities.emplace(engine_.Priorities("world.tie_priority"));
  }
  return engine_.queue.Pop(*engine_.tie_priorities);
}

bool World::Impl::Dispatch(const Event& event) {
  if (event.kind == EventKind::kAction) {
    RunAction(event);
    return true;
  }
  SimExecutor* const executor = engine_.executors[event.executor];
  if (executor == nullptr || !executor->alive()) return false;
  switch (event.kind) {
    case EventKind::kSlice:
      return RunSlice(*executor);
    case EventKind::kWake:
      return executor->RunWake();
    case EventKind::kTask:
      return executor->RunTask(event.detail);
    case EventKind::kAction:
      break;
  }
  return false;
}

void World::Impl::RunWoken() {
  // Priorities want every choice there is.
  const bool alone = engine_.woken.size() == 1 && !failed() &&
                     engine_.knobs.process.schedule != Schedule::kPct;
  for (const uint32_t id : engine_.woken) {
    SimExecutor* const executor = engine_.executors[id];
    if (executor == nullptr || !executor->alive()) continue;
    if (alone) {
      RunSlice(*executor);
    } else {
      engine_.queue.Push(engine_.now, EventKind::kSlice, id);
    }
  }
  engine_.woken.clear();
}

bool World::Impl::RunSlice(SimExecutor& executor) {
  const HostId host = executor.host();
  if (!executor.RunSlice()) return false;
  const ProcessKnobs& knobs = engine_.knobs.process;
  if (knobs.crash_at_suspend_ppm != 0 || knobs.crash_in_recovery_ppm != 0) {
    hosts_->AfterSuspension(host);
  }
  return true;
}

void World::Impl::RunAction(const Event& event) {
  const auto event_class = static_cast<uint64_t>(event.event_class());
  Action action = engine_.queue.TakeAction(event);
  engine_.chronicle.Step("action", kNoHost, event_class, [&] {
    return std::array<runtime::NoteField, 2>{
        runtime::NoteField("what", action.name()), {"class", event_class}};
  });
  action();
}

void World::Impl::AfterEvent() {
  engine_.chronicle.EndEvent();
  if (engine_.tape != nullptr && !engine_.tape->mismatch().empty()) {
    engine_.chronicle.Fail(kNoHost, "tape",
                           std::string(engine_.tape->mismatch()));
  }
  // After a failed check the guest's state means nothing.
  if (after_event_ && !failed()) after_event_();
}

// ----------------------------------------------------------------------- World

World::World(WorldOptions options)
    : impl_(std::make_unique<Impl>(*this, options)) {
  runtime::probe_sink = this;
  runtime::work_sink = impl_.get();
  impl_->network_ = std::make_unique<SimNetwork>(*this);
  impl_->hosts_ =
      std::make_unique<Hosts>(*this, impl_->engine_, *impl_->network_);
}

World::~World() {
  // Destructors of the guest may still speak of themselves while they unwind.
  impl_->hosts_->EndAll();
  runtime::probe_sink = nullptr;
  runtime::work_sink = nullptr;
  // What is under way holds on to network and disks.
  impl_->engine_.queue.Clear();
}

HostId World::AddHost(absl::string_view name) {
  return impl_->hosts_->Add(name);
}
size_t World::host_count() const { return impl_->hosts_->size(); }
const std::string& World::host_name(HostId host) const {
  return impl_->engine_.chronicle.host_name(host);
}

void World::Boot(HostId host, std::function<void(Process&)> body) {
  impl_->hosts_->Boot(host, std::move(body));
}
bool World::running(HostId host) const { return impl_->hosts_->running(host); }
uint64_t World::boots(HostId host) const { return impl_->hosts_->boots(host); }
void World::Kill(HostId host) { impl_->hosts_->Kill(host); }
void World::PowerOff(HostId host) { impl_->hosts_->PowerOff(host); }
void World::Pause(HostId host) { impl_->hosts_->SetPaused(host, true); }
void World::Resume(HostId host) { impl_->hosts_->SetPaused(host, false); }
bool World::paused(HostId host) const { return impl_->hosts_->paused(host); }
void World::SetExitHandler(
    std::function<void(HostId, int, const std::string&)> handler) {
  impl_->hosts_->SetExitHandler(std::move(handler));
}
void World::CrashFromInside(HostId host, Crash crash) {
  impl_->hosts_->CrashFromInside(host, crash);
}

void World::MayFailToAllocate() {
  Engine& engine = impl_->engine_;
  if (engine.knobs.process.allocation_failure_ppm == 0) return;
  if (engine.running == nullptr || engine.running->current() == nullptr) return;
  impl_->hosts_->MayFailToAllocate(engine.running->host());
}

SimNetwork& World::network() { return *impl_->network_; }
SimDisk& World::disk(HostId host) { return impl_->hosts_->disk(host); }
Knobs& World::knobs() { return impl_->engine_.knobs; }
void World::SetClockDrift(HostId host, int32_t parts_per_million) {
  impl_->hosts_->SetClockDrift(host, parts_per_million);
}
void World::JumpWallClock(HostId host, absl::Duration by) {
  impl_->hosts_->JumpWallClock(host, by);
}
const runtime::Clock& World::clock(HostId host) const {
  return impl_->hosts_->clock(host);
}
void World::SetCpuFactor(HostId host, uint32_t factor) {
  impl_->hosts_->SetCpuFactor(host, factor);
}

void World::DrawClockDrift(HostId host) { impl_->hosts_->DrawClockDrift(host); }
void World::DrawCpuFactor(HostId host) { impl_->hosts_->DrawCpuFactor(host); }
int32_t World::drawn_clock_drift_ppm(HostId host) const {
  return impl_->hosts_->drawn_clock_drift_ppm(host);
}
uint32_t World::drawn_cpu_factor(HostId host) const {
  return impl_->hosts_->drawn_cpu_factor(host);
}
void World::SpareFromCrashes(HostId host) {
  impl_->hosts_->SpareFromCrashes(host);
}

Time World::now() const { return impl_->engine_.now; }

void World::At(Time at, EventClass event_class, Action action) {
  CHECK_GE(at, now());
  impl_->engine_.queue.PushAction(at, event_class, std::move(action));
}

bool World::Step() {
  while (!impl_->failed() && !impl_->engine_.queue.empty()) {
    if (impl_->RunNext()) return !impl_->failed();
  }
  return false;
}

void World::RunUntil(Time until) {
  CHECK_GE(until, now());
  EventQueue& queue = impl_->engine_.queue;
  while (!impl_->failed() && !queue.empty() && queue.next_time() <= until) {
    impl_->RunNext();
  }
  if (!impl_->failed()) impl_->engine_.now = until;
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
  Engine& engine = impl_->engine_;
  engine.chronicle.Fail(engine.running_host(), check, std::move(message));
}
const std::optional<Failure>& World::failure() const {
  return impl_->engine_.chronicle.failure();
}
uint64_t World::events() const { return impl_->engine_.chronicle.event(); }
Digest& World::digest() { return impl_->engine_.chronicle.digest(); }
void World::CountFault(absl::string_view kind, uint64_t count) {
  Engine& engine = impl_->engine_;
  engine.chronicle.CountFault(engine.running_host(), kind, count);
}
void World::CountFault(absl::string_view kind, const Victim& victim,
                       uint64_t count) {
  CountFault(kind, count);
  if (!traced()) return;
  if (victim.to == kNoHost) {
    Explain(TraceLevel::kStory, victim.host, "struck", {{"what", kind}});
  } else {
    Explain(TraceLevel::kStory, victim.host, "net.struck",
            {{"what", kind}, {"to", host_name(victim.to)}});
  }
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

bool World::traced() const { return impl_->engine_.chronicle.traced(); }
void World::ShowMessage(HostId host, absl::string_view kind,
                        std::span<const runtime::NoteField> fields) {
  impl_->engine_.chronicle.Explain(TraceLevel::kMessages, host, kind, fields);
}
void World::Explain(TraceLevel level, HostId host, absl::string_view kind,
                    std::initializer_list<runtime::NoteField> fields) {
  Explain(level, host, kind, std::span(fields.begin(), fields.size()));
}
void World::Explain(TraceLevel level, HostId host, absl::string_view kind,
                    std::span<const runtime::NoteField> fields) {
  Engine& engine = impl_->engine_;
  engine.chronicle.Explain(
      level, host == kNoHost ? engine.running_host() : host, kind, fields);
}

void World::OnNote(absl::string_view kind,
                   std::span<const runtime::NoteField> fields) {
  Engine& engine = impl_->engine_;
  engine.chronicle.Record(engine.running_host(), kind, fields);
}
void World::OnReached(const runtime::ProbeSite& site) {
  impl_->probes_.OnReached(site);
}
bool World::OnBuggify(const runtime::ProbeSite& site) {
  return impl_->probes_.OnBuggify(site);
}

}  // namespace sim
