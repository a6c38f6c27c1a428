#include "scenarios/checks/violations.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

std::string NodeLife::ToString() const {
  return absl::StrCat("n", node, " (boot ", boot, ")");
}

}  // namespace scenarios
