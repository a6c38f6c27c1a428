// What raft_server says about configurations instead of serving, and how it
// ends: the real program.

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "nlohmann/json.hpp"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/server_process.h"

namespace cluster {
namespace {

class ConfigCommandsTest : public testing::Test {
 protected:
  // The exit code; what it said is in said_.
  std::optional<int> Run(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {}) {
    const std::filesystem::path log =
        directory_.path() / ("said-" + std::to_string(++runs_));
    ServerProcess process(ServerProgram(), arguments, log, environment);
    const std::optional<int> end = process.Wait(RealCluster::kPatience);
    said_ = ReadWholeFile(log);
    return end;
  }
  std::string File(const std::string& text) {
    const std::filesystem::path file = directory_.path() / "raft.yaml";
    std::ofstream(file) << text;
    return "--config=" + file.string();
  }

  TempDirectory directory_;
  int runs_ = 0;
  std::string said_;
};

TEST_F(ConfigCommandsTest, TheSampleIsInOrder) {
  ASSERT_EQ(Run({"--sample-config"}), 0);
  const std::string file = File(said_);
  EXPECT_EQ(Run({"--check-config", file}), 0) << said_;
  ASSERT_EQ(Run({"--print-config", file}), 0);
  const std::string printed = said_;
  EXPECT_EQ(Run({"--check-config", File(printed)}), 0) << said_;
}

TEST_F(ConfigCommandsTest, AMistakeIsNamedWithItsPlace) {
  const std::string file = File("node:\n  id: 1\n  clutser: demo\n");
  EXPECT_EQ(Run({"--check-config", file}), 2);
  EXPECT_TRUE(absl::StrContains(
      said_,
      "raft.yaml:3:3: unknown key 'clutser' in the section node; did "
      "you mean 'cluster'?"))
      << said_;
  EXPECT_EQ(Run({file}), 2) << "it must not serve either";
}

TEST_F(ConfigCommandsTest, TheEnvironmentIsNamedAsAnOrigin) {
  ASSERT_EQ(Run({"--sample-config"}), 0);
  const std::string file = File(said_);
  ASSERT_EQ(Run({"--print-config", file, "--node-id=2"},
                {"RAFT_LOG_LEVEL=error", "RAFT_NODE_ID=3"}),
            0);
  EXPECT_TRUE(absl::StrContains(said_, "# RAFT_LOG_LEVEL\n")) << said_;
  EXPECT_TRUE(absl::StrContains(said_, "# --node-id\n")) << said_;
}

TEST_F(ConfigCommandsTest, AFileForAllNodesCanBeCheckedAsItIs) {
  const std::string file = File(
      "node: {cluster: demo}\n"
      "discovery: {peers: [{id: 1, host: a, peer_port: 1, rpc_port: 2, "
      "redis_port: 3}]}\n");
  EXPECT_EQ(Run({"--check-config", file}, {"RAFT_LOG_LEVLE=debug"}), 0);
  EXPECT_EQ(said_,
            "raft_server: RAFT_LOG_LEVLE in the environment is no setting; did "
            "you mean RAFT_LOG_LEVEL?\n"
            "the configuration is in order; still to be given: --node-id "
            "--data-dir\n");
  EXPECT_EQ(Run({"--check-config", file, "--node-id=1", "--data-dir=d"}), 0);
  EXPECT_EQ(said_, "the configuration is in order\n");
}

// A server that cannot begin: its whole log is JSON, a line at a time.
TEST_F(ConfigCommandsTest, TheLogIsJsonIfAsked) {
  ASSERT_EQ(Run({"--sample-config"}), 0);
  const std::string file = File(said_);
  const std::string data = (directory_.path() / "da\"ta\\").string();
  EXPECT_EQ(Run({file, "--log-format=json", "--data-dir=" + data,
                 "--listen-host=127.0.0.1"}),
            2);
  std::istringstream lines(said_);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << line;
    for (const char* key : {"time", "level", "event"}) {
      EXPECT_TRUE(json.contains(key)) << line;
    }
  }
  EXPECT_GE(count, 1);
}

TEST_F(ConfigCommandsTest, TheVersionNamesTheFormats) {
  ASSERT_EQ(Run({"--version"}), 0);
  for (const char* part : {"raft_server ", "\ncommit ", "\ncompiler ",
                           "\nlog format 1\n", "\npeer protocol 3\n"}) {
    EXPECT_TRUE(absl::StrContains(said_, part)) << part << " in " << said_;
  }
}

}  // namespace
}  // namespace cluster
