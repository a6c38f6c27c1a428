#include "scenarios/step.h"

namespace scenarios {

std::string Expectation::ToString() const {
  switch (kind) {
    case Kind::kDone:
      return "done";
    case Kind::kValue:
      return value;
    case Kind::kNil:
      return "nil";
    case Kind::kRefused:
      return "refused";
    case Kind::kUnknown:
      return "unknown";
  }
  return "?";
}

absl::Duration Step::TakesAtMost() const {
  if (const auto* until = std::get_if<Until>(&deed)) return until->within;
  if (const auto* asked = std::get_if<Operation>(&deed)) return asked->within;
  return absl::ZeroDuration();
}

}  // namespace scenarios
