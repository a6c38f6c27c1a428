// The acts that break the network: which links they cut or clog, and that they
// let go again.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "tests/scenarios/network_acts_fixture.h"

namespace scenarios {
namespace {

// In chaos that strikes a minority at most: one node is deaf, not all others
// struck.
TEST(NetworkActsRunTest, ChaosCutsAllFromOne) {
  RunOptions options;
  const RunResult result = RunScenario(
      Parse("name: x\nphases: {warm_up: 1s, chaos: 8s, quiet: 8s}\n"
            "chaos: {mean_gap: 200ms, strikes: [{cut: {from: all, to: leader}, "
            "for: 300ms}, {flap: {from: all, to: leader}, for: 300ms}]}\n"),
      options);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
  for (const char* act : {"nemesis.cut", "nemesis.flap"}) {
    uint64_t struck = 0;
    for (const auto& [kind, count] : result.faults) {
      if (kind == act) struck = count;
    }
    EXPECT_GT(struck, 0u) << act;
  }
}

TEST_F(NetworkActsTest, ABridgeIsSeenByTwoHalvesThatDoNotSeeEachOther) {
  Begin("bridge: n3, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts().size(), 8u) << "two halves of two, both ways";
  for (uint32_t node = 0; node < 5; ++node) {
    EXPECT_FALSE(IsCut(2, node));
    EXPECT_FALSE(IsCut(node, 2));
  }
  for (const auto& [from, to] : Cuts()) EXPECT_TRUE(IsCut(to, from));
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(NetworkActsTest, InARingEachNodeSeesItsTwoNeighbours) {
  std::set<std::set<Link>> rings;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Begin("ring: all, for: 1s", seed);
    RunTo(absl::Milliseconds(1500));
    for (uint32_t node = 0; node < 5; ++node) {
      int sees = 0;
      for (uint32_t other = 0; other < 5; ++other) {
        if (other == node) continue;
        sees += !IsCut(node, other);
        EXPECT_EQ(IsCut(node, other), IsCut(other, node));
      }
      EXPECT_EQ(sees, 2);
    }
    rings.insert(Cuts());
    RunTo(absl::Seconds(3));
    EXPECT_TRUE(Cuts().empty());
  }
  EXPECT_GT(rings.size(), 1u) << "the order is drawn";
}

TEST_F(NetworkActsTest, ASplitPutsTheTargetIntoAMinority) {
  Begin("split: n2, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts().size(), 12u) << "two against three, both ways";
  int together = 0;
  for (uint32_t other = 0; other < 5; ++other) {
    together += other != 1 && !IsCut(1, other);
  }
  EXPECT_EQ(together, 1);
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(NetworkActsTest, ClientsAreCutFromNodesBothWaysOrOne) {
  Begin("cut_clients: n1, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts(), (std::set<Link>{{0, 5}, {0, 6}, {5, 0}, {6, 0}}));
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Cuts().empty());
  Begin("cut_clients: {nodes: n1, lost: answers}");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts(), (std::set<Link>{{0, 5}, {0, 6}}));
  Begin("cut_clients: {nodes: n1, lost: requests}");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts(), (std::set<Link>{{5, 0}, {6, 0}}));
}

TEST_F(NetworkActsTest, AClogHoldsAllThatANodeSendsAndIsSent) {
  Begin("clog: n1, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Clogs().size(), 12u) << "four nodes, two clients, both ways";
  for (const auto& [from, to] : Clogs()) EXPECT_TRUE(from == 0 || to == 0);
  EXPECT_TRUE(Cuts().empty());
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Clogs().empty());
}

TEST_F(NetworkActsTest, AFlappingLinkIsCutAndWholeAgainUntilItIsOver) {
  Begin("flap: {from: n1, to: n2, period: 50ms..300ms}, for: 20s");
  int cut = 0;
  int changes = 0;
  bool before = false;
  for (int ms = 1000; ms < 21'000; ms += 10) {
    RunTo(absl::Milliseconds(ms));
    cut += IsCut(0, 1);
    changes += IsCut(0, 1) != before;
    before = IsCut(0, 1);
    EXPECT_FALSE(IsCut(1, 0));
  }
  EXPECT_GT(changes, 60);
  EXPECT_LT(changes, 400);
  EXPECT_GT(cut, 600);
  EXPECT_LT(cut, 1400);
  RunTo(absl::Seconds(22));
  EXPECT_FALSE(IsCut(0, 1));
  RunTo(absl::Seconds(30));
  EXPECT_FALSE(IsCut(0, 1));
}

// What strikes again and again leaves a link alone that was healed meanwhile,
// in force or not at that moment, and goes on with the others.
TEST_F(NetworkActsTest, AHealedLinkFlapsNoMore) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    for (const char* heal : {"{link: {from: n1, to: n2}}", "all"}) {
      Begin(
          absl::StrCat(
              "flap: {from: n1, to: {all_of: [n2, n3]}, period: 50ms..300ms}, "
              "for: 20s}\n  - {at: 4s, heal: ",
              heal),
          seed);
      RunTo(absl::Seconds(4));
      bool others_flap = false;
      for (int ms = 4001; ms < 21'000; ms += 10) {
        RunTo(absl::Milliseconds(ms));
        EXPECT_FALSE(IsCut(0, 1));
        others_flap = others_flap || IsCut(0, 2);
      }
      EXPECT_EQ(others_flap, std::string(heal) != "all");
      RunTo(absl::Milliseconds(21'001));
      EXPECT_TRUE(Cuts().empty());
    }
  }
}

TEST_F(NetworkActsTest, WhoIsHealedIsNotTakenByASwizzleAfterAll) {
  Begin(
      "swizzle: {nodes: all, gap: 500ms}, for: 5s}\n  - {at: 1001ms, heal: "
      "all");
  RunTo(absl::Milliseconds(1002));
  for (int ms = 1002; ms < 8000; ms += 50) {
    RunTo(absl::Milliseconds(ms));
    EXPECT_TRUE(Clogs().empty());
  }
}

// Between two nodes, of one kind: the link itself stays whole.
TEST_F(NetworkActsTest, AFlapOfAKindCutsNothing) {
  Begin("flap: {from: n1, to: n2, period: 50ms, kind: append}, for: 2s");
  for (int ms = 1000; ms < 4000; ms += 10) {
    RunTo(absl::Milliseconds(ms));
    EXPECT_TRUE(Cuts().empty());
  }
}

TEST_F(NetworkActsTest, ASwizzleTakesAndFreesNodesOneByOneInTwoOrders) {
  bool another_order = false;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Begin("swizzle: {nodes: all, gap: 100ms}, for: 5s", seed);
    std::vector<uint32_t> taken;
    std::vector<uint32_t> freed;
    std::vector<bool> was(5, false);
    for (int ms = 1000; ms < 8000; ms += 50) {
      RunTo(absl::Milliseconds(ms));
      for (uint32_t node = 0; node < 5; ++node) {
        const bool held = IsClogged(node, 5);
        if (held && !was[node]) taken.push_back(node);
        if (!held && was[node]) freed.push_back(node);
        was[node] = held;
      }
      EXPECT_LE(taken.size(), 1u + static_cast<size_t>(ms - 1000) / 100);
    }
    EXPECT_EQ(taken.size(), 5u);
    EXPECT_EQ(freed.size(), 5u);
    another_order = another_order || taken != freed;
    EXPECT_TRUE(Clogs().empty());
  }
  EXPECT_TRUE(another_order);
}

TEST_F(NetworkActsTest, AShortSwizzleHoldsNobodyForEver) {
  Begin("swizzle: {nodes: all, gap: 1s, cut: true}, for: 100ms");
  RunTo(absl::Seconds(20));
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(NetworkActsTest, TheQuietEndsAllOfIt) {
  for (const char* act :
       {"flap: {from: n1, to: all}", "clog: all", "ring: all",
        "swizzle: {nodes: all}", "cut_clients: all", "split: n1", "bridge: n1",
        "filter: {from: all, to: all, drop: 100%}"}) {
    Begin(act);
    RunTo(absl::Seconds(61));
    EXPECT_TRUE(Cuts().empty()) << act;
    EXPECT_TRUE(Clogs().empty()) << act;
    RunTo(absl::Seconds(69));
    EXPECT_TRUE(Cuts().empty()) << act;
  }
}

TEST_F(NetworkActsTest, AnOverlappingCutIsHealedByTheLastOfThem) {
  Begin("isolate: n1, for: 2s}\n  - {at: 2s, split: n1, for: 2s");
  RunTo(absl::Milliseconds(3500));
  EXPECT_EQ(Cuts().size(), 12u) << "the split is still there";
  RunTo(absl::Milliseconds(4500));
  EXPECT_TRUE(Cuts().empty());
}

// -------------------------------------------------------------- whole runs

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

// A cluster with clients under one act during 3 s.
RunResult RunWith(absl::string_view act) {
  RunOptions options;
  return RunScenario(
      Parse(
          absl::StrCat("name: x\nphases: {warm_up: 1s, chaos: 4s, quiet: 5s}\n"
                       "demands: {leader_within: 2s, write_within: 2s}\n"
                       "workload: {clients: 3, interval: 5ms}\n"
                       "steps:\n  - {at: 1s, ",
                       act, "}\n")),
      options);
}

TEST(NetworkActsRunTest, EveryActStrikesARealCluster) {
  const std::pair<const char*, const char*> acts[] = {
      {"flap: {from: leader, to: all}, for: 3s", "net.frame_cut"},
      {"clog: leader, for: 500ms", "net.clogged"},
      {"swizzle: {nodes: all}, for: 1s", "net.clogged"},
      {"cut_clients: leader, for: 2s", "net.stream_stalled_by_cut"},
      {"reset_connections: all", "net.reset"},
      {"half_open: leader", "net.half_open"},
      {"blackhole: {from: leader, to: all}", "net.blackholed"},
      {"split: leader, for: 2s", "net.frame_cut"},
      {"bridge: leader, for: 2s", "net.frame_cut"},
      {"filter: {from: leader, to: all, kind: append, drop: 50%}, for: 2s",
       "net.filtered"},
  };
  for (const auto& [act, fault] : acts) {
    const RunResult result = RunWith(act);
    EXPECT_TRUE(result.passed())
        << act << ": " << result.signature << ": " << result.message;
    EXPECT_GT(CountOf(result.faults, fault), 0u) << act;
  }
}

// Without appends nothing is committed; without heartbeats and appends there is
// no leader for long.
TEST(NetworkActsRunTest, AFilterStrikesItsKindOnly) {
  const RunResult appends = RunWith(
      "filter: {from: all, to: all, kind: [append, probe], drop: 100%}");
  const RunResult votes = RunWith(
      "filter: {from: all, to: all, kind: [vote, prevote], drop: 100%}");
  EXPECT_TRUE(appends.passed()) << appends.message;
  EXPECT_TRUE(votes.passed()) << votes.message;
  EXPECT_LT(CountOf(appends.counts, "client.answered"),
            CountOf(votes.counts, "client.answered") * 3 / 4);
  EXPECT_EQ(CountOf(votes.faults, "net.filtered"), 0u)
      << "a leader that is heard has no rival";
  EXPECT_GT(CountOf(appends.faults, "net.filtered"), 3u);
}

// Without appends a write has to wait until the flap lets some through; without
// a period nothing is answered until it ends.
TEST(NetworkActsRunTest, WhatHasAPeriodStrikesAndLetsThrough) {
  const auto answered = [](absl::string_view act) {
    const RunResult result = RunWith(act);
    EXPECT_TRUE(result.passed()) << act << ": " << result.message;
    EXPECT_GT(CountOf(result.faults, "net.filtered"), 0u) << act;
    return CountOf(result.counts, "client.answered");
  };
  const uint64_t never = answered(
      "filter: {from: all, to: all, kind: [append, probe], drop: 100%}, "
      "for: 3s");
  const uint64_t filtered = answered(
      "filter: {from: all, to: all, kind: [append, probe], drop: 100%, period: "
      "50ms..100ms}, for: 3s");
  const uint64_t flapping = answered(
      "flap: {from: leader, to: all, kind: [append, probe], period: "
      "50ms..100ms}, for: 3s");
  EXPECT_GT(filtered, never + 100);
  EXPECT_GT(flapping, never + 100);
}

TEST(NetworkActsRunTest, AFilterEndsAfterItsCount) {
  const RunResult result = RunWith(
      "filter: {from: leader, to: all, kind: append, delay: 50ms, count: 4}");
  EXPECT_TRUE(result.passed()) << result.message;
  // Of each link by itself.
  EXPECT_EQ(CountOf(result.faults, "net.filtered"), 8u);
}

// ------------------------------------------------------------------ mistakes

std::string ErrorOf(absl::string_view act) {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(absl::StrCat("name: x\nsteps: [{at: 1s, ", act, "}]"), "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

TEST(NetworkActsFileTest, MistakesAreNamed) {
  EXPECT_EQ(
      ErrorOf("filter: {from: n1, to: n2, kind: letter, drop: 1%}"),
      "f:2:51: expected a kind of message, not 'letter': one of prevote, "
      "prevote_reply, vote, vote_reply, append, probe, append_reply, "
      "heartbeat, heartbeat_reply, timeout_now, hello, welcome, ping, pong, "
      "inquiry, standing");
  EXPECT_EQ(ErrorOf("filter: {from: n1, to: n2, kind: append}"),
            "f:2:26: expected a filter to drop, duplicate or delay");
  EXPECT_EQ(ErrorOf("filter: {from: n1, to: n2, drop: 1%..2%}"),
            "f:2:51: expected one probability, not a range");
  EXPECT_EQ(ErrorOf("ring: n1"), "f:2:24: expected all");
  EXPECT_EQ(ErrorOf("cut_clients: {nodes: n1, lost: everything}"),
            "f:2:49: expected requests, answers or both");
  EXPECT_EQ(ErrorOf("flap: {from: n1, to: n2, kind: letter}").substr(0, 49),
            "f:2:49: expected a kind of message, not 'letter':");
  EXPECT_EQ(ErrorOf("filter: {from: n1, to: n2, drop: 1%, period: 5}"),
            "f:2:63: expected a duration such as 5ms or 1.5s, not '5'");
  EXPECT_EQ(ErrorOf("cut_clients: {nodes: n1, clients: [c1, c3]}"),
            "f:2:57: expected a client: script, c1 to c2, not 'c3'");
  EXPECT_EQ(ErrorOf("flap: {from: n1}"), "f:2:24: a flapping link needs 'to'");
  EXPECT_EQ(ErrorOf("blackhole: {from: n1}"),
            "f:2:29: a black hole needs 'to'");
  EXPECT_EQ(ErrorOf("half_open: n1, for: 1s"),
            "f:2:38: 'half_open' has no duration");
}

TEST(NetworkActsFileTest, InChaosAnInstantActNeedsNoDuration) {
  const auto error_of = [](absl::string_view strike) {
    const absl::StatusOr<Scenario> scenario = ParseScenario(
        absl::StrCat("name: x\nchaos: {strikes: [{", strike, "}]}"), "f");
    return scenario.ok() ? "no error"
                         : std::string(scenario.status().message());
  };
  EXPECT_EQ(error_of("reset_connections: all"), "no error");
  EXPECT_EQ(error_of("half_open: any"), "no error");
  EXPECT_EQ(error_of("swizzle: {nodes: some}, for: 1s"), "no error");
  EXPECT_NE(error_of("swizzle: {nodes: some}"), "no error");
  EXPECT_NE(error_of("half_open: any, for: 1s"), "no error");
}

}  // namespace
}  // namespace scenarios
