// The acts that break disks: how they are read, and that whole runs feel them.

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

using testing::HasSubstr;

// A short run with these steps, and with `more` keys.
std::string Text(absl::string_view steps, absl::string_view more = "") {
  return absl::StrCat(R"(
name: disks
phases: {warm_up: 500ms, chaos: 6s, quiet: 3s}
workload: {clients: 2, interval: 10ms, keys: 4}
demands: {leader_within: 2s, write_within: 2s}
)",
                      more, "\nsteps:\n", steps);
}

Scenario Parse(absl::string_view text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "f");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *std::move(scenario) : Scenario();
}

std::string ErrorOf(absl::string_view steps, absl::string_view more = "") {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(Text(steps, more), "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

RunResult RunSeed(const Scenario& scenario, uint64_t seed = 1) {
  RunOptions options;
  options.seed = seed;
  return RunScenario(scenario, options);
}

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

TEST(DiskActsTest, ACrashAtAFileIsReadAsItIsWritten) {
  const Scenario scenario = Parse(Text(R"(
  - {at: 1s, crash_at: {node: any, file: superblock}}
  - {at: 2s, crash_at: {node: n2, file: .wal, call: sync, times: 3, power: false}, for: 1s}
)"));
  ASSERT_EQ(scenario.steps.size(), 2u);
  const auto& any =
      std::get<CrashAtFile>(std::get<Act>(scenario.steps[0].deed));
  EXPECT_EQ(any.file, "superblock");
  EXPECT_EQ(any.call, CrashAtFile::Call::kEither);
  EXPECT_EQ(any.times, 1u);
  EXPECT_TRUE(any.power);
  const auto& sync =
      std::get<CrashAtFile>(std::get<Act>(scenario.steps[1].deed));
  EXPECT_EQ(sync.call, CrashAtFile::Call::kSync);
  EXPECT_EQ(sync.times, 3u);
  EXPECT_FALSE(sync.power);
  EXPECT_THAT(ErrorOf("  - {at: 1s, crash_at: {node: n1}}\n"),
              HasSubstr("file"));
  EXPECT_THAT(
      ErrorOf("  - {at: 1s, crash_at: {node: n1, file: x, call: read}}\n"),
      HasSubstr("write, sync or any"));
}

// The first dies when it seals its log, the boot after it in its first
// superblock, and so on.
TEST(DiskActsTest, CrashesAtAFileFollowOneAnother) {
  for (const char* call : {"write", "sync", "any"}) {
    const Scenario scenario = Parse(Text(absl::StrCat(
        "  - {at: 1s, crash_at: {node: n2, file: superblock, times: 3, call: ",
        call, "}}\n")));
    const RunResult result = RunSeed(scenario);
    EXPECT_TRUE(result.passed()) << result.signature << result.message;
    EXPECT_EQ(CountOf(result.faults, "disk.crash_at"), 3u) << call;
    EXPECT_EQ(CountOf(result.counts, "node.boots"), 3u + 3u) << call;
  }
}

TEST(DiskActsTest, ACrashThatWasNotDueIsForgottenInTheQuiet) {
  const RunResult result = RunSeed(Parse(
      Text("  - {at: 1s, crash_at: {node: n2, file: nothing-of-the-kind}}\n")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.faults, "disk.crash_at"), 0u);
}

TEST(DiskActsTest, TheyAreReadAsTheyAreWritten) {
  const Scenario scenario = Parse(Text(R"(
  - {at: 1s, disk: {node: leader, stuck: true}, for: 1s}
  - {at: 2s, disk: {node: n2, stall: 2s, knobs: {disk.iops: 10}}}
  - {at: 3s, fill_disk: all, for: 1s}
  - {at: 4s, rot: {node: n1, where: superblock, unreadable: true}}
  - {at: 5s, wipe: {all_of: [n2, n3]}, for: 10ms}
  - {at: 6s, shorten: n2, for: 10ms}
)",
                                       "atlas: beyond"));
  ASSERT_EQ(scenario.steps.size(), 6u);
  EXPECT_EQ(scenario.atlas, Atlas::kBeyond);
  EXPECT_TRUE(
      std::get<TroubleDisk>(std::get<Act>(scenario.steps[0].deed)).stuck);
  const auto& slow =
      std::get<TroubleDisk>(std::get<Act>(scenario.steps[1].deed));
  EXPECT_EQ(slow.stall, absl::Seconds(2));
  ASSERT_EQ(slow.knobs.size(), 1u);
  EXPECT_TRUE(
      std::get<TroubleDisk>(std::get<Act>(scenario.steps[2].deed)).full);
  const auto& rot = std::get<RotDisk>(std::get<Act>(scenario.steps[3].deed));
  EXPECT_EQ(rot.where, RotDisk::Where::kSuperblock);
  EXPECT_TRUE(rot.unreadable);
  EXPECT_EQ(std::get<WipeDisk>(std::get<Act>(scenario.steps[4].deed))
                .target.front()
                .members.size(),
            2u);
  EXPECT_EQ(
      std::get<ShortenLog>(std::get<Act>(scenario.steps[5].deed)).target.size(),
      1u);
}

TEST(DiskActsTest, MistakesAreNamed) {
  EXPECT_THAT(ErrorOf("  - {at: 1s, disk: {node: n1}}"),
              HasSubstr("f:8:20: expected full, stuck, stall or knobs"));
  EXPECT_THAT(
      ErrorOf("  - {at: 1s, rot: {node: n1, where: head}}"),
      HasSubstr("expected committed, tail, superblock or any, not 'head'"));
  EXPECT_THAT(ErrorOf("  - {at: 1s, disk: {node: n1, knobs: "
                      "{network.latency: 1s}}}"),
              HasSubstr("unknown knob 'network.latency'"));
  EXPECT_THAT(ErrorOf("  - {at: 1s, wipe: n4}"),
              HasSubstr("expected a node from n1 to n3"));
  EXPECT_THAT(ErrorOf("  - {at: 1s, wipe: n1}", "atlas: off"),
              HasSubstr("expected within or beyond, not 'off'"));
}

TEST(DiskActsTest, AStuckLeaderIsReplacedAndComesBack) {
  const RunResult result = RunSeed(
      Parse(Text("  - {at: 2s, disk: {node: leader, stuck: true}, for: 3s}")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.faults, "disk.stuck"), 1u);
  EXPECT_GT(CountOf(result.reached, "raft.step_down_disk_stuck"), 0u);
}

TEST(DiskActsTest, TheQuietPhaseReleasesWhatNobodyUndid) {
  const RunResult result = RunSeed(
      Parse(Text("  - {at: 5s, disk: {node: all, stuck: true, full: true}}")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
}

TEST(DiskActsTest, ARottenNodeStaysDownAndIsExcused) {
  const RunResult result = RunSeed(Parse(Text(R"(
  - {at: 3s, rot: {node: n1, where: committed}}
  - {at: 4s, crash: n1, for: 100ms}
)")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.counts, "node.lost_to_damage"), 1u);
  EXPECT_EQ(CountOf(result.counts, "node.quorum_lost"), 0u);
}

TEST(DiskActsTest, ANodeThatIsMendedInTimeIsThereInTheEnd) {
  const RunResult result = RunSeed(Parse(Text(R"(
  - {at: 3s, rot: {node: n1, where: tail}, for: 2s}
  - {at: 4s, crash: n1, for: 100ms}
)")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.counts, "node.lost_to_damage"), 0u);
}

TEST(DiskActsTest, WithinTheAtlasASecondNodeIsSpared) {
  const RunResult result = RunSeed(Parse(Text(R"(
  - {at: 2s, wipe: n1, for: 10ms}
  - {at: 3s, wipe: n2, for: 10ms}
  - {at: 4s, rot: {node: n3}}
)")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.faults, "disk.replaced"), 1u);
  EXPECT_EQ(CountOf(result.faults, "nemesis.struck_nobody"), 2u);
  EXPECT_EQ(CountOf(result.counts, "node.lost_to_damage"), 1u);
}

TEST(DiskActsTest, BeyondTheAtlasALostQuorumOwesNoProgress) {
  const RunResult result = RunSeed(Parse(Text(R"(
  - {at: 2s, wipe: n1, for: 10ms}
  - {at: 3s, rot: {node: n2, where: committed}}
  - {at: 4s, crash: n2, for: 100ms}
)",
                                              "atlas: beyond")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_EQ(CountOf(result.counts, "node.lost_to_damage"), 2u);
  EXPECT_EQ(CountOf(result.counts, "node.quorum_lost"), 1u);
}

TEST(DiskActsTest, AFullDiskEndsTheProcessAndHealsWithRoom) {
  const RunResult result =
      RunSeed(Parse(Text("  - {at: 2s, fill_disk: leader, for: 2s}\n"
                         "  - {at: 3s, crash: leader, for: 100ms}",
                         "cluster: {nodes: 3, segment_bytes: 4KiB}")));
  EXPECT_TRUE(result.passed()) << result.signature << result.message;
  EXPECT_GT(CountOf(result.faults, "disk.full"), 0u);
}

}  // namespace
}  // namespace scenarios
