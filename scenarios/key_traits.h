// What the search for an order (key_search.h) knows of a single operation
// before it begins.

#ifndef SCENARIOS_KEY_TRAITS_H_
#define SCENARIOS_KEY_TRAITS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "scenarios/history.h"
#include "scenarios/register_model.h"

namespace scenarios {

struct KeyTraits {
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // Its effect depends on nothing, and its answer tells nothing.
  bool blind = false;
  RegisterModel::State writes = RegisterModel::kAbsent;  // blind.
  // If its answer is right it left the key as it was.
  bool reader = false;
  // Its answer is right in this state only; nullopt: that is not so simple.
  std::optional<RegisterModel::State> needs = std::nullopt;
  // blind: somebody may have seen what it wrote.
  bool wanted = true;

  size_t slot = kNone;    // Of one that returns: shared by none that runs.
  size_t effect = kNone;  // Of one that never does: shared by its like.
};

KeyTraits TraitsOf(const OperationRecord& record, RegisterModel& model);

// Sets `wanted` of all operations of a key.
void FindWanted(std::span<const OperationRecord* const> operations,
                std::vector<KeyTraits>& traits);

// Whether the order of the others depends on it at all.
bool ConstrainsOthers(const OperationRecord& record, const KeyTraits& traits);

}  // namespace scenarios

#endif  // SCENARIOS_KEY_TRAITS_H_
