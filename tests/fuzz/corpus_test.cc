// Every input that was ever worth keeping, through the functions that the
// fuzzers run.

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

#include "runtime/bytes.h"
#include "scenarios/scenario_library.h"
#include "tests/fuzz/targets.h"
#include "tests/tree.h"

namespace fuzz {
namespace {

class CorpusTest : public testing::TestWithParam<Target> {};

TEST_P(CorpusTest, EveryInputIsTakenOrRefused) {
  const std::string folder = std::string(TWINRAFT_SOURCE_DIR) +
                             "/tests/fuzz/corpus/" + GetParam().name;
  size_t inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    const absl::StatusOr<std::string> bytes =
        scenarios::ReadWholeFile(entry.path(), 1 << 20);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    GetParam().run(runtime::AsBytes(*bytes));
    // What is cut off is refused as well.
    GetParam().run(runtime::AsBytes(*bytes).first(bytes->size() / 2));
    ++inputs;
  }
  EXPECT_GE(inputs, 3u);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, CorpusTest, testing::ValuesIn(Targets()),
                         [](const testing::TestParamInfo<Target>& one) {
                           return one.param.name;
                         });

}  // namespace
}  // namespace fuzz
