// How the rows of the table of knobs are written. For knob_table.cc and the
// files with rows of one subject.

#ifndef SCENARIOS_KNOB_ROWS_H_
#define SCENARIOS_KNOB_ROWS_H_

#include <cstdint>
#include <span>
#include <type_traits>

#include "absl/time/time.h"

#include "scenarios/knob_table.h"
#include "sim/knobs.h"

namespace scenarios {

// Knob::set for one field: kRoom is the member of sim::Knobs, kField the member
// of that.
template <auto kRoom, auto kField>
void SetKnob(sim::Knobs& knobs, int64_t value) {
  auto& field = knobs.*kRoom.*kField;
  using Field = std::remove_reference_t<decltype(field)>;
  if constexpr (std::is_same_v<Field, absl::Duration>) {
    field = absl::Nanoseconds(value);
  } else {
    field = static_cast<Field>(value);
  }
}

// In no particular order.
std::span<const Knob> DiskKnobRows();
std::span<const Knob> NetworkKnobRows();

}  // namespace scenarios

#endif  // SCENARIOS_KNOB_ROWS_H_
