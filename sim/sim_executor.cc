#include "sim/sim_executor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/check.h"
#include "sim/guest_code.h"

namespace sim {
namespace {

struct StreamLabels {
  const char* schedule;
  const char* cost;
  const char* post;
  const char* priority;
};

// By ExecutorRole.
constexpr StreamLabels kStreamLabels[] = {
    {"network.schedule", "network.cost", "network.post", "network.priority"},
    {"storage.schedule", "storage.cost", "storage.post", "storage.priority"}};

}  // namespace

SimExecutor::SimExecutor(Engine& engine, SimClock& clock,
                         std::shared_ptr<const Life> life, ExecutorRole role)
    : Executor(clock, engine.stacks),
      engine_(engine),
      sim_clock_(clock),
      life_(std::move(life)),
      id_(static_cast<uint32_t>(engine.executors.size())),
      role_(role),
      schedule_dice_(engine.Stream(kStreamLabels[size_t(role)].schedule,
                                   life_->host, life_->boot)),
      cost_dice_(engine.Stream(kStreamLabels[size_t(role)].cost, life_->host,
                               life_->boot)),
      post_dice_(engine.Stream(kStreamLabels[size_t(role)].post, life_->host,
                               life_->boot)) {
  engine_.executors.push_back(this);
}

SimExecutor::~SimExecutor() { engine_.executors[id_] = nullptr; }

void SimExecutor::Post(Task task) {
  if (!alive()) return;
  const ProcessKnobs& knobs = engine_.knobs.process;
  const Time delay =
      post_dice_.Between(post_delay_min_.Of(knobs.post_delay_min),
                         post_delay_max_.Of(knobs.post_delay_max));
  const uint32_t lane = LaneOf(engine_.running);
  lanes_[lane].tasks.push_back(std::move(task));
  engine_.queue.Push(engine_.now + delay, EventKind::kTask, id_, lane);
}

void SimExecutor::SetPaused(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  if (paused) return;
  for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
    for (; lanes_[lane].put_off > 0; --lanes_[lane].put_off) {
      engine_.queue.Push(engine_.now, EventKind::kTask, id_, lane);
    }
  }
  ArmWake();
  if (ready_count() > 0) ScheduleSlice();
}

void SimExecutor::RearmWake() {
  // The wakes under way were for other times than they now are.
  for (Armed& armed : armed_) {
    armed.deadline = runtime::Instant::InfiniteFuture();
  }
  ArmWake();
}

bool SimExecutor::RunSlice() {
  slice_scheduled_ = false;
  if (paused_) return false;
  if (ready_count() == 0) return true;  // What was ready has been unwound.

  const ProcessKnobs& knobs = engine_.knobs.process;
  const size_t position = PickFiber();
  const Time cost = cost_dice_.Between(cpu_cost_min_.Of(knobs.cpu_cost_min),
                                       cpu_cost_max_.Of(knobs.cpu_cost_max)) *
                    cpu_factor_;
  busy_until_ = engine_.now + cost;
  engine_.chronicle.Step("slice", host(), StepLane(EventKind::kSlice, position),
                         [&] {
                           return std::array<runtime::NoteField, 4>{
                               runtime::NoteField("executor", id_),
                               {"ready", uint64_t{ready_count()}},
                               {"picked", uint64_t{position}},
                               {"cost", cost}};
                         });

  EnterGuest();
  RunReady(position);
  LeaveGuest();

  if (!alive()) return true;
  if (ready_count() > 0) ScheduleSlice();
  ArmWake();
  return true;
}

size_t SimExecutor::PickFiber() {
  switch (engine_.knobs.process.schedule) {
    case Schedule::kRandom:
      return ready_count() > 1 ? schedule_dice_.Below(ready_count()) : 0;
    case Schedule::kFifo:
      return 0;
    case Schedule::kPct:
      return PickByPriority();
  }
  return 0;
}

size_t SimExecutor::PickByPriority() {
  if (!priorities_.has_value()) {
    priorities_.emplace(engine_.Priorities(
        kStreamLabels[size_t(role_)].priority, life_->host, life_->boot));
  }
  const uint64_t changes = priorities_->changes();
  const size_t position = priorities_->Pick(
      ready_count(),
      [this](size_t i) -> uint64_t { return ready_fiber(i).id(); });
  if (priorities_->changes() != changes) {
    engine_.chronicle.CountFault(host(), "schedule.priority_changed",
                                 priorities_->changes() - changes);
  }
  return position;
}

bool SimExecutor::RunWake() {
  armed_.pop_back();
  if (paused_) return false;
  engine_.chronicle.Step("wake", host(), StepLane(EventKind::kWake, 0), [&] {
    return std::array<runtime::NoteField, 1>{
        runtime::NoteField("executor", id_)};
  });
  WakeExpired(Now());
  ArmWake();
  return true;
}

bool SimExecutor::RunTask(uint32_t lane) {
  if (paused_) {
    ++lanes_[lane].put_off;
    return false;
  }
  engine_.chronicle.Step("task", host(), StepLane(EventKind::kTask, lane), [&] {
    return std::array<runtime::NoteField, 2>{
        runtime::NoteField("executor", id_), {"lane", lane}};
  });
  Task task = std::move(lanes_[lane].tasks.front());
  lanes_[lane].tasks.pop_front();
  EnterGuest();
  task();
  task = nullptr;  // What it holds may have something to say as well.
  LeaveGuest();
  if (alive()) ArmWake();
  return true;
}

void SimExecutor::Work(uint64_t units) {
  const Time cost = work_cost_.Of(engine_.knobs.process.work_cost);
  sim_clock_.Work(static_cast<Time>(units) * cost * cpu_factor_);
}

void SimExecutor::EnterGuest() {
  engine_.running = this;
  guest_code_runs = true;
}

void SimExecutor::LeaveGuest() {
  guest_code_runs = false;
  engine_.running = nullptr;
  const Time worked = sim_clock_.TakeWorked();
  if (worked != 0) busy_until_ = std::max(busy_until_, engine_.now) + worked;
}

void SimExecutor::SuspendForEver() {
  CHECK(!alive());
  // Not Park(): a fiber that was cancelled would not be set aside.
  for (;;) Yield();
}

void SimExecutor::OnReady() {
  if (alive() && !paused_) ScheduleSlice();
}

void SimExecutor::ScheduleSlice() {
  if (slice_scheduled_) return;
  slice_scheduled_ = true;
  if (engine_.gathers_woken && busy_until_ <= engine_.now) {
    engine_.woken.push_back(id_);
    return;
  }
  engine_.queue.Push(std::max(engine_.now, busy_until_), EventKind::kSlice,
                     id_);
}

void SimExecutor::ArmWake() {
  const runtime::Instant deadline = next_deadline();
  if (deadline == runtime::Instant::InfiniteFuture()) return;
  if (!armed_.empty() && armed_.back().deadline <= deadline) return;
  const Time at = sim_clock_.WorldTimeOf(deadline);
  if (at == kNever || (!armed_.empty() && armed_.back().at <= at)) return;
  armed_.push_back({.at = at, .deadline = deadline});
  engine_.queue.Push(at, EventKind::kWake, id_);
}

uint32_t SimExecutor::LaneOf(const SimExecutor* poster) {
  for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].poster == poster) return lane;
  }
  lanes_.push_back({.poster = poster, .tasks = {}, .put_off = 0});
  return static_cast<uint32_t>(lanes_.size() - 1);
}

uint64_t SimExecutor::StepLane(EventKind kind, uint64_t detail) const {
  return static_cast<uint64_t>(kind) << 56 | uint64_t{id_} << 24 | detail;
}

}  // namespace sim
