// Targets, as they are written in a scenario file.

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "scenarios/act_readers.h"

namespace scenarios {

using config::ReadText;

bool ReadNode(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              uint32_t* out) {
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  uint32_t number = 0;
  const bool is_node =
      text.size() > 1 && text[0] == 'n' &&
      absl::SimpleAtoi(absl::string_view(text).substr(1), &number);
  if (!is_node || number < 1 || number > nodes) {
    return errors.Fail(node, absl::StrCat("expected a node from n1 to n", nodes,
                                          ", not '", text, "'"));
  }
  *out = number;
  return true;
}

namespace {

bool ReadTarget(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                Target* out) {
  using Kind = Target::Kind;
  static constexpr auto kKinds = std::to_array<Kind>(
      {Kind::kLeader, Kind::kFollower, Kind::kAny, Kind::kMinority,
       Kind::kMajority, Kind::kAll, Kind::kSome, Kind::kOldLeader,
       Kind::kCandidate, Kind::kLongestLog, Kind::kShortestLog,
       Kind::kLongestFollower});
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  for (const Kind kind : kKinds) {
    if (text != Target{kind, 0}.ToString()) continue;
    *out = {kind, 0};
    return true;
  }
  if (text.empty() || text[0] != 'n') {
    std::string names;
    for (const Kind kind : kKinds) {
      absl::StrAppend(&names, ", ", Target{kind, 0}.ToString());
    }
    return errors.Fail(node, absl::StrCat("expected n1 to n", nodes, names,
                                          ", not '", text, "'"));
  }
  out->kind = Kind::kNode;
  return ReadNode(errors, node, nodes, &out->node);
}

}  // namespace

bool ReadChoice(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                TargetChoice* out) {
  if (!node.IsSequence()) {
    return ReadTarget(errors, node, nodes, &out->emplace_back());
  }
  if (node.size() == 0) return errors.Fail(node, "expected a target");
  for (const YAML::Node& item : node) {
    if (!ReadTarget(errors, item, nodes, &out->emplace_back())) return false;
  }
  return true;
}

bool RequireChoice(YamlErrors& errors, YamlMap& map, absl::string_view key,
                   uint32_t nodes, TargetChoice* out) {
  const YAML::Node* node = map.Require(key);
  return node != nullptr && ReadChoice(errors, *node, nodes, out);
}

}  // namespace scenarios
