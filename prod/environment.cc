#include "prod/environment.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "config/spelling.h"
#include "prod/settings.h"

namespace prod {
namespace {

constexpr char kPrefix[] = "RAFT_";
constexpr char kConfigName[] = "RAFT_CONFIG";

bool IsUrl(absl::string_view value) {
  return absl::StartsWith(value, "tcp://") ||
         absl::StartsWith(value, "udp://") ||
         absl::StartsWith(value, "sctp://");
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// "X_PORT_7001_TCP", and what hangs on it: "_ADDR", "_PORT", "_PROTO".
bool NamesAPort(absl::string_view name) {
  for (const absl::string_view tail : {"_ADDR", "_PORT", "_PROTO"}) {
    if (absl::EndsWith(name, tail)) {
      name.remove_suffix(tail.size());
      break;
    }
  }
  const size_t protocol = name.rfind('_');
  if (protocol == absl::string_view::npos) return false;
  const absl::string_view kind = name.substr(protocol + 1);
  if (kind != "TCP" && kind != "UDP" && kind != "SCTP") return false;
  name = name.substr(0, protocol);
  const size_t number = name.rfind('_');
  return number != absl::string_view::npos &&
         IsDigits(name.substr(number + 1)) &&
         absl::EndsWith(name.substr(0, number), "_PORT");
}

}  // namespace

bool IsServiceLink(absl::string_view name, absl::string_view value) {
  if (absl::EndsWith(name, "_SERVICE_HOST")) return true;
  // Also with the name of a port behind it.
  if (absl::StrContains(name, "_SERVICE_PORT")) return true;
  if (NamesAPort(name)) return true;
  return absl::EndsWith(name, "_PORT") && IsUrl(value);
}

std::vector<StrangeVariable> StrangeVariables(
    const std::vector<std::string>& variables) {
  std::vector<std::string> known = {kConfigName};
  for (const Setting& setting : Settings()) {
    known.push_back(EnvironmentName(setting.flag));
  }
  std::vector<StrangeVariable> strange;
  for (const std::string& variable : variables) {
    if (!absl::StartsWith(variable, kPrefix)) continue;
    const size_t equals = std::min(variable.find('='), variable.size());
    const std::string name = variable.substr(0, equals);
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const absl::string_view value = absl::string_view(variable).substr(
        std::min(equals + 1, variable.size()));
    if (IsServiceLink(name, value)) continue;
    strange.push_back({name, config::NearestWord(name, known)});
  }
  std::sort(strange.begin(), strange.end(),
            [](const StrangeVariable& a, const StrangeVariable& b) {
              return a.name < b.name;
            });
  return strange;
}

}  // namespace prod
