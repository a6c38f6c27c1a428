// docs/faults.md is true: it names every knob and every act there is, with the
// unit, the default and the count that the code has.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

#include "config/units.h"
#include "scenarios/act_readers.h"
#include "scenarios/knob_table.h"
#include "scenarios/scenario_library.h"
#include "sim/knobs.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

using Row = std::vector<std::string>;

// The rows of the tables, by the name in backquotes with which they begin: up
// to a ':', as in `isolate: TARGET`.
std::map<std::string, Row> Rows() {
  std::map<std::string, Row> rows;
  const absl::StatusOr<std::string> text =
      ReadWholeFile(TWINRAFT_SOURCE_DIR "/docs/faults.md", 1 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  if (!text.ok()) return rows;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::StartsWith(line, "| `")) continue;
    Row row;
    for (absl::string_view cell : absl::StrSplit(line, '|')) {
      cell = absl::StripAsciiWhitespace(cell);
      if (absl::ConsumePrefix(&cell, "`")) absl::ConsumeSuffix(&cell, "`");
      row.emplace_back(cell);
    }
    row.erase(row.begin());  // Before the first bar.
    const std::string name = row[0].substr(0, row[0].find(':'));
    EXPECT_TRUE(rows.emplace(name, row).second) << name << " has two rows";
  }
  return rows;
}

const char* UnitName(Unit unit) {
  switch (unit) {
    case Unit::kSpan:
      return "time";
    case Unit::kPartsPerMillion:
      return "probability";
    case Unit::kCount:
      return "count";
  }
  return "?";
}

std::set<std::string> ActNames() {
  std::set<std::string> names = {"knobs"};
  for (const auto& readers :
       {NetworkActReaders(), DiskActReaders(), ProcessActReaders()}) {
    for (const ActReader& reader : readers) names.emplace(reader.name);
  }
  return names;
}

TEST(FaultsDocTest, EveryKnobHasItsRow) {
  const std::map<std::string, Row> rows = Rows();
  for (const Knob& knob : AllKnobs()) {
    const auto found = rows.find(std::string(knob.name));
    if (found == rows.end()) {
      ADD_FAILURE() << "docs/faults.md has no row for " << knob.name;
      continue;
    }
    const Row& row = found->second;
    ASSERT_GE(row.size(), 5u) << knob.name;
    EXPECT_EQ(row[1], UnitName(knob.unit)) << knob.name;
    EXPECT_FALSE(row[3].empty()) << knob.name << ": what does it model?";
    if (!knob.strikes_as.empty()) {
      EXPECT_EQ(row[4], knob.strikes_as) << knob.name;
    }
  }
}

// Setting the default of the document changes nothing.
TEST(FaultsDocTest, TheDefaultsAreThoseOfTheCode) {
  for (const auto& [name, row] : Rows()) {
    const Knob* const knob = FindKnob(name);
    if (knob == nullptr) continue;
    const absl::StatusOr<Range> range = config::ParseRange(row[2], knob->unit);
    ASSERT_TRUE(range.ok()) << name << ": " << range.status();
    sim::Knobs knobs;
    ApplyKnobs(std::vector<KnobSetting>{{knob, *range}}, knobs);
    EXPECT_EQ(knobs.ToString(), sim::Knobs().ToString()) << name;
  }
}

TEST(FaultsDocTest, EveryActHasItsRow) {
  const std::map<std::string, Row> rows = Rows();
  for (const std::string& name : ActNames()) {
    EXPECT_TRUE(rows.contains(name))
        << "docs/faults.md has no row for the act " << name;
  }
}

TEST(FaultsDocTest, NoRowIsOfSomethingThatIsGone) {
  const std::set<std::string> acts = ActNames();
  for (const auto& [name, row] : Rows()) {
    EXPECT_TRUE(FindKnob(name) != nullptr || acts.contains(name))
        << "docs/faults.md: nothing is called " << name;
  }
}

}  // namespace
}  // namespace scenarios
