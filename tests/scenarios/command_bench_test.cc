#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/commands.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

const std::string kFiles = TWINRAFT_SOURCE_DIR "/scenarios/files";

TEST(CommandBenchTest, SaysWhatASeedCostsAndWhatALongOneDoes) {
  testing::internal::CaptureStdout();
  const int exit_code = BenchCommand(
      {"calm", "--scenarios", kFiles, "--seeds", "1..3", "--json"});
  const std::string line = testing::internal::GetCapturedStdout();
  EXPECT_EQ(exit_code, kExitPassed);
  for (const char* part :
       {"\"scenario\":\"calm\",\"seeds\":3,", "\"ms_median\":", "\"ms_p95\":",
        "\"events_per_second\":", "\"longer\":10,\"longer_costs\":",
        "\"not_passed\":0,", "\"faults\":{"}) {
    EXPECT_THAT(line, testing::HasSubstr(part));
  }
}

TEST(CommandBenchTest, RefusesWhatIsNoScenario) {
  EXPECT_EQ(BenchCommand({"no-such-scenario", "--scenarios", kFiles}),
            kExitUsage);
}

}  // namespace
}  // namespace scenarios
