#include "prod/command_line.h"

#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "config/spelling.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

struct NamedAction {
  absl::string_view flag;
  Action action;
};

constexpr std::array kActions = {
    NamedAction{"help", Action::kHelp},
    NamedAction{"version", Action::kVersion},
    NamedAction{"check-config", Action::kCheckConfig},
    NamedAction{"print-config", Action::kPrintConfig},
    NamedAction{"sample-config", Action::kSampleConfig},
};

std::optional<Action> ActionOf(absl::string_view flag) {
  for (const NamedAction& named : kActions) {
    if (named.flag == flag) return named.action;
  }
  return std::nullopt;
}

absl::Status Unknown(absl::string_view flag) {
  std::vector<std::string> known = {"config"};
  for (const NamedAction& named : kActions) known.emplace_back(named.flag);
  for (const Setting& setting : Settings()) known.emplace_back(setting.flag);
  const std::string nearest = config::NearestWord(flag, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag: --", flag,
      nearest.empty() ? std::string(" (see --help)")
                      : absl::StrCat("; did you mean --", nearest, "?")));
}

absl::Status SetAction(absl::string_view flag, Action action, bool has_value,
                       CommandLine& line) {
  if (has_value) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, " takes no value"));
  }
  if (line.action != Action::kServe && line.action != action) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag,
                     " and another thing to do instead of serving: "
                     "one at a time"));
  }
  line.action = action;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(
    std::span<const char* const> arguments) {
  CommandLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (!absl::ConsumePrefix(&argument, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument: ", argument));
    }
    const size_t equals = argument.find('=');
    const absl::string_view flag = argument.substr(0, equals);
    std::optional<std::string> value;
    if (equals != absl::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
    }
    if (const std::optional<Action> action = ActionOf(flag)) {
      RETURN_IF_ERROR(SetAction(flag, *action, value.has_value(), line));
      continue;
    }
    const Setting* setting = FindSettingByFlag(flag);
    if (setting == nullptr && flag != "config") return Unknown(flag);
    if (!value.has_value() && setting != nullptr && setting->is_switch()) {
      value = "true";
    }
    if (!value.has_value()) {
      if (i + 1 == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", flag, " needs a value"));
      }
      value = arguments[++i];
    }
    if (setting == nullptr) {
      line.config_file = *value;
    } else {
      line.settings.emplace_back(setting, *value);
    }
  }
  return line;
}

}  // namespace prod
