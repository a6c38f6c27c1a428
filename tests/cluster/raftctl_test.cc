// raftctl against real servers, and their directories while they write.

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "nlohmann/json.hpp"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/server_process.h"
#include "tests/tree.h"

namespace cluster {
namespace {

class RaftctlTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.WaitForLeader().has_value());
    for (int node = 1; node <= RealCluster::kNodes; ++node) {
      absl::StrAppend(&endpoints_, node == 1 ? "--endpoints=" : ",",
                      "127.0.0.1:", cluster_.admin_port(node));
    }
  }
  // The exit code; what it said is in said_.
  std::optional<int> Run(const std::vector<std::string>& arguments) {
    const std::filesystem::path log =
        directory_.path() / absl::StrCat("said-", ++runs_);
    ServerProcess process(absl::StrCat(TWINRAFT_BINARY_DIR, "/bin/raftctl"),
                          arguments, log);
    const std::optional<int> end = process.Wait(RealCluster::kPatience);
    said_ = ReadWholeFile(log);
    return end;
  }

  TempDirectory directory_;
  RealCluster cluster_;
  std::string endpoints_;
  int runs_ = 0;
  std::string said_;
};

TEST_F(RaftctlTest, SeesAClusterAndTheNodeThatIsMissing) {
  EXPECT_EQ(Run({"status", endpoints_, "-o", "json"}), 0) << said_;
  const nlohmann::json status = nlohmann::json::parse(said_);
  EXPECT_EQ(status.size(), 3u);
  EXPECT_EQ(status[0]["leader"], status[2]["leader"]);
  EXPECT_EQ(Run({"members", endpoints_}), 0) << said_;
  EXPECT_TRUE(absl::StrContains(said_, absl::StrCat(cluster_.redis_port(2))))
      << said_;
  cluster_.Kill(2);
  EXPECT_EQ(Run({"health", endpoints_}), 1) << said_;
  EXPECT_EQ(Run({"status", endpoints_}), 1) << said_;
  EXPECT_EQ(Run({"members", endpoints_}), 1) << said_;
  EXPECT_TRUE(absl::StrContains(said_, "cannot connect: Connection refused"))
      << said_;
  // The leader does not reach it either, whoever is asked.
  cluster_.WaitForLeader();
  EXPECT_EQ(
      Run({"members", absl::StrCat("--endpoints=127.0.0.1:",
                                   cluster_.admin_port(*cluster_.Leader()))}),
      1)
      << said_;
  EXPECT_TRUE(absl::StrContains(said_, "connect: Connection refused")) << said_;
}

TEST_F(RaftctlTest, ReadsTheLogOfANodeThatWrites) {
  std::atomic<bool> stop{false};
  std::thread writer([this, &stop] {
    while (!stop) {
      (void)CallOnce(cluster_.redis_port(1), {"INCR", "a"},
                     RealCluster::kPatience);
    }
  });
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Run({"log", cluster_.data(1).string()}), 0) << said_;
    EXPECT_TRUE(absl::StrContains(said_, "in use: ")) << said_;
  }
  stop = true;
  writer.join();
  EXPECT_EQ(cluster_.Stop(1), 0);
  EXPECT_EQ(Run({"data", cluster_.data(1).string(), "-o", "json"}), 0);
  const nlohmann::json data = nlohmann::json::parse(said_);
  EXPECT_EQ(data["node"], 1);
  EXPECT_EQ(data["in_use"], false);
  cluster_.Start(1);
  EXPECT_TRUE(cluster_.WaitForLeader().has_value());
}

TEST_F(RaftctlTest, UsageHasItsExitCode) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"status"}), 2);
  EXPECT_EQ(Run({"-o", "json", "stauts", endpoints_}), 2);
  EXPECT_EQ(said_,
            "raftctl: unknown command: stauts; did you mean 'status'?\n");
  EXPECT_EQ(Run({"status", "--endpoints=nonsense"}), 2);
  EXPECT_EQ(Run({"log", (directory_.path() / "nowhere").string()}), 2);
  EXPECT_EQ(Run({"log", cluster_.data(1).string(), "--entries=9..1"}), 2);
  EXPECT_EQ(Run({"--help"}), 0);
}

}  // namespace
}  // namespace cluster
