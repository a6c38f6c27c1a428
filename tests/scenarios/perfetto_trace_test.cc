// The picture of a run is JSON of a shape that its readers can draw.

#include "scenarios/perfetto_trace.h"

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "gtest/gtest.h"

#include "scenarios/json_reader.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

// Microseconds of JSON as nanoseconds.
int64_t Nanos(const JsonValue& micros) {
  const size_t point = micros.text.find('.');
  int64_t whole = 0;
  int64_t rest = 0;
  EXPECT_TRUE(absl::SimpleAtoi(micros.text.substr(0, point), &whole));
  EXPECT_TRUE(absl::SimpleAtoi(micros.text.substr(point + 1), &rest));
  return whole * 1000 + rest;
}

class PerfettoTraceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { elements_ = new std::vector(Draw(true)); }
  static void TearDownTestSuite() { delete elements_; }

  static std::vector<JsonValue> Draw(bool fibers) {
    const absl::StatusOr<Scenario> scenario = ParseScenario(R"(
name: busy
phases: {warm_up: 500ms, chaos: 2s, quiet: 2s}
workload: {clients: 2, interval: 10ms, keys: 4}
faults: {network.frame_loss: 2%, network.frame_duplicate: 2%}
steps:
  - {at: 1s, isolate: leader, for: 300ms}
  - {at: 1500ms, power_off: leader, for: 100ms}
  - {at: 2s, pause: follower, for: 100ms}
demands: {leader_within: 1s, write_within: 1s}
)",
                                                            "busy.yaml");
    EXPECT_TRUE(scenario.ok()) << scenario.status();
    std::ostringstream out;
    {
      PerfettoTrace trace(out, fibers);
      RunOptions options;
      options.seed = 3;
      options.trace = &trace;
      EXPECT_TRUE(RunScenario(*scenario, options).passed());
    }
    const absl::StatusOr<JsonValue> json = ParseJson(out.str());
    EXPECT_TRUE(json.ok()) << json.status();
    return (*json)["traceEvents"].elements;
  }

  // The elements of this phase whose name begins so.
  static std::vector<JsonValue> All(absl::string_view phase,
                                    absl::string_view name = "") {
    std::vector<JsonValue> found;
    for (const JsonValue& element : *elements_) {
      if (element["ph"].text == phase &&
          absl::StartsWith(element["name"].text, name)) {
        found.push_back(element);
      }
    }
    return found;
  }

  static std::vector<JsonValue>* elements_;
};

std::vector<JsonValue>* PerfettoTraceTest::elements_ = nullptr;

TEST_F(PerfettoTraceTest, EveryHostIsAProcessWithANameOfItsOwn) {
  std::set<std::string> names;
  std::set<uint64_t> pids;
  for (const JsonValue& element : All("M", "process_name")) {
    names.insert(element["args"]["name"].text);
    pids.insert(element["pid"].Unsigned());
  }
  EXPECT_EQ(names, (std::set<std::string>{"n1", "n2", "n3", "c0", "c1", "c2",
                                          "the world"}));
  EXPECT_EQ(pids.size(), names.size());
}

TEST_F(PerfettoTraceTest, EveryElementStandsOnATrackThatHasAName) {
  std::set<std::pair<uint64_t, uint64_t>> named;
  for (const JsonValue& element : All("M")) {
    named.emplace(element["pid"].Unsigned(), element["tid"].Unsigned());
  }
  for (const JsonValue& element : *elements_) {
    EXPECT_TRUE(
        named.count({element["pid"].Unsigned(), element["tid"].Unsigned()}))
        << element["name"].text;
  }
}

TEST_F(PerfettoTraceTest, SlicesEndAfterTheyBegin) {
  const std::vector<JsonValue> slices = All("X");
  EXPECT_GT(slices.size(), 1000u);
  for (const JsonValue& slice : slices) {
    EXPECT_GE(Nanos(slice["ts"]), 0);
    EXPECT_GE(Nanos(slice["dur"]), 0) << slice["name"].text;
  }
}

// Perfetto drops a slice that begins in another one and ends after it.
TEST_F(PerfettoTraceTest, SlicesOfATrackLieInOneAnotherOrApart) {
  // By track: begin, and minus the end, so that the outer one comes first.
  std::map<std::pair<uint64_t, uint64_t>,
           std::multiset<std::pair<int64_t, int64_t>>>
      tracks;
  for (const JsonValue& slice : All("X")) {
    const int64_t begin = Nanos(slice["ts"]);
    tracks[{slice["pid"].Unsigned(), slice["tid"].Unsigned()}].emplace(
        begin, -(begin + Nanos(slice["dur"])));
  }
  for (const auto& [track, slices] : tracks) {
    std::vector<int64_t> open;  // Ends of those that we are in.
    for (const auto& [begin, minus_end] : slices) {
      while (!open.empty() && open.back() <= begin) open.pop_back();
      if (!open.empty()) {
        EXPECT_LE(-minus_end, open.back())
            << "process " << track.first << " track " << track.second << " at "
            << begin;
      }
      open.push_back(-minus_end);
    }
  }
}

// At 1.000 us and 1.500 us: a message is drawn for longer than that.
TEST(PerfettoMessagesTest, AMessageEndsWhereTheNextOneBegins) {
  std::ostringstream out;
  {
    PerfettoTrace trace(out, false);
    const runtime::NoteField fields[] = {{"to", "n2"}, {"message", "append"}};
    for (const sim::Time at : {1000, 1500, 1500}) {
      trace.OnEvent({.at = at,
                     .host = 0,
                     .host_name = "n1",
                     .kind = "raft.send",
                     .fields = fields});
    }
  }
  const absl::StatusOr<JsonValue> json = ParseJson(out.str());
  ASSERT_TRUE(json.ok()) << json.status();
  std::vector<std::pair<int64_t, int64_t>> slices;  // Begin and length.
  for (const JsonValue& element : (*json)["traceEvents"].elements) {
    if (element["ph"].text != "X") continue;
    slices.emplace_back(Nanos(element["ts"]), Nanos(element["dur"]));
  }
  EXPECT_EQ(slices, (std::vector<std::pair<int64_t, int64_t>>{
                        {1000, 500}, {1500, 2000}, {1500, 2000}}));
}

TEST_F(PerfettoTraceTest, RolesOfAHostFollowEachOtherWithoutOverlap) {
  std::map<uint64_t, int64_t> end_of;
  size_t roles = 0;
  std::map<std::pair<uint64_t, int64_t>, int64_t> sorted;
  for (const JsonValue& slice : All("X")) {
    if (slice["tid"].Unsigned() % 10 != 1) continue;
    ++roles;
    sorted[{slice["pid"].Unsigned(), Nanos(slice["ts"])}] =
        Nanos(slice["ts"]) + Nanos(slice["dur"]);
  }
  for (const auto& [begin, end] : sorted) {
    EXPECT_GE(begin.second, end_of[begin.first]);
    end_of[begin.first] = end;
  }
  EXPECT_GT(roles, 6u);
  EXPECT_FALSE(All("X", "leader of term 2").empty());
}

TEST_F(PerfettoTraceTest, EveryArrowHasBothEndsOnSlicesAndPointsForward) {
  std::map<uint64_t, JsonValue> begins;
  std::set<std::tuple<uint64_t, uint64_t, int64_t>> slices;
  for (const JsonValue& slice : All("X")) {
    slices.emplace(slice["pid"].Unsigned(), slice["tid"].Unsigned(),
                   Nanos(slice["ts"]));
  }
  for (const JsonValue& begin : All("s")) {
    EXPECT_TRUE(begins.emplace(begin["id"].Unsigned(), begin).second);
  }
  const std::vector<JsonValue> ends = All("f");
  EXPECT_EQ(begins.size(), ends.size());
  EXPECT_GT(ends.size(), 100u);
  for (const JsonValue& end : ends) {
    const auto begin = begins.find(end["id"].Unsigned());
    ASSERT_NE(begin, begins.end());
    EXPECT_LT(Nanos(begin->second["ts"]), Nanos(end["ts"]));
    EXPECT_NE(begin->second["pid"].text, end["pid"].text);
    EXPECT_EQ(begin->second["name"].text, end["name"].text);
    const JsonValue& from = begin->second;
    for (const JsonValue* one : {&from, &end}) {
      EXPECT_TRUE(
          slices.count({(*one)["pid"].Unsigned(), (*one)["tid"].Unsigned(),
                        Nanos((*one)["ts"])}));
    }
    begins.erase(begin);
  }
}

TEST_F(PerfettoTraceTest, StrikesSyncsOperationsAndCountersAreThere) {
  EXPECT_FALSE(All("i", "nemesis.isolate").empty());
  EXPECT_FALSE(All("i", "net.frame_lost").empty());
  EXPECT_FALSE(All("i", "host.power_off").empty());
  EXPECT_GT(All("X", "sync").size(), 100u);
  EXPECT_EQ(All("X", "paused").size(), 1u);
  EXPECT_GT(All("X", "set k").size(), 10u);
  EXPECT_GT(All("C", "committed").size(), 10u);
  EXPECT_GT(All("C", "applied").size(), 10u);
  EXPECT_GT(All("C", "durable").size(), 10u);
}

TEST_F(PerfettoTraceTest, SlicesOfProcessorsAreDrawnOnlyWhenAskedFor) {
  EXPECT_GT(All("X", "slice").size(), 1000u);
  for (const JsonValue& element : Draw(false)) {
    EXPECT_NE(element["name"].text, "slice");
  }
}

}  // namespace
}  // namespace scenarios
