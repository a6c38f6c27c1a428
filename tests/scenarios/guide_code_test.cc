// The C++ of docs/writing_scenarios.md, letter for letter: guide_test.cc
// compares them.

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "scenarios/lab.h"
#include "scenarios/story.h"

namespace scenarios {
namespace {

TEST(MyStoryTest, TheOldLeaderGivesWay) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult result = Story("the-old-leader-gives-way")
                                 .Nodes(3)
                                 .At(absl::Seconds(3))
                                 .Isolate(Leader())
                                 .Until(NewLeader())
                                 .Within(absl::Seconds(2))
                                 .Write("fruit", "pear")
                                 .Expect(Expectation::Kind::kDone)
                                 .Heal()
                                 .Until(AppliedEqual({1, 2, 3}))
                                 .Within(absl::Seconds(2))
                                 .Run(seed);
    EXPECT_TRUE(result.passed()) << "seed " << seed << ": " << result.message;
  }
}

TEST(MyLabTest, TwoOfThreeAgree) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Lab lab(3, seed);
    const uint32_t leader = lab.CheckOneLeader();
    lab.Disconnect(leader);
    const uint64_t number = lab.One("pear", 2, true);
    EXPECT_EQ(lab.NCommitted(number).nodes, 2u);
    lab.Connect(leader);
    lab.Wait(number, 3, UINT64_MAX);
    EXPECT_EQ(lab.failure(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace scenarios
