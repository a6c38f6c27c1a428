// Reading YAML under a schema of our own: every key is known, every value has a
// type, and what is wrong is said with file, line, column and what was
// expected.
//
// The first error wins; after it every call does nothing and says no. Included
// only by what reads YAML: it pulls in yaml-cpp, whose exceptions must be
// stopped by the caller.

#ifndef CONFIG_YAML_READER_H_
#define CONFIG_YAML_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "yaml-cpp/yaml.h"

#include "config/units.h"

namespace config {

// Where errors go.
class YamlErrors {
 public:
  explicit YamlErrors(std::string file) : file_(std::move(file)) {}

  // "file:line:column: message", lines and columns from 1; one line whatever
  // is quoted in it. Returns false.
  bool Fail(const YAML::Mark& mark, absl::string_view message);
  bool Fail(const YAML::Node& node, absl::string_view message) {
    return Fail(node.Mark(), message);
  }
  bool Fail(const YAML::Node& node, const absl::Status& status) {
    return Fail(node.Mark(), absl::string_view(status.message()));
  }

  // "file:line:column" of something that is right so far.
  std::string Place(const YAML::Node& node) const;

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  const std::string file_;
  absl::Status status_;
};

// More keys than this in one map are refused.
inline constexpr size_t kYamlKeysMax = 1000;

// The one document of `text`. The caller stops yaml-cpp's exceptions.
// An error: no UTF-8, control characters, a tab that indents, no or more than
// one document. False: an error was noted.
bool ReadDocument(YamlErrors& errors, const std::string& text,
                  YAML::Node* root);

// Scalars. False: an error was noted and `out` is untouched.
bool ReadText(YamlErrors& errors, const YAML::Node& node, std::string* out);
bool ReadFlag(YamlErrors& errors, const YAML::Node& node, bool* out);
bool ReadSpan(YamlErrors& errors, const YAML::Node& node, absl::Duration* out);
bool ReadRange(YamlErrors& errors, const YAML::Node& node, Unit unit,
               Range* out);
// Within [min, max].
bool ReadCount(YamlErrors& errors, const YAML::Node& node, uint64_t min,
               uint64_t max, uint32_t* out);

// A map whose keys are looked at one by one; Done() refuses what is left.
class YamlMap {
 public:
  // `what` names the map in errors: "a step".
  YamlMap(YamlErrors& errors, const YAML::Node& node, absl::string_view what);

  // The value, or null if the key is not there. Marks the key as known.
  const YAML::Node* Find(absl::string_view key);
  // As Find(), but a missing key is an error.
  const YAML::Node* Require(absl::string_view key);

  // Optional scalars: what is absent leaves `out` as it was.
  void Text(absl::string_view key, std::string* out);
  void Flag(absl::string_view key, bool* out);
  void Span(absl::string_view key, absl::Duration* out);
  void SpanRange(absl::string_view key, absl::Duration* low,
                 absl::Duration* high);
  void Count(absl::string_view key, uint64_t min, uint64_t max, uint32_t* out);
  // One probability, in parts per million.
  void Chance(absl::string_view key, uint32_t* out);

  // Keys that nobody has asked for are errors. The last call.
  void Done();
  // The same, as far as a key is not among `others` either, which the caller
  // will ask for later.
  void RefuseUnknown(std::span<const absl::string_view> others);

  struct Entry {
    std::string key;
    YAML::Node key_node;
    YAML::Node value;
    bool known = false;
  };
  std::vector<Entry>& entries() { return entries_; }
  const YAML::Node& node() const { return node_; }

 private:
  YamlErrors& errors_;
  const YAML::Node node_;
  const std::string what_;
  std::vector<Entry> entries_;
  std::vector<std::string> asked_;
};

}  // namespace config

#endif  // CONFIG_YAML_READER_H_
