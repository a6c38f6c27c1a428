#include "config/yaml_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "config/spelling.h"

namespace config {

namespace {

// What an error quotes may be anything; it stays on one line, and short.
std::string OnOneLine(absl::string_view message) {
  constexpr size_t kBytesMax = 1000;
  std::string line;
  for (const char c : message) {
    if (line.size() >= kBytesMax) return line + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line.push_back(c);
    } else {
      absl::StrAppend(&line, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return line;
}

}  // namespace

std::string YamlErrors::Place(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  return absl::StrCat(file_, ":", mark.line + 1, ":", mark.column + 1);
}

bool YamlErrors::Fail(const YAML::Mark& mark, absl::string_view message) {
  if (!status_.ok()) return false;
  status_ = absl::InvalidArgumentError(
      mark.is_null() ? absl::StrCat(file_, ": ", OnOneLine(message))
                     : absl::StrCat(file_, ":", mark.line + 1, ":",
                                    mark.column + 1, ": ", OnOneLine(message)));
  return false;
}

bool ReadText(YamlErrors& errors, const YAML::Node& node, std::string* out) {
  if (!node.IsScalar()) return errors.Fail(node, "expected a text");
  *out = node.Scalar();
  return true;
}

bool ReadFlag(YamlErrors& errors, const YAML::Node& node, bool* out) {
  if (node.IsScalar() && node.Scalar() == "true") {
    *out = true;
  } else if (node.IsScalar() && node.Scalar() == "false") {
    *out = false;
  } else {
    return errors.Fail(node, "expected true or false");
  }
  return true;
}

bool ReadSpan(YamlErrors& errors, const YAML::Node& node, absl::Duration* out) {
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  const absl::StatusOr<absl::Duration> span = ParseSpan(text);
  if (!span.ok()) return errors.Fail(node, span.status());
  *out = *span;
  return true;
}

bool ReadRange(YamlErrors& errors, const YAML::Node& node, Unit unit,
               Range* out) {
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  const absl::StatusOr<Range> range = ParseRange(text, unit);
  if (!range.ok()) return errors.Fail(node, range.status());
  *out = *range;
  return true;
}

bool ReadCount(YamlErrors& errors, const YAML::Node& node, uint64_t min,
               uint64_t max, uint32_t* out) {
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  const absl::StatusOr<uint64_t> count = ParseCount(text);
  if (!count.ok()) return errors.Fail(node, count.status());
  if (*count < min || *count > max) {
    return errors.Fail(node, absl::StrCat("expected a number from ", min,
                                          " to ", max, ", not ", *count));
  }
  *out = static_cast<uint32_t>(*count);
  return true;
}

YamlMap::YamlMap(YamlErrors& errors, const YAML::Node& node,
                 absl::string_view what)
    : errors_(errors), node_(node), what_(what) {
  if (!errors_.ok()) return;
  if (!node.IsMap()) {
    errors_.Fail(node, absl::StrCat("expected ", what_, ": a map of keys"));
    return;
  }
  if (node.size() > kYamlKeysMax) {
    errors_.Fail(node, absl::StrCat("expected ", what_, " of at most ",
                                    kYamlKeysMax, " keys"));
    return;
  }
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) {
      errors_.Fail(pair.first, "expected a plain key");
      return;
    }
    std::string key = pair.first.Scalar();
    const bool twice =
        std::any_of(entries_.begin(), entries_.end(),
                    [&](const Entry& entry) { return entry.key == key; });
    if (twice) {
      errors_.Fail(pair.first, absl::StrCat("'", key, "' stands here twice"));
      return;
    }
    entries_.push_back({std::move(key), pair.first, pair.second, false});
  }
}

const YAML::Node* YamlMap::Find(absl::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
    asked_.emplace_back(key);
  }
  if (!errors_.ok()) return nullptr;
  for (Entry& entry : entries_) {
    if (entry.key != key) continue;
    entry.known = true;
    return &entry.value;
  }
  return nullptr;
}

const YAML::Node* YamlMap::Require(absl::string_view key) {
  const YAML::Node* value = Find(key);
  if (value == nullptr && errors_.ok()) {
    errors_.Fail(node_, absl::StrCat(what_, " needs '", key, "'"));
  }
  return value;
}

void YamlMap::Text(absl::string_view key, std::string* out) {
  if (const YAML::Node* value = Find(key)) ReadText(errors_, *value, out);
}

void YamlMap::Flag(absl::string_view key, bool* out) {
  if (const YAML::Node* value = Find(key)) ReadFlag(errors_, *value, out);
}

void YamlMap::Span(absl::string_view key, absl::Duration* out) {
  if (const YAML::Node* value = Find(key)) ReadSpan(errors_, *value, out);
}

void YamlMap::SpanRange(absl::string_view key, absl::Duration* low,
                        absl::Duration* high) {
  const YAML::Node* value = Find(key);
  Range range;
  if (value == nullptr || !ReadRange(errors_, *value, Unit::kSpan, &range)) {
    return;
  }
  *low = absl::Nanoseconds(range.low);
  *high = absl::Nanoseconds(range.high);
}

void YamlMap::Count(absl::string_view key, uint64_t min, uint64_t max,
                    uint32_t* out) {
  if (const YAML::Node* value = Find(key)) {
    ReadCount(errors_, *value, min, max, out);
  }
}

void YamlMap::Chance(absl::string_view key, uint32_t* out) {
  const YAML::Node* value = Find(key);
  Range range;
  if (value == nullptr ||
      !ReadRange(errors_, *value, Unit::kPartsPerMillion, &range)) {
    return;
  }
  if (range.low != range.high) {
    errors_.Fail(*value, "expected one probability, not a range");
  }
  *out = static_cast<uint32_t>(range.low);
}

void YamlMap::Done() { RefuseUnknown({}); }

void YamlMap::RefuseUnknown(std::span<const absl::string_view> others) {
  for (const Entry& entry : entries_) {
    if (entry.known) continue;
    if (std::find(others.begin(), others.end(), entry.key) != others.end()) {
      continue;
    }
    std::vector<std::string> expected = asked_;
    for (const absl::string_view other : others) expected.emplace_back(other);
    errors_.Fail(entry.key_node,
                 absl::StrCat("unknown key '", entry.key, "' in ", what_,
                              MeantOrOneOf(entry.key, expected)));
    return;
  }
}

}  // namespace config
