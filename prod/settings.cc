#include "prod/settings.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "config/units.h"
#include "config/utf8.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

std::string FormatSize(uint64_t bytes) {
  constexpr uint64_t kKibi = uint64_t{1} << 10;
  constexpr uint64_t kMebi = uint64_t{1} << 20;
  constexpr uint64_t kGibi = uint64_t{1} << 30;
  if (bytes == 0) return "0";
  if (bytes % kGibi == 0) return absl::StrCat(bytes / kGibi, "GiB");
  if (bytes % kMebi == 0) return absl::StrCat(bytes / kMebi, "MiB");
  if (bytes % kKibi == 0) return absl::StrCat(bytes / kKibi, "KiB");
  return absl::StrCat(bytes);
}

absl::Status OutOfBounds(absl::string_view what, absl::string_view min,
                         absl::string_view max, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "expected ", what, " from ", min, " to ", max, ", not \"", text, "\""));
}

// Reads a text into a setting of each type.
struct Setter {
  ServerConfig& config;
  absl::string_view text;

  absl::Status operator()(const TextType& type) const {
    if (text.empty()) return absl::InvalidArgumentError("expected a text");
    if (!config::IsVisibleText(text)) {
      return absl::InvalidArgumentError(
          "expected a text in UTF-8 without control characters");
    }
    type.of(config) = std::string(text);
    return absl::OkStatus();
  }

  absl::Status operator()(const SpanType& type) const {
    ASSIGN_OR_RETURN(const absl::Duration span, config::ParseSpan(text));
    if (span < type.min || span > type.max) {
      return OutOfBounds("a span of time", absl::FormatDuration(type.min),
                         absl::FormatDuration(type.max), text);
    }
    type.of(config) = span;
    return absl::OkStatus();
  }

  absl::Status operator()(const CountType& type) const {
    uint64_t count = 0;
    if (!absl::SimpleAtoi(text, &count) || count < type.min ||
        count > type.max) {
      return OutOfBounds("a number", absl::StrCat(type.min),
                         absl::StrCat(type.max), text);
    }
    type.of(config) = count;
    return absl::OkStatus();
  }

  absl::Status operator()(const SizeType& type) const {
    ASSIGN_OR_RETURN(const uint64_t bytes, config::ParseCount(text));
    if (bytes < type.min || bytes > type.max) {
      return OutOfBounds("a size", FormatSize(type.min), FormatSize(type.max),
                         text);
    }
    type.of(config) = bytes;
    return absl::OkStatus();
  }

  absl::Status operator()(const SwitchType& type) const {
    if (text != "true" && text != "false") {
      return absl::InvalidArgumentError("expected true or false");
    }
    type.of(config) = text == "true";
    return absl::OkStatus();
  }

  absl::Status operator()(const OtherType& type) const {
    return type.set(config, text);
  }
};

// The same the other way. The accessors want a config that may be changed.
struct Getter {
  ServerConfig& config;

  std::string operator()(const TextType& type) const { return type.of(config); }
  std::string operator()(const SpanType& type) const {
    return absl::FormatDuration(type.of(config));
  }
  std::string operator()(const CountType& type) const {
    return absl::StrCat(type.of(config));
  }
  std::string operator()(const SizeType& type) const {
    return FormatSize(type.of(config));
  }
  std::string operator()(const SwitchType& type) const {
    return type.of(config) ? "true" : "false";
  }
  std::string operator()(const OtherType& type) const {
    return type.get(config);
  }
};

}  // namespace

raft::CoreOptions ServerConfig::ProductionCore() {
  raft::CoreOptions core;
  core.election_timeout_min = absl::Milliseconds(500);
  core.election_timeout_max = absl::Seconds(1);
  core.heartbeat_interval = absl::Milliseconds(100);
  return core;
}

const Setting* FindSettingByFlag(absl::string_view flag) {
  const std::span<const Setting> all = Settings();
  const auto found =
      std::find_if(all.begin(), all.end(),
                   [flag](const Setting& s) { return flag == s.flag; });
  return found == all.end() ? nullptr : &*found;
}

const Setting* FindSettingByKey(absl::string_view section,
                                absl::string_view key) {
  const std::span<const Setting> all = Settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [section, key](const Setting& s) {
        return section == s.section && key == s.key;
      });
  return found == all.end() || section.empty() ? nullptr : &*found;
}

absl::Status SetSetting(const Setting& setting, absl::string_view text,
                        ServerConfig& config) {
  return std::visit(Setter{config, text}, setting.type);
}

std::string SettingText(const Setting& setting, const ServerConfig& config) {
  return std::visit(Getter{const_cast<ServerConfig&>(config)}, setting.type);
}

std::string OriginOf(const ServerConfig& config, absl::string_view flag) {
  const auto found = config.origins.find(flag);
  return found == config.origins.end() ? "default" : found->second;
}

std::string EnvironmentName(absl::string_view flag) {
  return absl::StrCat(
      "RAFT_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}})));
}

}  // namespace prod
