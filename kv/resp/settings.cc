#include "kv/resp/settings.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "kv/command.h"
#include "kv/commands/glob.h"
#include "kv/integer.h"

namespace kv {
namespace {

struct Remembered {
  enum class Kind : uint8_t { kYesNo, kInteger, kBytes };

  absl::string_view name;
  absl::string_view value;
  Kind kind;
  int64_t min = 0;
  int64_t max = INT64_MAX;
};

using Kind = Remembered::Kind;

// Remembered, and without effect. The values are Redis 7.0's own.
constexpr Remembered kRemembered[] = {
    {"active-expire-effort", "1", Kind::kInteger, 1, 10},
    {"activerehashing", "yes", Kind::kYesNo},
    {"close-on-oom", "yes", Kind::kYesNo},
    {"hash-max-listpack-entries", "512", Kind::kInteger},
    {"hash-max-listpack-value", "64", Kind::kBytes},
    {"hz", "10", Kind::kInteger, 1, 500},
    {"lazyfree-lazy-server-del", "no", Kind::kYesNo},
    {"lazyfree-lazy-user-del", "no", Kind::kYesNo},
    {"lazyfree-lazy-user-flush", "no", Kind::kYesNo},
    {"list-compress-depth", "0", Kind::kInteger, 0, INT32_MAX},
    {"list-max-listpack-size", "-2", Kind::kInteger, INT32_MIN, INT32_MAX},
    {"set-max-intset-entries", "512", Kind::kInteger},
    {"stop-writes-on-bgsave-error", "yes", Kind::kYesNo},
    {"stream-node-max-bytes", "4096", Kind::kBytes},
    {"stream-node-max-entries", "100", Kind::kInteger},
    {"zset-max-listpack-entries", "128", Kind::kInteger},
    {"zset-max-listpack-value", "64", Kind::kBytes},
};

struct Alias {
  absl::string_view name;
  absl::string_view of;
};

// The older names.
constexpr Alias kAliases[] = {
    {"hash-max-ziplist-entries", "hash-max-listpack-entries"},
    {"hash-max-ziplist-value", "hash-max-listpack-value"},
    {"list-max-ziplist-size", "list-max-listpack-size"},
    {"zset-max-ziplist-entries", "zset-max-listpack-entries"},
    {"zset-max-ziplist-value", "zset-max-listpack-value"},
};

struct Promise {
  absl::string_view name;
  absl::string_view value;
  absl::string_view why;  // No other.
};

// Any other value would promise what is not done.
constexpr Promise kPromises[] = {
    {"client-output-buffer-limit", "normal 0 0 0",
     "limits of single clients are not set here"},
    {"latency-monitor-threshold", "0",
     "latency events are not kept; see LATENCY HISTOGRAM and SLOWLOG"},
    {"maxmemory", "0", "memory is not limited"},
    {"maxmemory-policy", "noeviction", "no key is ever evicted"},
    {"notify-keyspace-events", "", "events of keys are not published"},
    {"save", "", "there are no snapshots; every write is in the log"},
    {"timeout", "0", "idle clients are not disconnected"},
};

template <class Row, size_t N>
const Row* FindIn(const Row (&table)[N], absl::string_view name) {
  for (const Row& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string RealName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name.substr(0, 64));
  const Alias* alias = FindIn(kAliases, lower);
  return alias == nullptr ? lower : std::string(alias->of);
}

// "100mb", "1g", "512": 1k is 1000, 1kb is 1024.
std::optional<int64_t> ParseBytes(absl::string_view text) {
  struct Unit {
    absl::string_view name;
    int64_t bytes;
  };
  constexpr Unit kUnits[] = {
      {"", 1},         {"b", 1},        {"k", 1000},         {"kb", 1 << 10},
      {"m", 1000'000}, {"mb", 1 << 20}, {"g", 1000'000'000}, {"gb", 1 << 30},
  };
  const size_t digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<int64_t> number = ParseInteger(text.substr(0, digits));
  const Unit* unit =
      FindIn(kUnits, absl::AsciiStrToLower(text.substr(digits).substr(0, 8)));
  int64_t bytes = 0;
  if (!number.has_value() || unit == nullptr ||
      __builtin_mul_overflow(*number, unit->bytes, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

absl::Status CheckRemembered(const Remembered& row, absl::string_view value,
                             std::string& kept) {
  if (row.kind == Kind::kYesNo) {
    kept = absl::AsciiStrToLower(value.substr(0, 8));
    if (kept == "yes" || kept == "no") return absl::OkStatus();
    return absl::InvalidArgumentError("argument must be 'yes' or 'no'");
  }
  const bool is_bytes = row.kind == Kind::kBytes;
  const std::optional<int64_t> number =
      is_bytes ? ParseBytes(value) : ParseInteger(value);
  if (!number.has_value()) {
    return absl::InvalidArgumentError(
        is_bytes ? "argument must be a memory value"
                 : "argument couldn't be parsed into an integer");
  }
  if (*number < row.min || *number > row.max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "argument must be between ", row.min, " and ", row.max, " inclusive"));
  }
  kept = absl::StrCat(*number);
  return absl::OkStatus();
}

}  // namespace

RespSettings::RespSettings() {
  for (const Remembered& row : kRemembered) {
    settings_[std::string(row.name)] = {std::string(row.value), false};
  }
  for (const Promise& row : kPromises) {
    settings_[std::string(row.name)] = {std::string(row.value), false};
  }
  // Every write is in the log before it is acknowledged.
  Fix("appendfsync", "always");
  Fix("appendonly", "yes");
  Fix("databases", "1");
  Fix("latency-tracking", "yes");
  Fix("latency-tracking-info-percentiles", "50 99 99.9");
  Fix("proto-max-bulk-len", absl::StrCat(kRequestBytesMax));
  Fix("slowlog-max-len", "128");
}

void RespSettings::Fix(absl::string_view name, absl::string_view value) {
  settings_[std::string(name)] = {std::string(value), true};
}

std::vector<std::pair<absl::string_view, absl::string_view>>
RespSettings::Matching(absl::string_view pattern) const {
  std::vector<std::pair<absl::string_view, absl::string_view>> found;
  for (const auto& [name, setting] : settings_) {
    if (MatchesGlob(pattern, name, true)) {
      found.emplace_back(name, setting.value);
    }
  }
  for (const Alias& alias : kAliases) {
    if (!MatchesGlob(pattern, alias.name, true)) continue;
    found.emplace_back(alias.name, settings_.at(alias.of).value);
  }
  return found;
}

absl::Status RespSettings::Check(absl::string_view name,
                                 absl::string_view value,
                                 std::string& kept) const {
  const auto it = settings_.find(name);
  if (it == settings_.end()) return absl::NotFoundError("no such setting");
  kept = it->second.value;
  if (it->second.fixed) {
    if (kept == value) return absl::OkStatus();
    return absl::FailedPreconditionError("can't set immutable config");
  }
  if (const Promise* promise = FindIn(kPromises, name)) {
    if (kept == absl::AsciiStrToLower(value.substr(0, kValueBytesMax))) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        absl::StrCat(promise->why, ": only '", promise->value, "' is true"));
  }
  return CheckRemembered(*FindIn(kRemembered, name), value, kept);
}

absl::Status RespSettings::Set(std::span<const absl::string_view> words,
                               absl::string_view& culprit) {
  absl::btree_map<std::string, std::string> wanted;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    culprit = words[i];
    const std::string name = RealName(words[i]);
    std::string kept;
    // What there is none of comes first, as in Redis.
    if (!settings_.contains(name)) {
      return absl::NotFoundError("no such setting");
    }
    if (!wanted.emplace(name, "").second) {
      return absl::InvalidArgumentError("duplicate parameter");
    }
  }
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    culprit = words[i];
    const std::string name = RealName(words[i]);
    const absl::Status fits = Check(name, words[i + 1], wanted[name]);
    if (!fits.ok()) return fits;
  }
  for (auto& [name, value] : wanted) settings_[name].value = std::move(value);
  return absl::OkStatus();
}

}  // namespace kv
