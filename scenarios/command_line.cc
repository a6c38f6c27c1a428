#include "scenarios/command_line.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "config/units.h"

namespace scenarios {

CommandLine::CommandLine(const std::vector<std::string>& words,
                         const absl::btree_set<std::string>& flags,
                         const absl::btree_set<std::string>& keys) {
  for (size_t i = 0; i < words.size() && status_.ok(); ++i) {
    if (!absl::StartsWith(words[i], "--")) {
      positional_.push_back(words[i]);
      continue;
    }
    const size_t equals = words[i].find('=');
    const std::string name = words[i].substr(2, equals - 2);
    std::string value;
    if (flags.count(name) != 0) {
      if (equals != std::string::npos)
        Fail(absl::StrCat("--", name, " takes no value"));
    } else if (keys.count(name) == 0) {
      Fail(absl::StrCat("unknown option '--", name, "'"));
    } else if (equals != std::string::npos) {
      value = words[i].substr(equals + 1);
    } else if (++i < words.size()) {
      value = words[i];
    } else {
      Fail(absl::StrCat("--", name, " needs a value"));
    }
    if (!values_.emplace(name, value).second) {
      Fail(absl::StrCat("--", name, " is given twice"));
    }
  }
}

void CommandLine::Fail(absl::string_view message) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(message);
}

bool CommandLine::Has(absl::string_view name) const {
  return Value(name) != nullptr;
}

const std::string* CommandLine::Value(absl::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void CommandLine::Text(absl::string_view key, std::string* out) {
  if (const std::string* value = Value(key)) *out = *value;
}

void CommandLine::Number(absl::string_view key, uint64_t min, uint64_t max,
                         uint64_t* out) {
  const std::string* value = Value(key);
  uint64_t number = 0;
  if (value == nullptr) return;
  if (!absl::SimpleAtoi(*value, &number) || number < min || number > max) {
    Fail(absl::StrCat("--", key, ": expected a number from ", min, " to ", max,
                      ", not '", *value, "'"));
    return;
  }
  *out = number;
}

void CommandLine::Span(absl::string_view key,
                       std::optional<absl::Duration>* out) {
  const std::string* value = Value(key);
  if (value == nullptr) return;
  const absl::StatusOr<absl::Duration> span = config::ParseSpan(*value);
  if (!span.ok()) {
    Fail(absl::StrCat("--", key, ": ", span.status().message()));
    return;
  }
  *out = *span;
}

void CommandLine::Bytes(absl::string_view key, uint64_t* out) {
  const std::string* value = Value(key);
  if (value == nullptr) return;
  const absl::StatusOr<uint64_t> bytes = config::ParseCount(*value);
  if (!bytes.ok()) {
    Fail(absl::StrCat("--", key, ": ", bytes.status().message()));
    return;
  }
  *out = *bytes;
}

void CommandLine::Share(absl::string_view key, uint32_t* parts_per_million) {
  const std::string* value = Value(key);
  if (value == nullptr) return;
  const absl::StatusOr<uint32_t> share = config::ParsePartsPerMillion(*value);
  if (!share.ok()) {
    Fail(absl::StrCat("--", key, ": ", share.status().message()));
    return;
  }
  *parts_per_million = *share;
}

void CommandLine::Seeds(absl::string_view key, uint64_t* first,
                        uint64_t* last) {
  const std::string* value = Value(key);
  if (value == nullptr) return;
  const std::vector<std::string> ends = absl::StrSplit(*value, "..");
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), first) ||
      !absl::SimpleAtoi(ends.back(), last) || *first > *last) {
    Fail(absl::StrCat("--", key, ": expected seeds such as 1..100, not '",
                      *value, "'"));
  }
}

void CommandLine::Shard(absl::string_view key, uint64_t* shard,
                        uint64_t* shards) {
  const std::string* value = Value(key);
  if (value == nullptr) return;
  const std::vector<std::string> parts = absl::StrSplit(*value, '/');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], shard) ||
      !absl::SimpleAtoi(parts[1], shards) || *shard < 1 || *shard > *shards) {
    Fail(absl::StrCat("--", key, ": expected a shard such as 1/4, not '",
                      *value, "'"));
  }
}

}  // namespace scenarios
