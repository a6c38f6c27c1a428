#include "scenarios/act.h"

#include <variant>

namespace scenarios {
namespace {

struct Named {
  const char* operator()(const Isolate&) const { return "isolate"; }
  const char* operator()(const Partition&) const { return "partition"; }
  const char* operator()(const Cut&) const { return "cut"; }
  const char* operator()(const Bridge&) const { return "bridge"; }
  const char* operator()(const Ring&) const { return "ring"; }
  const char* operator()(const Split&) const { return "split"; }
  const char* operator()(const CutClients&) const { return "cut_clients"; }
  const char* operator()(const Flap&) const { return "flap"; }
  const char* operator()(const Clog&) const { return "clog"; }
  const char* operator()(const Swizzle&) const { return "swizzle"; }
  const char* operator()(const ResetConnections&) const {
    return "reset_connections";
  }
  const char* operator()(const HalfOpen&) const { return "half_open"; }
  const char* operator()(const Blackhole&) const { return "blackhole"; }
  const char* operator()(const Filter&) const { return "filter"; }
  const char* operator()(const Heal&) const { return "heal"; }
  const char* operator()(const Crash&) const { return "crash"; }
  const char* operator()(const PowerOff&) const { return "power_off"; }
  const char* operator()(const Restart&) const { return "restart"; }
  const char* operator()(const Stop&) const { return "stop"; }
  const char* operator()(const RollingRestart&) const {
    return "rolling_restart";
  }
  const char* operator()(const Pause&) const { return "pause"; }
  const char* operator()(const Resume&) const { return "resume"; }
  const char* operator()(const CrashLoop&) const { return "crash_loop"; }
  const char* operator()(const SkewClock&) const { return "clock"; }
  const char* operator()(const SlowCpu&) const { return "cpu"; }
  const char* operator()(const Transfer&) const { return "transfer"; }
  const char* operator()(const FailSync&) const { return "fail_sync"; }
  const char* operator()(const TroubleDisk&) const { return "disk"; }
  const char* operator()(const CrashAtFile&) const { return "crash_at"; }
  const char* operator()(const RotDisk&) const { return "rot"; }
  const char* operator()(const WipeDisk&) const { return "wipe"; }
  const char* operator()(const ShortenLog&) const { return "shorten"; }
  const char* operator()(const DisturbLink&) const { return "link"; }
  const char* operator()(const SetKnobs&) const { return "knobs"; }
};

}  // namespace

const char* ActName(const Act& act) { return std::visit(Named{}, act); }

Partition PartitionOf(const std::vector<std::vector<uint32_t>>& groups) {
  Partition partition;
  for (const std::vector<uint32_t>& nodes : groups) {
    std::vector<Target>& members = partition.groups.emplace_back().members;
    for (const uint32_t node : nodes) members.push_back(Node(node));
  }
  return partition;
}

bool IsInstant(const Act& act) {
  return std::holds_alternative<ResetConnections>(act) ||
         std::holds_alternative<HalfOpen>(act) ||
         std::holds_alternative<RollingRestart>(act) ||
         std::holds_alternative<Blackhole>(act) ||
         std::holds_alternative<Transfer>(act);
}

bool HasDuration(const Act& act) {
  return !IsInstant(act) && !std::holds_alternative<Heal>(act) &&
         !std::holds_alternative<Restart>(act) &&
         !std::holds_alternative<Resume>(act);
}

}  // namespace scenarios
