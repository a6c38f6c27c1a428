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

namespace {

// A list says neither that all are meant nor that one of them is.
bool RefuseList(YamlErrors& errors, const YAML::Node& list) {
  std::string items;
  for (const YAML::Node& item : list) {
    absl::StrAppend(&items, items.empty() ? "" : ", ",
                    item.IsScalar() ? item.Scalar() : "...");
  }
  if (items.empty()) return errors.Fail(list, "expected a target");
  return errors.Fail(
      list, absl::StrCat("expected {one_of: [", items,
                         "]} for one of them, drawn when it strikes, or "
                         "{all_of: [",
                         items, "]} for all of them, not a bare list"));
}

// {all_of: [n1, follower]}
bool ReadAllOf(YamlErrors& errors, const YAML::Node& list, uint32_t nodes,
               Target* out) {
  if (!list.IsSequence() || list.size() == 0) {
    return errors.Fail(list, "expected a list of targets");
  }
  out->kind = Target::Kind::kAllOf;
  for (const YAML::Node& item : list) {
    if (!ReadTarget(errors, item, nodes, &out->members.emplace_back())) {
      return false;
    }
  }
  return true;
}

// {all_of: ...} or {one_of: ...}
bool ReadTargetMap(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                   TargetChoice* out) {
  YamlMap map(errors, node, "a target");
  const YAML::Node* all = map.Find("all_of");
  const YAML::Node* one = map.Find("one_of");
  map.Done();
  if (!errors.ok()) return false;
  if ((all == nullptr) == (one == nullptr)) {
    return errors.Fail(node, "expected all_of or one_of");
  }
  if (all != nullptr) {
    return ReadAllOf(errors, *all, nodes, &out->emplace_back());
  }
  if (!one->IsSequence() || one->size() == 0) {
    return errors.Fail(*one, "expected a list of targets");
  }
  for (const YAML::Node& item : *one) {
    const bool read =
        item.IsMap() && !item["one_of"].IsDefined()
            ? ReadTargetMap(errors, item, nodes, out)
            : ReadTarget(errors, item, nodes, &out->emplace_back());
    if (!read) return false;
  }
  return true;
}

}  // namespace

bool ReadChoice(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                TargetChoice* out) {
  if (node.IsSequence()) return RefuseList(errors, node);
  if (node.IsMap()) return ReadTargetMap(errors, node, nodes, out);
  return ReadTarget(errors, node, nodes, &out->emplace_back());
}

bool RequireChoice(YamlErrors& errors, YamlMap& map, absl::string_view key,
                   uint32_t nodes, TargetChoice* out) {
  const YAML::Node* node = map.Require(key);
  return node != nullptr && ReadChoice(errors, *node, nodes, out);
}

}  // namespace scenarios
