#include "scenarios/scenario_acts.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "config/spelling.h"
#include "scenarios/act_readers.h"

namespace scenarios {
namespace {

using config::ReadRange;

void ReadSetKnobs(YamlErrors& errors, const YAML::Node& node, const Stage&,
                  Act* act) {
  SetKnobs set;
  ReadKnobs(errors, node, "", &set.knobs);
  *act = std::move(set);
}

// Of all subjects.
std::vector<ActReader> AllReaders() {
  std::vector<ActReader> readers;
  for (const auto& some :
       {NetworkActReaders(), DiskActReaders(), ProcessActReaders()}) {
    readers.insert(readers.end(), some.begin(), some.end());
  }
  readers.push_back({"knobs", ReadSetKnobs});
  return readers;
}

// As the file writes it.
std::string InOneLine(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  std::string text;
  const bool list = node.IsSequence();
  for (const auto& item : node) {
    if (!text.empty()) text += ", ";
    if (list) {
      text += InOneLine(item);
    } else {
      absl::StrAppend(&text, item.first.Scalar(), ": ", InOneLine(item.second));
    }
  }
  return list ? absl::StrCat("[", text, "]") : absl::StrCat("{", text, "}");
}

}  // namespace

bool ReadAct(YamlErrors& errors, YamlMap& map, const Stage& stage, Act* act,
             std::string* said) {
  absl::string_view found;
  const YAML::Node* told = nullptr;
  for (const ActReader& reader : AllReaders()) {
    const YAML::Node* value = map.Find(reader.name);
    if (value == nullptr) continue;
    if (!found.empty()) {
      errors.Fail(*value, absl::StrCat("expected one act, not both '", found,
                                       "' and '", reader.name, "'"));
      return false;
    }
    found = reader.name;
    told = value;
    reader.read(errors, *value, stage, act);
  }
  if (told == nullptr) return false;
  if (!errors.ok()) return true;
  *said = absl::StrCat(found, ": ", InOneLine(*told));
  const std::string inert = WhyInert(*act, stage);
  if (!inert.empty()) errors.Fail(*told, inert);
  return true;
}

std::string ActNames() {
  return absl::StrJoin(AllReaders(), ", ",
                       [](std::string* out, const ActReader& reader) {
                         absl::StrAppend(out, reader.name);
                       });
}

void ReadKnobs(YamlErrors& errors, const YAML::Node& node,
               absl::string_view prefix, std::vector<KnobSetting>* settings) {
  YamlMap map(errors, node, "the knobs");
  for (YamlMap::Entry& entry : map.entries()) {
    if (!errors.ok()) return;
    entry.known = true;
    const Knob* knob = FindKnob(entry.key);
    if (knob == nullptr || !absl::StartsWith(knob->name, prefix)) {
      std::vector<std::string> names;
      for (const Knob& other : AllKnobs()) {
        if (!absl::StartsWith(other.name, prefix)) continue;
        names.emplace_back(other.name);
      }
      errors.Fail(entry.key_node,
                  absl::StrCat("unknown knob '", entry.key, "'",
                               config::MeantOrOneOf(entry.key, names)));
      return;
    }
    Range range;
    if (ReadRange(errors, entry.value, knob->unit, &range)) {
      settings->push_back({knob, range});
    }
  }
}

}  // namespace scenarios
