// MIT 6.5840, lab 3A: leader election. The test cases that people know, under
// their own names, told to whole nodes in the simulated world.

#include <cstdint>

#include "gtest/gtest.h"

#include "tests/scenarios/lab_test.h"

namespace scenarios {
namespace {

// Nodes are numbered from 1; the one after another, around the circle.
uint32_t After(const Lab& lab, uint32_t node, uint32_t steps) {
  return (node - 1 + steps) % lab.size() + 1;
}

TEST(Lab3ATest, TestInitialElection3A) {
  OverSeeds(3, [](Lab& lab) {
    lab.CheckOneLeader();
    // A moment later everybody knows the term, and it stays when nothing fails.
    lab.Sleep(absl::Milliseconds(50));
    const uint64_t term = lab.CheckTerms();
    EXPECT_GE(term, 1u);
    lab.Sleep(2 * Lab::kElection);
    EXPECT_EQ(lab.CheckTerms(), term);
    lab.CheckOneLeader();
  });
}

TEST(Lab3ATest, TestReElection3A) {
  OverSeeds(3, [](Lab& lab) {
    const uint32_t first = lab.CheckOneLeader();
    // Without the leader there is a new one.
    lab.Disconnect(first);
    const uint32_t second = lab.CheckOneLeader();
    EXPECT_NE(second, first);
    // The old one comes back and does not disturb it.
    lab.Connect(first);
    lab.CheckOneLeader();
    // Without a quorum there is none.
    const uint32_t leader = lab.CheckOneLeader();
    lab.Disconnect(leader);
    lab.Disconnect(After(lab, leader, 1));
    lab.Sleep(2 * Lab::kElection);
    lab.CheckNoLeader();
    // With a quorum there is one again, and with all of them, too.
    lab.Connect(After(lab, leader, 1));
    lab.CheckOneLeader();
    lab.Connect(leader);
    lab.CheckOneLeader();
  });
}

TEST(Lab3ATest, TestManyElections3A) {
  OverSeeds(7, [](Lab& lab) {
    lab.CheckOneLeader();
    for (int round = 1; round < 10 && !lab.failed(); ++round) {
      // Three may be the same; four of seven are always left.
      uint32_t cut_off[3];
      for (uint32_t& node : cut_off) {
        node = static_cast<uint32_t>(lab.Below(lab.size())) + 1;
        lab.Disconnect(node);
      }
      lab.CheckOneLeader();
      for (const uint32_t node : cut_off) lab.Connect(node);
    }
    lab.CheckOneLeader();
  });
}

}  // namespace
}  // namespace scenarios
