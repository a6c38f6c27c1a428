#include "sim/action.h"

#include <algorithm>

namespace sim {
namespace {

// From behind the last `what`, if it is there.
absl::string_view Behind(absl::string_view text, absl::string_view what) {
  const size_t at = text.rfind(what);
  return at == absl::string_view::npos ? text : text.substr(at + what.size());
}

// Up to the first `what`, if it is there.
absl::string_view Before(absl::string_view text, absl::string_view what) {
  return text.substr(0, text.find(what));
}

}  // namespace

// gcc:   "... [with Held = sim::Pipe::Arm()::<lambda()>]"
// clang: "... [Held = (lambda at ../../sim/sim_pipe.cc:159:18)]"
absl::string_view NameOfCallable(absl::string_view pretty_function) {
  const absl::string_view type = Behind(pretty_function, "Held = ");
  if (type.find("(lambda at ") != absl::string_view::npos) {
    const absl::string_view place =
        Behind(Before(Behind(type, "(lambda at "), ")"), "/");
    return place.substr(0, place.rfind(':'));  // Without the column.
  }
  const absl::string_view held = Behind(type, "Boxed<");
  return Before(Before(Before(held, "::<lambda"), "("), "]");
}

}  // namespace sim
