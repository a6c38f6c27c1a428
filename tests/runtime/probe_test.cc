#include "runtime/probe.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/ids.h"

namespace runtime {
namespace {

class Recorder final : public ProbeSink {
 public:
  Recorder() { probe_sink = this; }
  ~Recorder() override { probe_sink = nullptr; }

  void OnNote(absl::string_view kind,
              std::span<const NoteField> fields) override {
    std::string line(kind);
    for (const NoteField& field : fields) {
      absl::StrAppend(&line, " ", field.key, "=");
      if (field.text.empty()) {
        absl::StrAppend(&line, field.number);
      } else {
        absl::StrAppend(&line, field.text);
      }
    }
    lines.push_back(line);
  }
  void OnReached(const ProbeSite& site) override { lines.push_back(site.name); }
  bool OnBuggify(const ProbeSite& site) override {
    lines.push_back(site.name);
    return true;
  }

  std::vector<std::string> lines;
};

bool Visit(int x) {
  SOMETIMES(x == 3, "probe_test.three");
  if (x == 4) REACHABLE("probe_test.four");
  ALWAYS(x < 10, "probe_test.small");
  return BUGGIFY("probe_test.odd");
}

TEST(ProbeTest, SilentWithoutAListener) {
  EXPECT_FALSE(Visit(3));
  Note("probe_test.note", {{"x", 1}});
}

TEST(ProbeTest, TellsTheListener) {
  Recorder recorder;
  EXPECT_TRUE(Visit(2));
  EXPECT_TRUE(Visit(3));
  EXPECT_TRUE(Visit(4));
  Note("note", {{"node", NodeId(7)}, {"role", "leader"}, {"up", true}});
  EXPECT_EQ(recorder.lines,
            (std::vector<std::string>{"probe_test.odd", "probe_test.three",
                                      "probe_test.odd", "probe_test.four",
                                      "probe_test.odd",
                                      "note node=7 role=leader up=1"}));
}

TEST(ProbeTest, EverySiteIsInTheCatalogueReachedOrNot) {
  int found = 0;
  for (const ProbeSite* site : ProbeSites()) {
    if (absl::string_view(site->name).substr(0, 11) == "probe_test.") ++found;
  }
  EXPECT_EQ(found, 4);
}

TEST(ProbeDeathTest, ABrokenAlwaysEndsTheProgramWithItsName) {
  EXPECT_DEATH(Visit(10), "probe_test.small");
}

TEST(CheckDeathTest, ShowsTheValues) {
  const NodeId a(1);
  const NodeId b(2);
  EXPECT_DEATH(CHECK_EQ(a, b, "in term ", 3),
               "probe_test.cc:[0-9]+: a == b \\(1 vs 2\\) in term 3");
}

}  // namespace
}  // namespace runtime
