#include "kv/resp/settings.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/command.h"
#include "kv/commands/glob.h"

namespace kv {
namespace {

struct Default {
  absl::string_view name;
  absl::string_view value;
};

// Remembered, and without effect. The values are Redis 7.0's own.
constexpr Default kRemembered[] = {
    {"activerehashing", "yes"},
    {"active-expire-effort", "1"},
    {"client-output-buffer-limit", "normal 0 0 0"},
    {"close-on-oom", "yes"},
    {"hash-max-listpack-entries", "512"},
    {"hash-max-listpack-value", "64"},
    {"hash-max-ziplist-entries", "512"},
    {"hash-max-ziplist-value", "64"},
    {"hz", "10"},
    {"lazyfree-lazy-server-del", "no"},
    {"lazyfree-lazy-user-del", "no"},
    {"lazyfree-lazy-user-flush", "no"},
    {"list-compress-depth", "0"},
    {"list-max-listpack-size", "-2"},
    {"list-max-ziplist-size", "-2"},
    {"maxmemory", "0"},
    {"maxmemory-policy", "noeviction"},
    {"notify-keyspace-events", ""},
    {"save", ""},
    {"set-max-intset-entries", "512"},
    {"stop-writes-on-bgsave-error", "yes"},
    {"stream-node-max-bytes", "4096"},
    {"stream-node-max-entries", "100"},
    {"timeout", "0"},
    {"zset-max-listpack-entries", "128"},
    {"zset-max-listpack-value", "64"},
    {"zset-max-ziplist-entries", "128"},
    {"zset-max-ziplist-value", "64"},
};

}  // namespace

RespSettings::RespSettings() {
  for (const auto& [name, value] : kRemembered) {
    settings_[std::string(name)] = {std::string(value), false};
  }
  // Every write is in the log before it is acknowledged.
  Fix("appendfsync", "always");
  Fix("appendonly", "yes");
  Fix("databases", "1");
  Fix("proto-max-bulk-len", absl::StrCat(kRequestBytesMax));
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
  return found;
}

absl::Status RespSettings::Set(absl::string_view name,
                               absl::string_view value) {
  const auto it = settings_.find(absl::AsciiStrToLower(name.substr(0, 64)));
  if (it == settings_.end()) return absl::NotFoundError("no such setting");
  if (it->second.fixed && it->second.value != value) {
    return absl::FailedPreconditionError("can't set immutable config");
  }
  if (value.size() > kValueBytesMax) {
    return absl::InvalidArgumentError("the value is too long");
  }
  it->second.value = std::string(value);
  return absl::OkStatus();
}

}  // namespace kv
