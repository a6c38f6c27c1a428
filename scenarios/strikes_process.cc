// What the process acts of a scenario do, and how they are undone.

#include <cstdint>

#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"

namespace scenarios {
namespace {

constexpr uint32_t kLoopLosesPowerPpm = 500'000;
// How long a node that is stopped has for what is under way.
constexpr absl::Duration kStopGraceMin = absl::Milliseconds(50);
constexpr absl::Duration kStopGraceMax = absl::Seconds(3);
// Of a rolling restart: between two nodes, and how often is looked whether one
// has ended.
constexpr absl::Duration kRollPauseMin = absl::Milliseconds(10);
constexpr absl::Duration kRollPauseMax = absl::Seconds(1);
constexpr absl::Duration kLookAgainAfter = absl::Milliseconds(10);
// A drift that grows does so in this many equal parts.
constexpr int32_t kDriftParts = 20;

}  // namespace

Nemesis::Undo Nemesis::Strike(const Crash& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) cluster_.Kill(node);
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const PowerOff& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) cluster_.PowerOff(node);
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const Restart& act) {
  const Nodes nodes = Resolve(act.target);
  for (const uint32_t node : nodes) BootIfDown(node);
  return [] {};
}

// ------------------------------------------------------- what operators do

bool Nemesis::StopNode(uint32_t node) {
  if (!cluster_.running(node) || cluster_.stopping(node)) return false;
  if (!cluster_.Stop(node, how_.Between(kStopGraceMin, kStopGraceMax))) {
    return false;
  }
  stopped_.insert(node);
  return true;
}

Nemesis::Undo Nemesis::Strike(const Stop& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  Nodes stopped;
  for (const uint32_t node : nodes) {
    if (StopNode(node)) stopped.push_back(node);
  }
  if (stopped.empty()) {
    Release(nodes);
    return nullptr;
  }
  return [this, nodes, stopped] {
    Release(nodes);
    for (const uint32_t node : stopped) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const RollingRestart& act) {
  Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  const uint64_t loop = loops_made_++;
  loops_.insert(loop);
  RollOn(std::move(nodes), loop, bounded_);
  return [this, loop] { loops_.erase(loop); };
}

void Nemesis::RollOn(Nodes nodes, uint64_t loop, bool bounded) {
  if (!loops_.contains(loop)) return;
  bounded_ = bounded;
  if (nodes.empty()) {
    loops_.erase(loop);
    return;
  }
  // One that is down, or not up yet, is left to whoever struck it.
  const Nodes first = {nodes.front()};
  if (Seize(first)) {
    if (StopNode(nodes.front())) {
      world_.CountFault("process.rolling_stop");
      StartWhenEnded(std::move(nodes), loop, bounded);
      return;
    }
    Release(first);
  }
  nodes.erase(nodes.begin());
  Later(kLookAgainAfter, [this, nodes = std::move(nodes), loop, bounded] {
    RollOn(nodes, loop, bounded);
  });
}

void Nemesis::StartWhenEnded(Nodes nodes, uint64_t loop, bool bounded) {
  Later(kLookAgainAfter,
        [this, nodes = std::move(nodes), loop, bounded]() mutable {
          const uint32_t node = nodes.front();
          if (loops_.contains(loop) && cluster_.running(node)) {
            StartWhenEnded(std::move(nodes), loop, bounded);
            return;
          }
          Release({node});
          BootIfDown(node);
          nodes.erase(nodes.begin());
          Later(how_.Between(kRollPauseMin, kRollPauseMax),
                [this, nodes = std::move(nodes), loop, bounded] {
                  RollOn(nodes, loop, bounded);
                });
        });
}

Nemesis::Undo Nemesis::Strike(const Pause& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) world_.Pause(cluster_.host(node));
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) world_.Resume(cluster_.host(node));
  };
}

Nemesis::Undo Nemesis::Strike(const Resume& act) {
  for (const uint32_t node : Resolve(act.target)) {
    world_.Resume(cluster_.host(node));
  }
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const Transfer& act) {
  const Nodes nodes = Resolve(act.target);
  const uint32_t leader = cluster_.leader();
  if (leader == 0 || nodes.empty() || nodes.front() == leader) return nullptr;
  const bool asked =
      cluster_.Visit(leader, [to = raft::NodeId(nodes.front())](auto& server) {
        // Whatever comes of it: the checks see it.
        (void)server.node().TransferLeadership(
            to, runtime::Instant::InfiniteFuture());
      });
  if (!asked) return nullptr;
  return [] {};
}

// --------------------------------------------------------------- crash loops

Nemesis::Undo Nemesis::Strike(const CrashLoop& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  const uint64_t loop = loops_made_++;
  loops_.insert(loop);
  for (const uint32_t node : nodes) LoopDown(act, node, loop);
  return [this, nodes, loop] {
    loops_.erase(loop);
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

void Nemesis::LoopDown(const CrashLoop& act, uint32_t node, uint64_t loop) {
  if (!loops_.contains(loop)) return;
  if (cluster_.running(node)) {
    world_.CountFault("process.loop_crash", {.host = cluster_.host(node)});
  }
  if (how_.Chance(kLoopLosesPowerPpm)) {
    cluster_.PowerOff(node);
  } else {
    cluster_.Kill(node);
  }
  Later(how_.Between(act.down_min, act.down_max), [this, act, node, loop] {
    if (!loops_.contains(loop)) return;
    BootIfDown(node);
    Later(how_.Between(act.up_min, act.up_max),
          [this, act, node, loop] { LoopDown(act, node, loop); });
  });
}

// -------------------------------------------------------------------- clocks

Nemesis::Undo Nemesis::Strike(const SkewClock& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  const uint64_t loop = loops_made_++;
  loops_.insert(loop);
  for (const uint32_t node : nodes) {
    if (act.jump != absl::ZeroDuration()) {
      cluster_.JumpWallClock(node, act.jump);
      world_.CountFault("clock.jump", {.host = cluster_.host(node)});
    }
    DriftOn(act, node, loop, 1);
  }
  return [this, nodes, loop, jump = act.jump] {
    loops_.erase(loop);
    for (const uint32_t node : nodes) {
      world_.SetClockDrift(cluster_.host(node), 0);
      if (jump != absl::ZeroDuration()) {
        cluster_.JumpWallClock(node, -jump);
      }
    }
  };
}

// Each part of the drift is reached at the end of its part of the time.
void Nemesis::DriftOn(const SkewClock& act, uint32_t node, uint64_t loop,
                      int32_t part) {
  if (!loops_.contains(loop) || act.drift_ppm == 0) return;
  const bool at_once = act.over == absl::ZeroDuration();
  const int32_t parts = at_once ? 1 : kDriftParts;
  const auto drift =
      static_cast<int32_t>(int64_t{act.drift_ppm} * part / parts);
  const auto set = [this, act, node, loop, part, parts, drift] {
    if (!loops_.contains(loop)) return;
    world_.SetClockDrift(cluster_.host(node), drift);
    world_.CountFault("clock.drift", {.host = cluster_.host(node)});
    if (part < parts) DriftOn(act, node, loop, part + 1);
  };
  if (at_once) {
    set();
  } else {
    Later(act.over / parts, set);
  }
}

Nemesis::Undo Nemesis::Strike(const SlowCpu& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  for (const uint32_t node : nodes) {
    world_.SetCpuFactor(cluster_.host(node), act.factor);
  }
  return [this, nodes] {
    for (const uint32_t node : nodes) {
      world_.SetCpuFactor(cluster_.host(node), 1);
    }
  };
}

}  // namespace scenarios
