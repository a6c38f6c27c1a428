// The acts that break processes and clocks, as they are written.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "config/units.h"
#include "scenarios/act_readers.h"
#include "scenarios/scenario_acts.h"

namespace scenarios {
namespace {

using config::ParseSignedPartsPerMillion;
using config::ParseSignedSpan;
using config::ReadText;

// Optional; what is absent leaves `out` as it was.
void ReadSignedParts(YamlErrors& errors, const YAML::Node* value,
                     int32_t* out) {
  std::string text;
  if (value == nullptr || !ReadText(errors, *value, &text)) return;
  const absl::StatusOr<int32_t> parts = ParseSignedPartsPerMillion(text);
  if (parts.ok()) {
    *out = *parts;
  } else {
    errors.Fail(*value, parts.status());
  }
}

void ReadSignedSpan(YamlErrors& errors, const YAML::Node* value,
                    absl::Duration* out) {
  std::string text;
  if (value == nullptr || !ReadText(errors, *value, &text)) return;
  const absl::StatusOr<absl::Duration> span = ParseSignedSpan(text);
  if (span.ok()) {
    *out = *span;
  } else {
    errors.Fail(*value, span.status());
  }
}

void ReadClock(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
               Act* act) {
  YamlMap map(errors, node, "a clock");
  SkewClock clock;
  RequireChoice(errors, map, "node", stage.nodes(), &clock.target);
  const YAML::Node* drift = map.Find("drift");
  const YAML::Node* jump = map.Find("jump");
  if (errors.ok() && drift == nullptr && jump == nullptr) {
    errors.Fail(node, "expected a drift or a jump");
  }
  ReadSignedParts(errors, drift, &clock.drift_ppm);
  ReadSignedSpan(errors, jump, &clock.jump);
  map.Span("over", &clock.over);
  map.Done();
  *act = std::move(clock);
}

void ReadCrashLoop(YamlErrors& errors, const YAML::Node& node,
                   const Stage& stage, Act* act) {
  YamlMap map(errors, node, "a crash loop");
  CrashLoop loop;
  RequireChoice(errors, map, "node", stage.nodes(), &loop.target);
  map.SpanRange("up", &loop.up_min, &loop.up_max);
  map.SpanRange("down", &loop.down_min, &loop.down_max);
  map.Done();
  if (loop.up_min + loop.down_min <= absl::ZeroDuration()) {
    errors.Fail(node, "expected an up or a down above 0");
  }
  *act = std::move(loop);
}

void ReadCpu(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
             Act* act) {
  YamlMap map(errors, node, "a cpu");
  SlowCpu cpu;
  RequireChoice(errors, map, "node", stage.nodes(), &cpu.target);
  map.Require("factor");
  map.Count("factor", 1, 10'000, &cpu.factor);
  map.Done();
  *act = std::move(cpu);
}

constexpr auto kReaders = std::to_array<ActReader>({
    {"crash", ReadTargeted<Crash>},
    {"power_off", ReadTargeted<PowerOff>},
    {"restart", ReadTargeted<Restart>},
    {"stop", ReadTargeted<Stop>},
    {"rolling_restart", ReadTargeted<RollingRestart>},
    {"pause", ReadTargeted<Pause>},
    {"resume", ReadTargeted<Resume>},
    {"crash_loop", ReadCrashLoop},
    {"clock", ReadClock},
    {"cpu", ReadCpu},
    {"transfer", ReadTargeted<Transfer>},
});

}  // namespace

std::span<const ActReader> ProcessActReaders() { return kReaders; }

}  // namespace scenarios
