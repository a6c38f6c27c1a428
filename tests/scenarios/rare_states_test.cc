#include "scenarios/rare_states.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/probe.h"

namespace scenarios {
namespace {

TEST(RareStatesTest, TheTableNamesTheProbesOfTheProgram) {
  std::set<std::string> probes;
  for (const runtime::ProbeSite* site : runtime::ProbeSites()) {
    if (site->kind == runtime::ProbeKind::kSometimes ||
        site->kind == runtime::ProbeKind::kReachable) {
      probes.insert(site->name);
    }
  }
  const std::vector<std::string> names = RareStateNames();
  EXPECT_THAT(names, testing::ElementsAreArray(probes));
}

TEST(RareStatesTest, EachMeansSomething) {
  for (const RareState& state : RareStates()) {
    EXPECT_TRUE(IsRareState(state.name));
    EXPECT_EQ(state.meaning.back(), '.') << state.name;
  }
  EXPECT_FALSE(IsRareState("raft.vote_spit"));
}

}  // namespace
}  // namespace scenarios
