#include "scenarios/condition_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "config/spelling.h"
#include "scenarios/act_readers.h"
#include "scenarios/rare_states.h"

namespace scenarios {
namespace {

using config::MeantOrOneOf;
using config::ReadCount;
using config::ReadText;
using Kind = Condition::Kind;

// What stands behind the name of a condition.
enum class Value : uint8_t {
  kNothing,
  kNode,
  kNodes,
  kNumber,
  kState,
  kFault,
  kParts,
  kPart
};

struct Form {
  Kind kind;
  Value value;
};

constexpr auto kForms = std::to_array<Form>({
    {Kind::kLeader, Value::kNothing},
    {Kind::kNoLeader, Value::kNothing},
    {Kind::kNewLeader, Value::kNothing},
    {Kind::kLeaderIs, Value::kNode},
    {Kind::kLeaderIsNot, Value::kNode},
    {Kind::kTermAbove, Value::kNumber},
    {Kind::kCommitted, Value::kNumber},
    {Kind::kCommittedMore, Value::kNumber},
    {Kind::kAnsweredMore, Value::kNumber},
    {Kind::kRunning, Value::kNodes},
    {Kind::kDown, Value::kNodes},
    {Kind::kAppliedEqual, Value::kNodes},
    {Kind::kReached, Value::kState},
    {Kind::kStruck, Value::kFault},
    {Kind::kAllOf, Value::kParts},
    {Kind::kAnyOf, Value::kParts},
    {Kind::kNot, Value::kPart},
});

// The names of the forms with a value, or of those without.
std::vector<std::string> Names(bool with_value) {
  std::vector<std::string> names;
  for (const Form& form : kForms) {
    if ((form.value != Value::kNothing) != with_value) continue;
    names.emplace_back(ConditionName(form.kind));
  }
  return names;
}

class Reader {
 public:
  Reader(YamlErrors& errors, uint32_t nodes) : errors_(errors), nodes_(nodes) {}

  void Read(const YAML::Node& node, Condition* condition, size_t depth);

 private:
  void ReadWord(const YAML::Node& node, Condition* condition);
  void ReadValue(Value value, const YAML::Node& node, Condition* condition,
                 size_t depth);
  void ReadNodes(const YAML::Node& node, std::vector<uint32_t>* out);
  void ReadState(const YAML::Node& node, std::string* out);
  void ReadFault(const YAML::Node& node, std::string* out);
  void ReadParts(const YAML::Node& node, Condition* condition, size_t depth);

  YamlErrors& errors_;
  const uint32_t nodes_;
  size_t parts_ = 0;
};

void Reader::Read(const YAML::Node& node, Condition* condition, size_t depth) {
  if (!errors_.ok()) return;
  if (depth > kConditionDepthMax || ++parts_ > kConditionPartsMax) {
    errors_.Fail(node, absl::StrCat("expected conditions at most ",
                                    kConditionDepthMax, " deep, and at most ",
                                    kConditionPartsMax, " of them"));
    return;
  }
  if (node.IsScalar()) {
    ReadWord(node, condition);
    return;
  }
  if (!node.IsMap() || node.size() != 1) {
    errors_.Fail(node,
                 "expected one condition such as leader or {committed: 10}");
    return;
  }
  const YAML::Node key = node.begin()->first;
  std::string word;
  if (!ReadText(errors_, key, &word)) return;
  for (const Form& form : kForms) {
    if (form.value == Value::kNothing || word != ConditionName(form.kind)) {
      continue;
    }
    condition->kind = form.kind;
    ReadValue(form.value, node.begin()->second, condition, depth);
    return;
  }
  errors_.Fail(key, absl::StrCat("unknown condition '", word, "'",
                                 MeantOrOneOf(word, Names(true))));
}

void Reader::ReadWord(const YAML::Node& node, Condition* condition) {
  const std::string word = node.Scalar();
  for (const Form& form : kForms) {
    if (word != ConditionName(form.kind)) continue;
    if (form.value == Value::kNothing) {
      condition->kind = form.kind;
      return;
    }
    if (form.kind == Kind::kLeaderIs) continue;  // Both are called "leader".
    errors_.Fail(node, absl::StrCat("the condition '", word,
                                    "' needs a value: {", word, ": ...}"));
    return;
  }
  errors_.Fail(node, absl::StrCat("unknown condition '", word, "'",
                                  MeantOrOneOf(word, Names(false))));
}

void Reader::ReadValue(Value value, const YAML::Node& node,
                       Condition* condition, size_t depth) {
  constexpr uint64_t kNumberMax = 1'000'000'000;
  uint32_t number = 0;
  switch (value) {
    case Value::kNothing:
      break;
    case Value::kNode:
      condition->nodes.resize(1);
      ReadNode(errors_, node, nodes_, &condition->nodes.front());
      break;
    case Value::kNodes:
      ReadNodes(node, &condition->nodes);
      break;
    case Value::kNumber:
      ReadCount(errors_, node, 0, kNumberMax, &number);
      condition->number = number;
      break;
    case Value::kState:
      ReadState(node, &condition->name);
      break;
    case Value::kFault:
      ReadFault(node, &condition->name);
      break;
    case Value::kParts:
      ReadParts(node, condition, depth);
      break;
    case Value::kPart:
      Read(node, &condition->parts.emplace_back(), depth + 1);
      break;
  }
}

void Reader::ReadNodes(const YAML::Node& node, std::vector<uint32_t>* out) {
  if (node.IsScalar() && node.Scalar() == "all") return;  // They stay empty.
  uint32_t one = 0;
  if (!node.IsSequence()) {
    if (ReadNode(errors_, node, nodes_, &one)) out->push_back(one);
    return;
  }
  if (node.size() == 0) errors_.Fail(node, "expected a node");
  for (const YAML::Node& item : node) {
    if (!ReadNode(errors_, item, nodes_, &one)) return;
    if (std::find(out->begin(), out->end(), one) != out->end()) {
      errors_.Fail(item, absl::StrCat("n", one, " stands here twice"));
      return;
    }
    out->push_back(one);
  }
  std::sort(out->begin(), out->end());
}

void Reader::ReadState(const YAML::Node& node, std::string* out) {
  if (!ReadText(errors_, node, out)) return;
  CheckRareState(errors_, node, *out);
}

void Reader::ReadFault(const YAML::Node& node, std::string* out) {
  if (!ReadText(errors_, node, out)) return;
  if (out->find('.') == std::string::npos) {
    errors_.Fail(node, absl::StrCat("expected a fault as reports name it, such "
                                    "as nemesis.crash or net.frame_lost, not '",
                                    *out, "'"));
  }
}

void Reader::ReadParts(const YAML::Node& node, Condition* condition,
                       size_t depth) {
  if (!node.IsSequence() || node.size() == 0) {
    errors_.Fail(node, "expected a list of conditions");
    return;
  }
  for (const YAML::Node& item : node) {
    if (!errors_.ok()) return;
    Read(item, &condition->parts.emplace_back(), depth + 1);
  }
}

}  // namespace

bool CheckRareState(YamlErrors& errors, const YAML::Node& node,
                    const std::string& name) {
  if (IsRareState(name)) return true;
  return errors.Fail(
      node, absl::StrCat("unknown rare state '", name, "'",
                         config::MeantOrOneOf(name, RareStateNames())));
}

void ReadCondition(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                   Condition* condition) {
  Reader(errors, nodes).Read(node, condition, 1);
}

}  // namespace scenarios
