#include "scenarios/scenario_steps.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "scenarios/act_readers.h"
#include "scenarios/condition_reader.h"
#include "scenarios/inert_act.h"
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
constexpr auto kStepKeys = std::to_array<absl::string_view>(
    {"at", "after", "for", "within", "else", "as", "repeat"});

// How often a step happens.
struct Repeat {
  uint32_t times = 1;
  absl::Duration every;  // From one time to the next.
};

void ReadTimes(YamlMap& map, uint32_t* times) {
  map.Require("times");
  map.Count("times", 1, kStepsMax, times);
}

class StepReader {
 public:
  StepReader(YamlErrors& errors, const YAML::Node& node, const Stage& stage)
      : errors_(errors),
        stage_(stage),
        nodes_(stage.nodes()),
        node_(node),
        map_(errors, node, "a step") {}

  // `before` is the step in front of it, or null.
  void Read(const Step* before, Step* step, Repeat* repeat);

 private:
  void ReadTime(const Step* before, Step* step);
  void ReadDeed(Step* step);
  void ReadUntil(const YAML::Node& value, Until* until);
  void ReadNever(const YAML::Node& value, Never* never);
  void ReadOperation(const YAML::Node& value, bool writes, Operation* asked);
  void ReadExpected(const YAML::Node& value, Operation* asked);
  void ReadShortText(YamlMap& map, absl::string_view key, std::string* out);
  void ReadLasting(Step* step);
  void ReadName(Step* step);
  void ReadRepeat(const Step& step, Repeat* repeat);

  YamlErrors& errors_;
  const Stage& stage_;
  const uint32_t nodes_;
  const YAML::Node& node_;
  YamlMap map_;
};

void StepReader::Read(const Step* before, Step* step, Repeat* repeat) {
  if (!errors_.ok()) return;
  step->place = errors_.Place(node_);
  ReadDeed(step);
  ReadLasting(step);
  ReadName(step);
  ReadTime(before, step);
  ReadRepeat(*step, repeat);
  map_.Done();
}

void StepReader::ReadName(Step* step) {
  constexpr size_t kNameBytesMax = 64;
  const YAML::Node* name = map_.Find("as");
  if (name == nullptr || !errors_.ok()) return;
  const Act* act = std::get_if<Act>(&step->deed);
  if (act == nullptr || !HasDuration(*act)) {
    errors_.Fail(*name, "only an act that lasts has a name, to be healed by");
    return;
  }
  if (!ReadText(errors_, *name, &step->name)) return;
  if (step->name.empty() || step->name.size() > kNameBytesMax) {
    errors_.Fail(*name, absl::StrCat("expected a name of 1 to ", kNameBytesMax,
                                     " bytes"));
  }
}

void StepReader::ReadRepeat(const Step& step, Repeat* repeat) {
  const YAML::Node* value = map_.Find("repeat");
  if (value == nullptr || !errors_.ok()) return;
  if (!std::holds_alternative<Act>(step.deed)) {
    errors_.Fail(*value,
                 "only an act repeats by itself; a list of steps does "
                 "as {repeat: {times: 3, steps: [...]}}");
    return;
  }
  YamlMap map(errors_, *value, "a repetition");
  ReadTimes(map, &repeat->times);
  map.Require("every");
  map.Span("every", &repeat->every);
  map.Done();
  if (errors_.ok() && repeat->every <= absl::ZeroDuration()) {
    errors_.Fail(*value, "expected an 'every' above 0");
  }
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
  if (ReadAct(errors_, map_, stage_, &act, &step->said)) {
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

// A list of steps, with all that is told several times.
class StepsReader {
 public:
  StepsReader(YamlErrors& errors, const Scenario& scenario,
              std::vector<Step>* steps)
      : errors_(errors), stage_(StageOf(scenario)), steps_(*steps) {}

  void Read(const YAML::Node& list, bool repeated);
  // Every act that heals by name heals one that there is.
  void CheckNames();
  // Where step `number` stands.
  const YAML::Node& NodeOf(size_t number) const { return nodes_[number]; }

 private:
  void ReadStep(const YAML::Node& item);
  // {repeat: {times: 3, steps: [...]}}
  void ReadBlock(const YAML::Node& item);
  bool HasRoom(const YAML::Node& item);

  YamlErrors& errors_;
  const Stage stage_;
  std::vector<Step>& steps_;
  std::vector<YAML::Node> nodes_;  // Of each step.
};

// A block is a map of nothing but "repeat", with steps in it.
bool IsBlock(const YAML::Node& item) {
  return item.IsMap() && item.size() == 1 && item["repeat"].IsDefined();
}

void StepsReader::Read(const YAML::Node& list, bool repeated) {
  if (!list.IsSequence() || list.size() > kStepsMax) {
    errors_.Fail(
        list, absl::StrCat("expected a list of at most ", kStepsMax, " steps"));
    return;
  }
  for (const YAML::Node& item : list) {
    if (!IsBlock(item)) {
      ReadStep(item);
      if (errors_.ok() && repeated && !steps_.back().relative) {
        errors_.Fail(item,
                     "a step that is told several times has no 'at': "
                     "expected 'after'");
      }
    } else if (repeated) {
      errors_.Fail(item, "a repetition in a repetition");
    } else {
      ReadBlock(item);
    }
    if (!errors_.ok()) return;
  }
}

void StepsReader::ReadStep(const YAML::Node& item) {
  Step step;
  Repeat repeat;
  StepReader(errors_, item, stage_)
      .Read(steps_.empty() ? nullptr : &steps_.back(), &step, &repeat);
  for (uint32_t time = 0; time < repeat.times && HasRoom(item); ++time) {
    steps_.push_back(step);
    nodes_.push_back(item);
    step.at = step.relative ? repeat.every : step.at + repeat.every;
  }
}

void StepsReader::ReadBlock(const YAML::Node& item) {
  YamlMap step(errors_, item, "a step");
  YamlMap map(errors_, *step.Find("repeat"), "a repetition");
  uint32_t times = 1;
  ReadTimes(map, &times);
  const YAML::Node* list = map.Require("steps");
  map.Done();
  for (uint32_t time = 0; time < times && errors_.ok(); ++time) {
    Read(*list, true);
  }
}

bool StepsReader::HasRoom(const YAML::Node& item) {
  if (!errors_.ok()) return false;
  if (steps_.size() < kStepsMax) return true;
  return errors_.Fail(item, absl::StrCat("expected at most ", kStepsMax,
                                         " steps, with all repetitions"));
}

void StepsReader::CheckNames() {
  for (size_t number = 0; number < steps_.size(); ++number) {
    const Act* act = std::get_if<Act>(&steps_[number].deed);
    const Heal* heal = act == nullptr ? nullptr : std::get_if<Heal>(act);
    if (heal == nullptr || heal->what != Heal::What::kAct) continue;
    const bool known =
        std::any_of(steps_.begin(), steps_.end(), [heal](const Step& step) {
          return !step.name.empty() && step.name == heal->name;
        });
    if (known) continue;
    errors_.Fail(nodes_[number], absl::StrCat("no act is named '", heal->name,
                                              "' (as: ", heal->name, ")"));
    return;
  }
}

}  // namespace

void ReadSteps(YamlErrors& errors, const YAML::Node& node,
               const Scenario& scenario, std::vector<Step>* steps) {
  StepsReader reader(errors, scenario, steps);
  reader.Read(node, false);
  if (errors.ok()) reader.CheckNames();
  if (!errors.ok()) return;
  const TimelineError wrong = OrderSteps(scenario.phases, steps);
  if (!wrong.message.empty()) {
    errors.Fail(reader.NodeOf(wrong.step), wrong.message);
  }
}

}  // namespace scenarios
