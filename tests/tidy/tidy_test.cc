#include "tests/tidy/tidy.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "tests/tree.h"

namespace tidy {
namespace {

namespace fs = std::filesystem;

using Check = std::vector<std::string> (*)(const fs::path&);

void ExpectClean(Check check) {
  const std::vector<std::string> found = check(TWINRAFT_SOURCE_DIR);
  EXPECT_TRUE(found.empty()) << absl::StrJoin(found, "\n");
}

TEST(TidyTest, FloorsLookDown) { ExpectClean(CheckFloors); }
TEST(TidyTest, NothingBannedIsUsed) { ExpectClean(CheckBans); }
TEST(TidyTest, EveryTwinHasItsSibling) { ExpectClean(CheckTwins); }
TEST(TidyTest, EveryRoomHasAReadme) { ExpectClean(CheckRooms); }
TEST(TidyTest, FilesAndFunctionsStaySmall) { ExpectClean(CheckShape); }

// The rules themselves: each is broken once, in a tree of its own.
class BrokenTree {
 public:
  BrokenTree() {
    std::string pattern =
        (fs::temp_directory_path() / "tidy_test.XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~BrokenTree() { fs::remove_all(root_); }

  void Write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::string Violations(Check check) const {
    return absl::StrJoin(check(root_), "\n");
  }

 private:
  fs::path root_;
};

TEST(TidyRulesTest, AFloorThatLooksUpIsNamed) {
  BrokenTree tree;
  tree.Write("net/a.cc", "// x\n#include \"raft/node.h\"\n");
  tree.Write("raft/core/b.cc", "#include \"net/wire.h\"\n");
  tree.Write("kv/c.cc", "#include \"boost/context/fiber.hpp\"\n");
  tree.Write("sim/d.cc", "#include \"kv/store.h\"\n");
  tree.Write("scenarios/e.cc", "#include \"prod/tcp_network.h\"\n");
  const std::string found = tree.Violations(CheckFloors);
  EXPECT_NE(found.find("net/a.cc:2: net may not look at raft"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("raft/core/b.cc:1: raft/core cannot wait"),
            std::string::npos);
  EXPECT_NE(found.find("kv/c.cc:1: Boost outside"), std::string::npos);
  EXPECT_NE(found.find("sim/d.cc:1: sim may not look at kv"),
            std::string::npos);
  EXPECT_NE(found.find("scenarios/e.cc:1: scenarios may not look at prod"),
            std::string::npos);
}

TEST(TidyRulesTest, ABannedCallIsNamedWithItsReplacement) {
  BrokenTree tree;
  tree.Write("raft/a.cc",
             "std::unordered_map<int, int> m;\n"
             "auto now = std::chrono::steady_clock::now();\n"
             "// std::thread in a comment is no thread\n"
             "std::shuffle(a, b, c);\n"
             "try { } catch (...) { }\n");
  tree.Write("prod/b.cc", "std::thread t;\n");
  const std::string found = tree.Violations(CheckBans);
  EXPECT_NE(found.find("raft/a.cc:1: 'std::unordered_map' is banned; use"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("raft/a.cc:2: 'std::chrono' is banned; use "
                       "runtime::Clock"),
            std::string::npos);
  EXPECT_EQ(found.find("raft/a.cc:3"), std::string::npos);
  EXPECT_NE(found.find("raft/a.cc:4"), std::string::npos);
  EXPECT_NE(found.find("raft/a.cc:5"), std::string::npos);
  EXPECT_EQ(found.find("prod/b.cc"), std::string::npos);
}

TEST(TidyRulesTest, AMissingTwinIsNamed) {
  BrokenTree tree;
  tree.Write("runtime/clock.h", "");
  tree.Write("sim/sim_clock.h", "");
  tree.Write("tests/conformance/clock_test.cc",
             "INSTANTIATE_TEST_SUITE_P(Simulated, ClockTest, x);\n");
  const std::string found = tree.Violations(CheckTwins);
  EXPECT_NE(found.find("prod/real_clock.h:1: missing"), std::string::npos);
  EXPECT_NE(found.find("clock_test.cc:1: does not run on prod/real_clock.h"),
            std::string::npos)
      << found;
  EXPECT_EQ(found.find("sim/sim_clock.h:1: missing"), std::string::npos);
}

TEST(TidyRulesTest, AMissingOrEmptyReadmeIsNamed) {
  BrokenTree tree;
  tree.Write("net/README.md", "# net\nPurpose   x\n");
  const std::string found = tree.Violations(CheckRooms);
  EXPECT_NE(found.find("raft/README.md:1: missing"), std::string::npos);
  EXPECT_NE(found.find("net/README.md:1: no line 'Promises'"),
            std::string::npos);
}

TEST(TidyRulesTest, WhatIsTooLongIsNamed) {
  BrokenTree tree;
  std::string text = "int F(int x) {\n";
  for (int i = 0; i < 100; ++i) text += "  ++x;\n";
  text += "}\n";
  tree.Write("net/long_function.cc", text);
  tree.Write("net/long_file.cc", std::string(600, '\n'));
  tree.Write("net/bare.h", "int x;\n");
  const std::string found = tree.Violations(CheckShape);
  EXPECT_NE(found.find("net/long_function.cc:1: a function of 101 lines"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("net/long_file.cc:1: 600 lines"), std::string::npos);
  EXPECT_NE(found.find("net/bare.h:1: no include guard; write #ifndef "
                       "NET_BARE_H_"),
            std::string::npos);
  EXPECT_NE(found.find("net/bare.h:1: the header does not say"),
            std::string::npos);
}

}  // namespace
}  // namespace tidy
