#include "runtime/identity.h"

#include "absl/strings/str_cat.h"

namespace runtime {

std::string Identity::ToString() const {
  return absl::StrCat(absl::Hex(high, absl::kZeroPad16),
                      absl::Hex(low, absl::kZeroPad16));
}

}  // namespace runtime
