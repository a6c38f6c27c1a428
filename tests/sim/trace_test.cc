#include "sim/trace.h"

#include <sstream>
#include <vector>

#include "gtest/gtest.h"

namespace sim {
namespace {

TEST(TraceTest, ALineTellsTimeHostKindAndFields) {
  const std::vector<runtime::NoteField> fields = {{"role", "leader"},
                                                  {"term", 4}};
  const TraceEvent event{.at = 1'234'567'891,
                         .event = 812,
                         .host = 2,
                         .host_name = "n2",
                         .kind = "raft.role",
                         .fields = fields};
  EXPECT_EQ(ToText(event), "[  1.234567s] n2 raft.role role=leader term=4");
  EXPECT_EQ(ToJson(event),
            R"({"at":1234567891,"event":812,"host":"n2","kind":"raft.role",)"
            R"("fields":{"role":"leader","term":4}})");
}

TEST(TraceTest, TextThatCouldBeMistakenIsQuoted) {
  const std::vector<runtime::NoteField> fields = {{"why", "disk \"full\"\n"},
                                                  {"empty", ""}};
  const TraceEvent event{.kind = "x", .fields = fields};
  EXPECT_EQ(ToText(event),
            R"([  0.000000s] - x why="disk \"full\"\n" empty="")");
  EXPECT_EQ(ToJson(event), R"({"at":0,"event":0,"kind":"x","fields":)"
                           R"({"why":"disk \"full\"\u000a","empty":""}})");
}

TEST(TraceTest, TheStoryLeavesTheScheduleOut) {
  const TraceEvent step{.level = TraceLevel::kSchedule, .kind = "slice"};
  const TraceEvent note{.level = TraceLevel::kStory, .kind = "note"};
  std::ostringstream story;
  TextTrace brief(story);
  std::ostringstream all;
  TextTrace full(all, TraceLevel::kSchedule);
  for (TextTrace* trace : {&brief, &full}) {
    trace->OnEvent(step);
    trace->OnEvent(note);
  }
  EXPECT_EQ(story.str(), "[  0.000000s] - note\n");
  EXPECT_EQ(all.str(), "[  0.000000s] - slice\n[  0.000000s] - note\n");
}

}  // namespace
}  // namespace sim
