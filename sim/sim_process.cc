#include "sim/sim_process.h"

#include <utility>

#include "runtime/check.h"

namespace sim {

SimProcess::SimProcess(Engine& engine, SimClock& clock, HostId host,
                       uint64_t boot, EndHandler on_end)
    : engine_(engine),
      on_end_(std::move(on_end)),
      life_(std::make_shared<Life>(Life{.host = host, .boot = boot})),
      network_executor_(engine, clock, life_, ExecutorRole::kNetwork),
      storage_executor_(engine, clock, life_, ExecutorRole::kStorage),
      root_(std::make_unique<runtime::FiberGroup>(network_executor_)) {}

SimProcess::~SimProcess() {
  CHECK(!abandoned_);
  life_->alive = false;
  root_.reset();
  // Tasks under way may hold what is attached to the executors.
  network_executor_.DropTasks();
  storage_executor_.DropTasks();
}

void SimProcess::Attach(std::unique_ptr<net::Network> network,
                        std::unique_ptr<persist::Disk> disk) {
  network_ = std::move(network);
  disk_ = std::move(disk);
}

void SimProcess::Start(std::function<void(Process&)> body) {
  root_->Spawn("process", [this, body = std::move(body)] {
    body(*this);
    Die({.code = 0, .why = "returned", .crash = std::nullopt});
  });
}

net::Network& SimProcess::network() {
  CHECK(network_ != nullptr);
  return *network_;
}

persist::Disk& SimProcess::disk() {
  CHECK(disk_ != nullptr);
  return *disk_;
}

runtime::Random SimProcess::Stream(absl::string_view label) {
  return engine_.Stream(label, host(), boot());
}

void SimProcess::Exit(int code, absl::string_view why) {
  EndFromInside({.code = code, .why = std::string(why), .crash = std::nullopt});
}

void SimProcess::CrashNow(Crash crash) { EndFromInside(EndBy(crash)); }

void SimProcess::FailToAllocate() {
  EndFromInside({.code = kExitOutOfMemory,
                 .why = "out of memory",
                 .crash = Crash::kProcess});
}

SimProcess::End SimProcess::EndBy(Crash crash) {
  return {.code = kExitCrashed,
          .why = crash == Crash::kPower ? "power failure" : "crash",
          .crash = crash};
}

void SimProcess::SetAbandoned() {
  abandoned_ = true;
  life_->alive = false;
}

void SimProcess::Die(End end) {
  life_->alive = false;
  on_end_(std::move(end));
}

void SimProcess::EndFromInside(End end) {
  SimExecutor* const executor = engine_.running;
  CHECK(executor == &network_executor_ || executor == &storage_executor_,
        "only a process ends itself");
  Die(std::move(end));
  executor->SuspendForEver();
}

}  // namespace sim
