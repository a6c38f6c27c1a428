// MIT 6.5840, lab 3B: the log. The test cases that people know, under their own
// names, told to whole nodes in the simulated world.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/scenarios/lab_test.h"

namespace scenarios {
namespace {

uint32_t After(const Lab& lab, uint32_t node, uint32_t steps) {
  return (node - 1 + steps) % lab.size() + 1;
}

// A command that no other call of a run has made.
std::string AnyCommand(Lab& lab) {
  return absl::StrCat("any-", lab.Below(1u << 30));
}

TEST(Lab3BTest, TestBasicAgree3B) {
  OverSeeds(3, [](Lab& lab) {
    for (uint64_t number = 1; number <= 3; ++number) {
      EXPECT_EQ(lab.NCommitted(number).nodes, 0u) << "before it was proposed";
      EXPECT_EQ(lab.One(absl::StrCat(number * 100), 3, false), number);
    }
  });
}

TEST(Lab3BTest, TestRPCBytes3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("99", 3, false);
    const uint64_t before = lab.BytesTotal();
    uint64_t sent = 0;
    for (uint64_t number = 2; number < 12; ++number) {
      const std::string command =
          absl::StrCat(lab.Below(10), std::string(5000, 'x'));
      EXPECT_EQ(lab.One(command, 3, false), number);
      sent += command.size();
    }
    // Each command goes to each peer once.
    const uint64_t bytes = lab.BytesTotal() - before;
    EXPECT_GE(bytes, 2 * sent);
    EXPECT_LE(bytes, 3 * sent + 50'000);
  });
}

TEST(Lab3BTest, For2023TestFollowerFailure3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("101", 3, false);
    const uint32_t first = lab.CheckOneLeader();
    lab.Disconnect(After(lab, first, 1));
    // One follower is enough to go on.
    lab.One("102", 2, false);
    lab.Sleep(Lab::kElection);
    lab.One("103", 2, false);
    // None is not.
    const uint32_t leader = lab.CheckOneLeader();
    lab.Disconnect(After(lab, leader, 1));
    lab.Disconnect(After(lab, leader, 2));
    const Lab::Started started = lab.Start(leader, "104");
    ASSERT_TRUE(started.accepted);
    EXPECT_EQ(started.number, 4u);
    lab.Sleep(2 * Lab::kElection);
    EXPECT_EQ(lab.NCommitted(started.number).nodes, 0u);
  });
}

TEST(Lab3BTest, TestLeaderFailure3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("101", 3, false);
    lab.Disconnect(lab.CheckOneLeader());
    // The others elect one of themselves.
    lab.One("102", 2, false);
    lab.Sleep(Lab::kElection);
    lab.One("103", 2, false);
    lab.Disconnect(lab.CheckOneLeader());
    for (uint32_t node = 1; node <= lab.size(); ++node) {
      lab.Start(node, "104");
    }
    lab.Sleep(2 * Lab::kElection);
    EXPECT_EQ(lab.NCommitted(4).nodes, 0u);
  });
}

TEST(Lab3BTest, TestFailAgree3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("101", 3, false);
    const uint32_t leader = lab.CheckOneLeader();
    lab.Disconnect(After(lab, leader, 1));
    lab.One("102", 2, false);
    lab.One("103", 2, false);
    lab.Sleep(Lab::kElection);
    lab.One("104", 2, false);
    lab.One("105", 2, false);
    // The follower comes back and catches up.
    lab.Connect(After(lab, leader, 1));
    lab.One("106", 3, true);
    lab.Sleep(Lab::kElection);
    lab.One("107", 3, true);
  });
}

TEST(Lab3BTest, TestFailNoAgree3B) {
  OverSeeds(5, [](Lab& lab) {
    lab.One("10", 5, false);
    const uint32_t leader = lab.CheckOneLeader();
    for (uint32_t i = 1; i <= 3; ++i) lab.Disconnect(After(lab, leader, i));
    const Lab::Started lost = lab.Start(leader, "20");
    ASSERT_TRUE(lost.accepted);
    EXPECT_EQ(lost.number, 2u);
    lab.Sleep(2 * Lab::kElection);
    EXPECT_EQ(lab.NCommitted(lost.number).nodes, 0u);
    // The three may have elected a leader of their own, with a log of its own.
    for (uint32_t i = 1; i <= 3; ++i) lab.Connect(After(lab, leader, i));
    const Lab::Started second = lab.Start(lab.CheckOneLeader(), "30");
    ASSERT_TRUE(second.accepted);
    EXPECT_GE(second.number, 2u);
    EXPECT_LE(second.number, 3u);
    lab.One("1000", 5, true);
  });
}

// Several proposals at once: all of one term are agreed on. Returns false when
// the term ended on the way and nothing can be said.
bool ProposesConcurrently(Lab& lab) {
  constexpr int kProposals = 5;
  const uint32_t leader = lab.CheckOneLeader();
  const Lab::Started first = lab.Start(leader, "1");
  if (!first.accepted) return false;
  std::vector<uint64_t> numbers;
  for (int i = 0; i < kProposals; ++i) {
    const Lab::Started started = lab.Start(leader, absl::StrCat(100 + i));
    if (!started.accepted || started.term != first.term) return false;
    numbers.push_back(started.number);
  }
  std::vector<std::string> agreed;
  for (const uint64_t number : numbers) {
    const std::string command = lab.Wait(number, lab.size(), first.term);
    if (command.empty()) return false;
    agreed.push_back(command);
  }
  EXPECT_EQ(agreed,
            (std::vector<std::string>{"100", "101", "102", "103", "104"}));
  return true;
}

TEST(Lab3BTest, TestConcurrentStarts3B) {
  OverSeeds(3, [](Lab& lab) {
    bool done = false;
    for (int i = 0; i < 5 && !done && !lab.failed(); ++i) {
      done = ProposesConcurrently(lab);
    }
    EXPECT_TRUE(done) << "the term changed too often";
  });
}

TEST(Lab3BTest, TestRejoin3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.One("101", 3, true);
    // A leader alone takes what nobody will agree on.
    const uint32_t first = lab.CheckOneLeader();
    lab.Disconnect(first);
    lab.Start(first, "102");
    lab.Start(first, "103");
    lab.Start(first, "104");
    // The others agree on something else in its place.
    lab.One("103", 2, true);
    const uint32_t second = lab.CheckOneLeader();
    lab.Disconnect(second);
    // The first one is back, and its log must give way.
    lab.Connect(first);
    lab.One("104", 2, true);
    lab.Connect(second);
    lab.One("105", 3, true);
  });
}

void ProposeMany(Lab& lab, uint32_t leader, int count) {
  for (int i = 0; i < count && !lab.failed(); ++i) {
    lab.Start(leader, AnyCommand(lab));
  }
}

void AgreeOnMany(Lab& lab, uint32_t nodes, int count) {
  for (int i = 0; i < count && !lab.failed(); ++i) {
    lab.One(AnyCommand(lab), nodes, true);
  }
}

// Logs that went far apart find together again, and quickly.
TEST(Lab3BTest, TestBackup3B) {
  OverSeeds(5, [](Lab& lab) {
    constexpr int kMany = 50;
    lab.One(AnyCommand(lab), 5, true);
    // A leader with one follower: much that is never agreed on.
    const uint32_t first = lab.CheckOneLeader();
    for (uint32_t i = 2; i <= 4; ++i) lab.Disconnect(After(lab, first, i));
    ProposeMany(lab, first, kMany);
    lab.Sleep(Lab::kElection / 2);
    lab.Disconnect(first);
    lab.Disconnect(After(lab, first, 1));
    // The other three agree on much.
    for (uint32_t i = 2; i <= 4; ++i) lab.Connect(After(lab, first, i));
    AgreeOnMany(lab, 3, kMany);
    // Their leader with one follower: again much that is never agreed on.
    const uint32_t second = lab.CheckOneLeader();
    uint32_t other = After(lab, first, 2);
    if (other == second) other = After(lab, second, 1);
    lab.Disconnect(other);
    ProposeMany(lab, second, kMany);
    lab.Sleep(Lab::kElection / 2);
    // The first two come back with the one that was left out.
    for (uint32_t node = 1; node <= 5; ++node) lab.Disconnect(node);
    lab.Connect(first);
    lab.Connect(After(lab, first, 1));
    lab.Connect(other);
    AgreeOnMany(lab, 3, kMany);
    for (uint32_t node = 1; node <= 5; ++node) lab.Connect(node);
    lab.One(AnyCommand(lab), 5, true);
  });
}

// Returns false when the term ended on the way and nothing can be said.
bool CountsAgreements(Lab& lab) {
  constexpr int kProposals = 10;
  const uint32_t leader = lab.CheckOneLeader();
  const uint64_t before = lab.RpcTotal();
  const Lab::Started first = lab.Start(leader, "1");
  if (!first.accepted) return false;
  for (int i = 0; i < kProposals + 2; ++i) {
    const Lab::Started started = lab.Start(leader, absl::StrCat(i));
    if (!started.accepted || started.term != first.term) return false;
  }
  for (uint64_t i = 1; i <= kProposals; ++i) {
    if (lab.Wait(first.number + i, 3, first.term) != absl::StrCat(i - 1)) {
      return false;
    }
  }
  EXPECT_LE(lab.RpcTotal() - before, (kProposals + 1u + 3u) * 3);
  return true;
}

TEST(Lab3BTest, TestCount3B) {
  OverSeeds(3, [](Lab& lab) {
    lab.CheckOneLeader();
    EXPECT_GE(lab.RpcTotal(), 1u);
    EXPECT_LE(lab.RpcTotal(), 60u) << "to elect one leader";
    bool done = false;
    for (int i = 0; i < 5 && !done && !lab.failed(); ++i) {
      done = CountsAgreements(lab);
    }
    EXPECT_TRUE(done) << "the term changed too often";
    lab.Sleep(Lab::kElection);
    const uint64_t before = lab.RpcTotal();
    lab.Sleep(Lab::kElection);
    EXPECT_LE(lab.RpcTotal() - before, 3u * 20) << "in a second of idleness";
  });
}

}  // namespace
}  // namespace scenarios
