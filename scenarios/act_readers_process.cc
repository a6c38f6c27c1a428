// The acts that break processes and clocks, as they are written.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "config/units.h"
#include "scenarios/act_readers.h"
#include "scenarios/scenario_acts.h"

namespace scenarios {
namespace {

using config::ParseSignedPartsPerMillion;
using config::ReadText;

void ReadClock(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
               Act* act) {
  YamlMap map(errors, node, "a clock");
  ClockDrift clock;
  RequireChoice(errors, map, "node", nodes, &clock.target);
  std::string drift;
  const YAML::Node* value = map.Require("drift");
  if (value != nullptr && ReadText(errors, *value, &drift)) {
    const absl::StatusOr<int32_t> parts = ParseSignedPartsPerMillion(drift);
    if (parts.ok()) {
      clock.parts_per_million = *parts;
    } else {
      errors.Fail(*value, parts.status());
    }
  }
  map.Done();
  *act = std::move(clock);
}

void ReadCpu(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
             Act* act) {
  YamlMap map(errors, node, "a cpu");
  SlowCpu cpu;
  RequireChoice(errors, map, "node", nodes, &cpu.target);
  map.Require("factor");
  map.Count("factor", 1, 10'000, &cpu.factor);
  map.Done();
  *act = std::move(cpu);
}

constexpr auto kReaders = std::to_array<ActReader>({
    {"crash", ReadTargeted<Crash>},
    {"power_off", ReadTargeted<PowerOff>},
    {"restart", ReadTargeted<Restart>},
    {"pause", ReadTargeted<Pause>},
    {"resume", ReadTargeted<Resume>},
    {"clock", ReadClock},
    {"cpu", ReadCpu},
});

}  // namespace

std::span<const ActReader> ProcessActReaders() { return kReaders; }

}  // namespace scenarios
