// The knobs of the world by name: "network.frame_loss", "disk.sync_latency".
//
// A scenario names them with units; each seed draws what it leaves open.

#ifndef SCENARIOS_KNOB_TABLE_H_
#define SCENARIOS_KNOB_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "config/units.h"
#include "runtime/random.h"
#include "sim/knobs.h"

namespace scenarios {

using config::Range;
using config::Unit;

struct Knob {
  absl::string_view name;
  Unit unit;
  // Harm that a swarm may switch off (to zero); the world counts it,
  // when it strikes, under `strikes_as` (empty: it cannot be counted).
  bool is_fault = false;
  absl::string_view strikes_as;
  // For a knob that is itself a range, `high` sets the upper end; otherwise it
  // is null and a range in a scenario is drawn from, once per seed.
  void (*set)(sim::Knobs&, int64_t);
  void (*set_high)(sim::Knobs&, int64_t) = nullptr;
};

// By name.
std::span<const Knob> AllKnobs();

// Null: no such knob.
const Knob* FindKnob(absl::string_view name);

struct KnobSetting {
  const Knob* knob;
  Range range;

  // "network.frame_loss = 1%".
  std::string ToString() const;
};

// What one seed makes of the settings: single values where the knob is one, and
// with `swarm`, each fault switched off with a probability of one half.
std::vector<KnobSetting> DrawKnobs(std::span<const KnobSetting> settings,
                                   bool swarm, runtime::Random& dice);

// Requires: drawn.
void ApplyKnobs(std::span<const KnobSetting> drawn, sim::Knobs& knobs);

}  // namespace scenarios

#endif  // SCENARIOS_KNOB_TABLE_H_
