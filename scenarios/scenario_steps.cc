#include "scenarios/scenario_steps.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "scenarios/act_readers.h"
#include "scenarios/condition_reader.h"
#include "scenarios/scenario_acts.h"
#include "scenarios/scenario_file.h"
#include "scenarios/timeline.h"

namespace scenarios {
namespace {

using config::ReadText;

constexpr size_t kTextBytesMax = 256;

// What a step can be, when it is no act.
constexpr auto kDeeds = std::to_array<absl::string_view>(
    {"until", "assert", "never", "write", "read"});
// What stands beside it.
constexpr auto kStepKeys =
    std::to_array<absl::string_view>({"at", "after", "for", "within", "else"});

class StepReader {
 public:
  StepReader(YamlErrors& errors, const YAML::Node& node, uint32_t nodes)
      : errors_(errors),
        nodes_(nodes),
        node_(node),
        map_(errors, node, "a step") {}

  // `before` is the step in front of it, or null.
  void Read(const Step* before, Step* step);

 private:
  void ReadTime(const Step* before, Step* step);
  void ReadDeed(Step* step);
  void ReadUntil(const YAML::Node& value, Until* until);
  void ReadNever(const YAML::Node& value, Never* never);
  void ReadOperation(const YAML::Node& value, bool writes, Operation* asked);
  void ReadExpected(const YAML::Node& value, Operation* asked);
  void ReadShortText(YamlMap& map, absl::string_view key, std::string* out);
  void ReadLasting(Step* step);

  YamlErrors& errors_;
  const uint32_t nodes_;
  const YAML::Node& node_;
  YamlMap map_;
};

void StepReader::Read(const Step* before, Step* step) {
  if (!errors_.ok()) return;
  step->place = errors_.Place(node_);
  ReadDeed(step);
  ReadLasting(step);
  ReadTime(before, step);
  map_.Done();
}

void StepReader::ReadTime(const Step* before, Step* step) {
  const YAML::Node* at = map_.Find("at");
  const YAML::Node* after = map_.Find("after");
  if (!errors_.ok()) return;
  if (at != nullptr && after != nullptr) {
    errors_.Fail(*after, "expected 'at' or 'after', not both");
  } else if (at != nullptr) {
    config::ReadSpan(errors_, *at, &step->at);
  } else if (after != nullptr) {
    step->relative = true;
    config::ReadSpan(errors_, *after, &step->at);
  } else {
    step->relative = true;
    const bool waited =
        before != nullptr && before->TakesAtMost() > absl::ZeroDuration();
    if (!waited && std::holds_alternative<Act>(step->deed)) {
      errors_.Fail(node_,
                   "a step needs 'at' or 'after', unless it follows one that "
                   "takes time (until, write, read)");
    }
  }
}

void StepReader::ReadDeed(Step* step) {
  absl::string_view found;
  for (const absl::string_view name : kDeeds) {
    const YAML::Node* value = map_.Find(name);
    if (value == nullptr) continue;
    if (!found.empty()) {
      errors_.Fail(*value, absl::StrCat("expected one of '", found, "' and '",
                                        name, "', not both"));
      return;
    }
    found = name;
    if (name == "until") {
      ReadUntil(*value, &step->deed.emplace<Until>());
    } else if (name == "assert") {
      ReadCondition(errors_, *value, nodes_,
                    &step->deed.emplace<Assert>().condition);
    } else if (name == "never") {
      ReadNever(*value, &step->deed.emplace<Never>());
    } else {
      ReadOperation(*value, name == "write", &step->deed.emplace<Operation>());
    }
  }
  Act act;
  if (ReadAct(errors_, map_, nodes_, &act)) {
    if (!found.empty()) {
      errors_.Fail(node_, absl::StrCat("expected one of '", found, "' and '",
                                       ActName(act), "', not both"));
    }
    step->deed = std::move(act);
  } else if (found.empty()) {
    map_.RefuseUnknown(kStepKeys);
    errors_.Fail(node_, absl::StrCat("expected an act: one of ", ActNames(),
                                     "; or until, assert, never, write, read"));
  }
}

void StepReader::ReadUntil(const YAML::Node& value, Until* until) {
  ReadCondition(errors_, value, nodes_, &until->condition);
  map_.Require("within");
  map_.Span("within", &until->within);
  if (errors_.ok() && until->within <= absl::ZeroDuration()) {
    errors_.Fail(*map_.Find("within"), "expected a span above 0");
  }
  if (const YAML::Node* otherwise = map_.Find("else")) {
    until->or_skip = otherwise->IsScalar() && otherwise->Scalar() == "skip";
    if (!until->or_skip) errors_.Fail(*otherwise, "expected skip");
  }
}

void StepReader::ReadNever(const YAML::Node& value, Never* never) {
  ReadCondition(errors_, value, nodes_, &never->condition);
  map_.Require("for");
  map_.Span("for", &never->span);
}

void StepReader::ReadShortText(YamlMap& map, absl::string_view key,
                               std::string* out) {
  const YAML::Node* value = map.Require(key);
  if (value == nullptr || !ReadText(errors_, *value, out)) return;
  if (out->empty() || out->size() > kTextBytesMax) {
    errors_.Fail(*value, absl::StrCat("expected a text of 1 to ", kTextBytesMax,
                                      " bytes"));
  }
}

void StepReader::ReadOperation(const YAML::Node& value, bool writes,
                               Operation* asked) {
  YamlMap map(errors_, value, writes ? "a write" : "a read");
  asked->writes = writes;
  ReadShortText(map, "key", &asked->key);
  if (writes) ReadShortText(map, "value", &asked->value);
  if (const YAML::Node* via = map.Find("via")) {
    ReadChoice(errors_, *via, nodes_, &asked->via);
  }
  map.Span("within", &asked->within);
  if (errors_.ok() && asked->within <= absl::ZeroDuration()) {
    errors_.Fail(*map.Find("within"), "expected a span above 0");
  }
  if (const YAML::Node* expect = map.Find("expect")) {
    ReadExpected(*expect, asked);
  }
  map.Done();
}

void StepReader::ReadExpected(const YAML::Node& value, Operation* asked) {
  using Kind = Expectation::Kind;
  static constexpr auto kWords = std::to_array<Kind>(
      {Kind::kDone, Kind::kNil, Kind::kRefused, Kind::kUnknown});
  if (value.IsSequence()) {
    if (value.size() == 0) errors_.Fail(value, "expected an outcome");
    for (const YAML::Node& item : value) {
      if (errors_.ok() && item.IsSequence()) {
        errors_.Fail(item, "expected an outcome");
      }
      if (errors_.ok()) ReadExpected(item, asked);
    }
    return;
  }
  std::string word;
  if (!ReadText(errors_, value, &word)) return;
  for (const Kind kind : kWords) {
    if (word != Expectation{kind, ""}.ToString()) continue;
    asked->expected.push_back({kind, ""});
    return;
  }
  if (asked->writes) {
    errors_.Fail(value, absl::StrCat("expected done, nil, refused or unknown "
                                     "of a write, not '",
                                     word, "'"));
    return;
  }
  asked->expected.push_back({Kind::kValue, std::move(word)});
}

void StepReader::ReadLasting(Step* step) {
  const Act* act = std::get_if<Act>(&step->deed);
  if (act == nullptr || !errors_.ok()) return;
  const YAML::Node* lasts = map_.Find("for");
  if (lasts == nullptr) return;
  step->lasts.emplace();
  map_.SpanRange("for", &step->lasts->low, &step->lasts->high);
  if (errors_.ok() && !HasDuration(*act)) {
    errors_.Fail(*lasts, absl::StrCat("'", ActName(*act), "' has no duration"));
  }
}

}  // namespace

void ReadSteps(YamlErrors& errors, const YAML::Node& node,
               const Scenario& scenario, std::vector<Step>* steps) {
  if (!node.IsSequence() || node.size() > kStepsMax) {
    errors.Fail(
        node, absl::StrCat("expected a list of at most ", kStepsMax, " steps"));
    return;
  }
  for (const YAML::Node& item : node) {
    Step step;
    StepReader(errors, item, scenario.cluster.nodes)
        .Read(steps->empty() ? nullptr : &steps->back(), &step);
    if (!errors.ok()) return;
    steps->push_back(std::move(step));
  }
  const TimelineError wrong = OrderSteps(scenario.phases, steps);
  if (!wrong.message.empty()) errors.Fail(node[wrong.step], wrong.message);
}

}  // namespace scenarios
