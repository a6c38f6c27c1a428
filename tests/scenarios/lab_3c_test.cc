// MIT 6.5840, lab 3C: persistence. The test cases that people know, under their
// own names, told to whole nodes in the simulated world: what they find again
// after a crash is what their write-ahead log holds on the simulated disk.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/scenarios/lab_test.h"

namespace scenarios {
namespace {

uint32_t After(const Lab& lab, uint32_t node, uint32_t steps) {
  return (node - 1 + steps) % lab.size() + 1;
}

uint32_t AnyNode(Lab& lab) {
  return static_cast<uint32_t>(lab.Below(lab.size())) + 1;
}

void Restart(Lab& lab, uint32_t node) {
  lab.Disconnect(node);
  lab.StartOne(node);
  lab.Connect(node);
}

TEST(Lab3CTest, TestPersist13C) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("11", 3, true);
    for (uint32_t node = 1; node <= 3; ++node) lab.CrashOne(node);
    for (uint32_t node = 1; node <= 3; ++node) Restart(lab, node);
    lab.One("12", 3, true);
    const uint32_t first = lab.CheckOneLeader();
    Restart(lab, first);
    lab.One("13", 3, true);
    const uint32_t second = lab.CheckOneLeader();
    lab.Disconnect(second);
    lab.One("14", 2, true);
    lab.StartOne(second);
    lab.Connect(second);
    EXPECT_NE(lab.Wait(4, 3, UINT64_MAX), "");
    const uint32_t follower = After(lab, lab.CheckOneLeader(), 1);
    lab.Disconnect(follower);
    lab.One("15", 2, true);
    lab.StartOne(follower);
    lab.Connect(follower);
    lab.One("16", 3, true);
  });
}

TEST(Lab3CTest, TestPersist23C) {
  OverSeeds(5, [](Lab& lab) {
    int command = 1;
    const auto next = [&command] { return absl::StrCat(10 + command++); };
    for (int round = 0; round < 5 && !lab.failed(); ++round) {
      lab.One(next(), 5, true);
      const uint32_t leader = lab.CheckOneLeader();
      lab.Disconnect(After(lab, leader, 1));
      lab.Disconnect(After(lab, leader, 2));
      lab.One(next(), 3, true);
      lab.Disconnect(leader);
      lab.Disconnect(After(lab, leader, 3));
      lab.Disconnect(After(lab, leader, 4));
      // Two who have missed something, and one who has not.
      lab.StartOne(After(lab, leader, 1));
      lab.StartOne(After(lab, leader, 2));
      lab.Connect(After(lab, leader, 1));
      lab.Connect(After(lab, leader, 2));
      lab.Sleep(Lab::kElection);
      lab.StartOne(After(lab, leader, 3));
      lab.Connect(After(lab, leader, 3));
      lab.One(next(), 3, true);
      lab.Connect(After(lab, leader, 4));
      lab.Connect(leader);
    }
    lab.One("1000", 5, true);
  });
}

TEST(Lab3CTest, TestPersist33C) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("101", 3, true);
    const uint32_t leader = lab.CheckOneLeader();
    lab.Disconnect(After(lab, leader, 2));
    lab.One("102", 2, true);
    // The two that agreed are gone; the one that did not know may not decide
    // alone.
    lab.CrashOne(leader);
    lab.CrashOne(After(lab, leader, 1));
    lab.Connect(After(lab, leader, 2));
    lab.StartOne(leader);
    lab.One("103", 2, true);
    lab.StartOne(After(lab, leader, 1));
    lab.One("104", 3, true);
  });
}

// Proposes at whoever believes to lead; returns the last one, or 0.
uint32_t ProposeEverywhere(Lab& lab, const std::string& command) {
  uint32_t leader = 0;
  for (uint32_t node = 1; node <= lab.size(); ++node) {
    if (!lab.running(node)) continue;
    if (lab.Start(node, command).accepted) leader = node;
  }
  return leader;
}

// An entry of an earlier term that a majority has is not committed by counting
// it (Raft figure 8): leaders crash before and after their entries spread.
TEST(Lab3CTest, TestFigure83C) {
  OverSeeds(5, [](Lab& lab) {
    lab.One("first", 1, true);
    uint32_t up = 5;
    for (int round = 0; round < 300 && !lab.failed(); ++round) {
      const uint32_t leader =
          ProposeEverywhere(lab, absl::StrCat("round-", round));
      const bool long_life = lab.Chance(10);
      lab.Sleep(lab.dice().Between(
          absl::ZeroDuration(),
          long_life ? Lab::kElection / 2 : absl::Milliseconds(13)));
      if (leader != 0) {
        lab.CrashOne(leader);
        --up;
      }
      if (up >= 3) continue;
      const uint32_t node = AnyNode(lab);
      if (lab.running(node)) continue;
      lab.StartOne(node);
      ++up;
    }
    for (uint32_t node = 1; node <= 5; ++node) {
      if (!lab.running(node)) lab.StartOne(node);
    }
    lab.One("last", 5, true);
  });
}

TEST(Lab3CTest, TestUnreliableAgree3C) {
  OverSeeds(5, [](Lab& lab) {
    lab.SetUnreliable(true);
    for (int round = 1; round < 50 && !lab.failed(); ++round) {
      // Four proposals race with one that is waited for.
      for (int i = 0; i < 4; ++i) {
        ProposeEverywhere(lab, absl::StrCat(100 * round + i));
      }
      lab.One(absl::StrCat("round-", round), 1, true);
    }
    lab.SetUnreliable(false);
    lab.One("100", 5, true);
  });
}

TEST(Lab3CTest, TestFigure8Unreliable3C) {
  OverSeeds(5, [](Lab& lab) {
    lab.SetUnreliable(true);
    lab.One("first", 1, true);
    for (int round = 0; round < 300 && !lab.failed(); ++round) {
      if (round == 60) lab.SetLongReordering(true);
      const uint32_t leader =
          ProposeEverywhere(lab, absl::StrCat("round-", round));
      const bool long_life = lab.Chance(10);
      lab.Sleep(lab.dice().Between(
          absl::ZeroDuration(),
          long_life ? Lab::kElection / 2 : absl::Milliseconds(13)));
      if (leader != 0 && lab.Chance(50)) lab.Disconnect(leader);
      uint32_t connected = 0;
      for (uint32_t node = 1; node <= 5; ++node) {
        connected += lab.connected(node) ? 1 : 0;
      }
      if (connected < 3) lab.Connect(AnyNode(lab));
    }
    for (uint32_t node = 1; node <= 5; ++node) lab.Connect(node);
    lab.One("last", 5, true);
  });
}

// Nodes come and go, by cable and by crash, while commands are proposed at all
// of them.
void Churn(Lab& lab, bool unreliable) {
  lab.SetUnreliable(unreliable);
  for (int round = 0; round < 20 && !lab.failed(); ++round) {
    if (lab.Chance(20)) lab.Disconnect(AnyNode(lab));
    if (lab.Chance(50)) {
      const uint32_t node = AnyNode(lab);
      if (!lab.running(node)) lab.StartOne(node);
      lab.Connect(node);
    }
    if (lab.Chance(20)) lab.CrashOne(AnyNode(lab));
    // Not quite long enough to get everything settled.
    const absl::Duration end = lab.now() + Lab::kElection * 7 / 10;
    while (lab.now() < end && !lab.failed()) {
      ProposeEverywhere(lab, absl::StrCat("churn-", lab.Below(1u << 30)));
      lab.Sleep(absl::Milliseconds(20));
    }
  }
  lab.SetUnreliable(false);
  for (uint32_t node = 1; node <= lab.size(); ++node) {
    if (!lab.running(node)) lab.StartOne(node);
    lab.Connect(node);
  }
  const uint64_t last = lab.One("last", 5, true);
  // Many of the commands were agreed on, and all nodes have the same ones:
  // NCommitted() would have noticed.
  EXPECT_GT(last, 10u);
  for (uint64_t number = 1; number <= last; ++number) lab.NCommitted(number);
}

TEST(Lab3CTest, TestReliableChurn3C) {
  OverSeeds(5, [](Lab& lab) { Churn(lab, false); });
}

TEST(Lab3CTest, TestUnreliableChurn3C) {
  OverSeeds(5, [](Lab& lab) { Churn(lab, true); });
}

}  // namespace
}  // namespace scenarios
