#include "config/yaml_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace config {

bool YamlErrors::Fail(const YAML::Mark& mark, absl::string_view message) {
  if (!status_.ok()) return false;
  status_ = absl::InvalidArgumentError(
      mark.is_null() ? absl::StrCat(file_, ": ", message)
                     : absl::StrCat(file_, ":", mark.line + 1, ":",
                                    mark.column + 1, ": ", message));
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

void YamlMap::Done() {
  for (const Entry& entry : entries_) {
    if (entry.known) continue;
    errors_.Fail(
        entry.key_node,
        absl::StrCat("unknown key '", entry.key, "' in ", what_,
                     "; expected one of: ", absl::StrJoin(asked_, ", ")));
    return;
  }
}

}  // namespace config
