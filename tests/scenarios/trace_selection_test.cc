// A trace says whom every fault has struck, and shows the part that is asked
// for.

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/commands.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/selecting_trace.h"
#include "sim/trace.h"
#include "tests/scenarios/network_acts_fixture.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

using testing::HasSubstr;

std::vector<std::string> LinesWith(const std::string& text,
                                   absl::string_view what) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StrContains(line, what)) lines.emplace_back(line);
  }
  return lines;
}

// ------------------------------------------------------------ who was struck

class TraceTest : public NetworkActsTest {
 protected:
  // The trace of one act at 1 s, up to `time`.
  std::string TraceOf(absl::string_view act, absl::Duration time) {
    std::ostringstream out;
    sim::TextTrace trace(out);
    trace_ = &trace;
    Begin(act);
    RunTo(time);
    nemesis_.reset();
    clients_.reset();
    cluster_.reset();
    world_.reset();
    trace_ = nullptr;
    return out.str();
  }
};

TEST_F(TraceTest, ItSaysWhomAStrikeStruckWithWhatAndForHowLong) {
  const std::string text = TraceOf("isolate: n2, for: 500ms", absl::Seconds(2));
  EXPECT_EQ(LinesWith(text, "nemesis.struck"),
            std::vector<std::string>{
                "[  1.000000s] - nemesis.struck act=\"isolate: n2\" whom=n2 "
                "links=\"n1-n2 n2-n3 n2-n4 n2-n5\" for=500ms"});
  EXPECT_EQ(LinesWith(text, "nemesis.undone"),
            std::vector<std::string>{
                "[  1.500000s] - nemesis.undone act=\"isolate: n2\" whom=n2 "
                "links=\"n1-n2 n2-n3 n2-n4 n2-n5\""});
}

TEST_F(TraceTest, ItSaysOneWayAndOfAllKindsOfActs) {
  EXPECT_THAT(TraceOf("cut: {from: n1, to: n3}", absl::Seconds(2)),
              HasSubstr("act=\"cut: {from: n1, to: n3}\" whom=\"n1 n3\" "
                        "links=n1>n3\n"));
  EXPECT_THAT(
      TraceOf("cut_clients: {nodes: n1, clients: c2}", absl::Seconds(2)),
      HasSubstr(" whom=n1 links=n1-c2\n"));
  EXPECT_THAT(TraceOf("partition: [[n1, c1], [n2, n3]]", absl::Seconds(2)),
              HasSubstr(" whom=\"n1 n2 n3\" links=\"n1-n2 n1-n3 n2-c1 "
                        "n3-c1\"\n"));
  EXPECT_THAT(
      TraceOf("filter: {from: n1, to: n2, kind: [append, probe], drop: 50%}",
              absl::Seconds(2)),
      HasSubstr("act=\"filter: {from: n1, to: n2, kind: [append, probe], drop: "
                "50%}\" whom=\"n1 n2\" links=n1>n2\n"));
  EXPECT_THAT(TraceOf("cpu: {node: n4, factor: 10}, for: 1s", absl::Seconds(3)),
              HasSubstr("act=\"cpu: {node: n4, factor: 10}\" whom=n4 for=1s"));
  EXPECT_THAT(TraceOf("clock: {node: n4, jump: -1s}", absl::Seconds(3)),
              HasSubstr("n4 struck what=clock.jump\n"));
  EXPECT_THAT(TraceOf("isolate: old_leader", absl::Seconds(3)),
              HasSubstr("nemesis.nobody act=\"isolate: old_leader\"\n"));
}

std::string TraceOfRun(const Scenario& scenario,
                       const TraceSelection& selection = {}) {
  std::ostringstream out;
  sim::TextTrace trace(out);
  SelectingTrace selecting(selection, trace);
  RunOptions options;
  options.trace = &selecting;
  RunScenario(scenario, options);
  return out.str();
}

Scenario Busy() {
  return Parse(
      "name: busy\nphases: {warm_up: 1s, chaos: 2s, quiet: 4s}\n"
      "demands: {leader_within: 2s, write_within: 2s}\n"
      "environment: {network.latency_tail: 1%, disk.writeback: 5%}\n"
      "steps:\n"
      "  - {at: 1s, filter: {from: all, to: all, kind: append, drop: 20%}}\n"
      "  - {at: 2s, power_off: leader, for: 100ms}\n");
}

TEST(TraceOfRunTest, WhatStrikesByKnobsSaysWhomAsWell) {
  const std::string text = TraceOfRun(Busy());
  for (const char* what : {"net.latency_tail", "net.filtered"}) {
    const std::vector<std::string> lines =
        LinesWith(text, absl::StrCat("net.struck what=", what));
    EXPECT_EQ(lines.size(),
              LinesWith(text, absl::StrCat("fault kind=", what, " ")).size());
    ASSERT_FALSE(lines.empty()) << what;
    EXPECT_THAT(lines.front(), HasSubstr(" to="));
  }
  EXPECT_THAT(text, HasSubstr("message=append lost=1"));
  EXPECT_FALSE(LinesWith(text, "struck what=disk.writeback").empty());
}

TEST(TraceOfRunTest, ItChangesNothing) {
  const Scenario scenario = Busy();
  std::ostringstream out;
  sim::TextTrace trace(out);
  RunOptions options;
  const uint64_t without = RunScenario(scenario, options).digest;
  options.trace = &trace;
  EXPECT_EQ(RunScenario(scenario, options).digest, without);
}

// --------------------------------------------------------- what is asked for

TEST(TraceSelectionTest, LinesOfAHostAreThoseAtItAndThoseThatNameIt) {
  TraceSelection selection;
  selection.hosts = {"n2"};
  const std::string text = TraceOfRun(Busy(), selection);
  for (const std::string& line : LinesWith(text, "[")) {
    EXPECT_TRUE(absl::StrContains(line, "n2")) << line;
  }
  EXPECT_FALSE(LinesWith(text, "] n2 raft.role").empty());
  EXPECT_FALSE(LinesWith(text, "to=n2").empty());
  EXPECT_TRUE(LinesWith(text, "] n1 raft.role").empty());
}

TEST(TraceSelectionTest, KindsAreNamesOrTheirBeginnings) {
  TraceSelection selection;
  selection.kinds = {"raft.role", "net", "nemesis.filter"};
  const std::string text = TraceOfRun(Busy(), selection);
  EXPECT_FALSE(LinesWith(text, " raft.role ").empty());
  EXPECT_FALSE(LinesWith(text, " net.struck ").empty());
  EXPECT_FALSE(LinesWith(text, " fault kind=net.filtered ").empty());
  EXPECT_FALSE(LinesWith(text, " fault kind=nemesis.filter ").empty());
  EXPECT_TRUE(LinesWith(text, " raft.send ").empty());
  EXPECT_TRUE(LinesWith(text, " nemesis.power_off ").empty());
}

sim::TraceEvent Event(sim::Time at, absl::string_view host,
                      absl::string_view kind) {
  sim::TraceEvent event;
  event.at = at;
  event.host_name = host;
  event.kind = kind;
  return event;
}

TEST(TraceSelectionTest, ItBeginsInTimeAndAlwaysTellsTheFailure) {
  TraceSelection selection;
  selection.hosts = {"n1"};
  selection.kinds = {"raft.role"};
  selection.from = 100;
  EXPECT_TRUE(selection.Has(Event(100, "n1", "raft.role")));
  EXPECT_FALSE(selection.Has(Event(99, "n1", "raft.role")));
  EXPECT_FALSE(selection.Has(Event(100, "n12", "raft.role")));
  EXPECT_FALSE(selection.Has(Event(100, "n1", "raft.roles")));
  EXPECT_TRUE(selection.Has(Event(100, "", "failure")));
}

TEST(TraceSelectionTest, ANameIsAWord) {
  const auto has = [](absl::string_view text) {
    TraceSelection selection;
    selection.hosts = {"n1"};
    const runtime::NoteField field("links", text);
    sim::TraceEvent event = Event(1, "", "nemesis.struck");
    event.fields = {&field, 1};
    return selection.Has(event);
  };
  EXPECT_TRUE(has("n1"));
  EXPECT_TRUE(has("n2>n1 n3>n1"));
  EXPECT_FALSE(has("n12>n3"));
  EXPECT_FALSE(has("an1"));
}

TEST(TraceSelectionTest, TheCommandTakesItAndRefusesWhatMakesNoSense) {
  const std::vector<std::string> calm = {
      "--scenario", "calm",        "--seed",
      "1",          "--scenarios", TWINRAFT_SOURCE_DIR "/scenarios/files"};
  const auto replay = [&calm](std::vector<std::string> more) {
    more.insert(more.end(), calm.begin(), calm.end());
    return ReplayCommandLine(more);
  };
  testing::internal::CaptureStdout();
  EXPECT_EQ(replay({"--trace", "text", "--only", "raft.role", "--node", "n1,n2",
                    "--from", "100ms", "--until", "3s"}),
            kExitPassed);
  const std::string text = testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr(" raft.role "));
  EXPECT_EQ(LinesWith(text, "] ").size(), LinesWith(text, "raft.role").size());
  EXPECT_EQ(replay({"--node", "n1"}), kExitUsage);
  EXPECT_EQ(replay({"--trace", "perfetto", "--only", "raft"}), kExitUsage);
  EXPECT_EQ(replay({"--trace", "text", "--only", ","}), kExitUsage);
}

}  // namespace
}  // namespace scenarios
