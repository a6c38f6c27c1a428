// A seed is one run on every compiler and in every build: the digests of all
// scenarios are pinned in digests.txt, and CI runs this program, which is all
// that it builds for that, with every compiler.
//
// A change of behaviour changes them. TWINRAFT_REWRITE=1 writes the file anew;
// commit only differences that you can explain.

#include <cstdint>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

constexpr uint64_t kSeed = 7;
constexpr char kFile[] = TWINRAFT_SOURCE_DIR "/tests/golden/digests.txt";

RunOptions SeedOnly() {
  RunOptions options;
  options.seed = kSeed;
  return options;
}

std::map<std::string, std::string> Pinned() {
  const absl::StatusOr<std::string> text = ReadWholeFile(kFile, 1 << 20);
  std::map<std::string, std::string> pinned;
  if (!text.ok()) return pinned;
  std::istringstream in(*text);
  for (std::string name, digest; in >> name >> digest;) pinned[name] = digest;
  return pinned;
}

TEST(GoldenDigestTest, ASeedIsOneRunOnEveryCompiler) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  std::map<std::string, std::string> found;
  for (const std::string& name : library.Names()) {
    const absl::StatusOr<Scenario> scenario = library.Load(name);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const RunResult result = RunScenario(*scenario, SeedOnly());
    EXPECT_TRUE(result.passed()) << name << ": " << result.message;
    found[name] = absl::StrCat(absl::Hex(result.digest, absl::kZeroPad16));
  }
  ASSERT_FALSE(found.empty());
  if (std::getenv("TWINRAFT_REWRITE") != nullptr) {
    std::string text;
    for (const auto& [name, digest] : found) {
      absl::StrAppend(&text, name, " ", digest, "\n");
    }
    ASSERT_TRUE(WriteWholeFile(kFile, text).ok());
  }
  EXPECT_EQ(found, Pinned()) << "TWINRAFT_REWRITE=1 rewrites " << kFile
                             << "; commit only what you can explain";
}

}  // namespace
}  // namespace scenarios
