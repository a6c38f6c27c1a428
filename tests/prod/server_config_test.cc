#include "prod/server_config.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "prod/config_check.h"

namespace prod {
namespace {

constexpr char kPeers[] =
    "discovery:\n"
    "  peers:\n"
    "    - {id: 1, host: 10.0.0.1, peer_port: 7101, rpc_port: 7201,\n"
    "       redis_port: 6379}\n"
    "    - {id: 2, host: 10.0.0.2, peer_port: 7101, rpc_port: 7201,\n"
    "       redis_port: 6379}\n";

std::string ErrorOf(const std::string& yaml) {
  ServerConfig config;
  const absl::Status read = ReadConfigText("raft.yaml", yaml, config);
  EXPECT_FALSE(read.ok()) << yaml;
  return std::string(read.message());
}

absl::StatusOr<ServerConfig> Load(
    std::vector<const char*> arguments,
    const std::map<std::string, std::string>& environment = {}) {
  absl::StatusOr<CommandLine> line = ParseCommandLine(arguments);
  if (!line.ok()) return line.status();
  return LoadServerConfig(*line, [&environment](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end()
               ? std::nullopt
               : std::optional<std::string>(found->second);
  });
}

TEST(ServerConfigTest, ReadsEverySection) {
  ServerConfig config;
  const absl::Status read = ReadConfigText(
      "raft.yaml",
      std::string("node: {id: 2, cluster: demo, data_dir: /var/lib/raft}\n"
                  "network: {listen_host: 10.0.0.2}\n"
                  "raft: {election_timeout_min: 300ms, "
                  "election_timeout_max: 600ms, heartbeat_interval: 50ms, "
                  "segment_size: 8MiB}\n"
                  "rpc: {request_timeout: 2s}\n"
                  "logging: {level: debug}\n") +
          kPeers,
      config);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(config.node_id, 2u);
  EXPECT_EQ(config.core.election_timeout_min, absl::Milliseconds(300));
  EXPECT_EQ(config.segment_bytes, 8u << 20);
  EXPECT_EQ(config.request_timeout, absl::Seconds(2));
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  ASSERT_EQ(config.peers.size(), 2u);
  EXPECT_EQ(config.peers[1].redis.ToString(), "10.0.0.2:6379");
  const kv::ServerOptions options = ServerOptionsOf(config);
  EXPECT_EQ(options.redis_listen->ToString(), "10.0.0.2:6379");
  EXPECT_EQ(options.host.listen.ToString(), "10.0.0.2:7101");
}

TEST(ServerConfigTest, MistakesNameTheirPlace) {
  EXPECT_EQ(ErrorOf("node: {id: 1}\nrraft: {}\n").substr(0, 14),
            "raft.yaml:2:1:");
  EXPECT_EQ(ErrorOf("raft: {heartbeat: 5ms}\n").substr(0, 14),
            "raft.yaml:1:8:");
  EXPECT_EQ(ErrorOf("raft:\n  heartbeat_interval: 5 parsecs\n").substr(0, 15),
            "raft.yaml:2:23:");
  EXPECT_EQ(ErrorOf("node: {id: 1, id: 2}\n").substr(0, 12), "raft.yaml:1:");
  EXPECT_EQ(ErrorOf("node: [\n").substr(0, 10), "raft.yaml:");
  EXPECT_EQ(ErrorOf("discovery: {peers: 7}\n").substr(0, 15),
            "raft.yaml:1:20:");
  EXPECT_NE(ErrorOf("discovery: {peers: [{id: 1, host: a, peer_port: 70000, "
                    "rpc_port: 1, redis_port: 1}]}\n")
                .find("65535"),
            std::string::npos);
  EXPECT_NE(
      ErrorOf("discovery: {peers: [{id: 1, host: a}]}\n").find("peer_port"),
      std::string::npos);
}

TEST(ServerConfigTest, FlagsOverrideTheEnvironment) {
  const std::string file = testing::TempDir() + "server_config_test.yaml";
  FILE* out = fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr);
  fputs(kPeers, out);
  fclose(out);
  const std::string flag = "--config=" + file;
  const absl::StatusOr<ServerConfig> config =
      Load({flag.c_str(), "--node-id", "2", "--init-cluster"},
           {{"RAFT_NODE_ID", "1"},
            {"RAFT_CLUSTER", "demo"},
            {"RAFT_DATA_DIR", "/data"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->node_id, 2u);
  EXPECT_EQ(config->data_dir, "/data");
  EXPECT_TRUE(config->init_cluster);

  EXPECT_EQ(Load({flag.c_str(), "--node-id=3", "--cluster=c", "--data-dir=d"})
                .status()
                .message(),
            "--node-id: node 3 is not among discovery.peers of the config "
            "file");
  EXPECT_EQ(Load({flag.c_str()}, {{"RAFT_NODE_ID", "x"}}).status().message(),
            "RAFT_NODE_ID: expected a node id, a number from 1, not \"x\"");
  EXPECT_EQ(Load({flag.c_str(), "--node-id=1", "--cluster=c", "--data-dir=d",
                  "--heartbeat-interval=400ms"})
                .status()
                .message(),
            "--heartbeat-interval: heartbeat_interval must be at most half of "
            "election_timeout_min");
}

TEST(ServerConfigTest, WhatContradictsItselfNamesThePlace) {
  const std::string file = testing::TempDir() + "server_config_whole.yaml";
  const auto error_of = [&file](const std::string& text) {
    FILE* out = fopen(file.c_str(), "w");
    EXPECT_NE(out, nullptr);
    fputs((std::string("node: {id: 1, cluster: c, data_dir: d}\n") + text +
           kPeers)
              .c_str(),
          out);
    fclose(out);
    const std::string flag = "--config=" + file;
    const std::string error(Load({flag.c_str()}).status().message());
    EXPECT_EQ(error.substr(0, file.size()), file);
    return error.substr(std::min(file.size(), error.size()));
  };
  EXPECT_EQ(error_of("raft: {election_timeout_min: 150ms}\n"),
            ":2:30: heartbeat_interval must be at most half of "
            "election_timeout_min");
  EXPECT_EQ(error_of("raft: {election_timeout_max: 400ms}\n"),
            ":2:30: election_timeout_min is above election_timeout_max");
  EXPECT_EQ(error_of("network: {peer_keepalive_timeout: 600ms}\n"),
            ":2:35: peer_keepalive_interval must be at most half of "
            "peer_keepalive_timeout");
  EXPECT_EQ(error_of("network: {redis_listen_host: example.org}\n"),
            ":2:30: expected a numeric address of this machine, not "
            "\"example.org\"");
}

TEST(ServerConfigTest, ASettingKeepsToItsBounds) {
  EXPECT_EQ(ErrorOf("raft: {segment_size: 4KiB}\n"),
            "raft.yaml:1:22: expected a size from 1MiB to 1GiB, not \"4KiB\"");
  EXPECT_EQ(ErrorOf("network: {redis_clients_max: 0}\n"),
            "raft.yaml:1:30: expected a number from 1 to 1000000, not \"0\"");
  EXPECT_EQ(ErrorOf("rpc: {request_timeout: 0s}\n"),
            "raft.yaml:1:24: expected a span of time from 1ms to 1h, not "
            "\"0s\"");
  EXPECT_EQ(ErrorOf("node: {cluster: \"a\\nb\"}\n"),
            "raft.yaml:1:17: expected a text in UTF-8 without control "
            "characters");
  EXPECT_EQ(ErrorOf("node: {cluster: [demo]}\n"),
            "raft.yaml:1:17: expected a text");
  EXPECT_EQ(ErrorOf("node: {id: 1}\n---\nnode: {id: 2}\n"),
            "raft.yaml:2:1: expected one document, not two");
}

TEST(ServerConfigTest, CpusMustExistAndHaveAUse) {
  EXPECT_EQ(ErrorOf("runtime: {network_cpus: 100000}\n").substr(0, 42),
            "raft.yaml:1:25: there is no CPU 100000: th");
  EXPECT_EQ(ErrorOf("runtime: {placement: both}\n"),
            "raft.yaml:1:22: expected split or shared");
  const std::string file = testing::TempDir() + "server_config_cpus.yaml";
  FILE* out = fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr);
  fputs(kPeers, out);
  fclose(out);
  const std::string flag = "--config=" + file;
  EXPECT_EQ(Load({flag.c_str(), "--node-id=1", "--cluster=c", "--data-dir=d",
                  "--placement=shared", "--storage-cpus=0"})
                .status()
                .message(),
            "--storage-cpus: storage_cpus is for placement split: the storage "
            "has no thread of its own");
}

TEST(ServerConfigTest, AListenHostOfItsOwnGoesBeforeTheCommonOne) {
  ServerConfig config;
  ASSERT_TRUE(ReadConfigText("raft.yaml",
                             std::string("node: {id: 1}\n"
                                         "network: {listen_host: 10.0.0.1,\n"
                                         "  redis_listen_host: 0.0.0.0,\n"
                                         "  redis_clients_max: 7}\n") +
                                 kPeers,
                             config)
                  .ok());
  const kv::ServerOptions options = ServerOptionsOf(config);
  EXPECT_EQ(options.redis_listen->ToString(), "0.0.0.0:6379");
  EXPECT_EQ(options.rpc_listen.ToString(), "10.0.0.1:7201");
  EXPECT_EQ(options.redis_clients_max, 7u);
}

TEST(ServerConfigTest, LimitsOfWaitingReachTheServer) {
  ServerConfig config;
  const absl::Status read =
      ReadConfigText("raft.yaml",
                     std::string("node: {id: 1}\n"
                                 "rpc: {leader_wait: 700ms, waiting_max: 5,\n"
                                 "  slow_request: 20ms}\n"
                                 "raft: {stores_waiting_max: 17,\n"
                                 "  stores_waiting_size_max: 2MiB}\n") +
                         kPeers,
                     config);
  ASSERT_TRUE(read.ok()) << read;
  const kv::ServerOptions options = ServerOptionsOf(config);
  EXPECT_EQ(options.leader_wait, absl::Milliseconds(700));
  EXPECT_EQ(options.parked_max, 5u);
  EXPECT_EQ(options.slow_request, absl::Milliseconds(20));
  EXPECT_EQ(options.host.storage.under_way.stores_max, 17u);
  EXPECT_EQ(options.host.storage.under_way.bytes_max, uint64_t{2} << 20);
}

TEST(ServerConfigTest, TheCommandLineIsStrict) {
  EXPECT_EQ(Load({"--nonsense"}).status().message(),
            "unknown flag: --nonsense (see --help)");
  EXPECT_EQ(Load({"--node-od=1"}).status().message(),
            "unknown flag: --node-od; did you mean --node-id?");
  EXPECT_EQ(Load({"--help=yes"}).status().message(), "--help takes no value");
  EXPECT_FALSE(Load({"--help", "--version"}).ok());
  EXPECT_EQ(Load({"--node-id"}).status().message(), "--node-id needs a value");
  EXPECT_EQ(Load({"stray"}).status().message(), "unexpected argument: stray");
  EXPECT_EQ(Load({"--config=/nowhere/raft.yaml"}).status().message(),
            "cannot read /nowhere/raft.yaml: No such file or directory");
}

// ---- environment, and what others must be able to dial

std::string ConfigFile(const std::string& name, const std::string& text) {
  const std::string file = testing::TempDir() + name;
  FILE* out = fopen(file.c_str(), "w");
  EXPECT_NE(out, nullptr);
  fputs(text.c_str(), out);
  fclose(out);
  return "--config=" + file;
}

TEST(ServerConfigTest, WhatAFlagOverridesIsNotRead) {
  const std::string flag = ConfigFile("server_config_env.yaml", kPeers);
  const std::vector<const char*> given = {flag.c_str(), "--node-id=1",
                                          "--cluster=c", "--data-dir=d"};
  std::vector<const char*> more = given;
  more.push_back("--request-timeout=3s");
  const auto loaded = Load(more, {{"RAFT_REQUEST_TIMEOUT", "nonsense"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->request_timeout, absl::Seconds(3));
  EXPECT_FALSE(Load(given, {{"RAFT_REQUEST_TIMEOUT", "nonsense"}}).ok());
}

TEST(ServerConfigTest, AServiceOfKubernetesIsNoSetting) {
  const std::string flag = ConfigFile("server_config_link.yaml", kPeers);
  const std::vector<const char*> given = {flag.c_str(), "--node-id=1",
                                          "--cluster=c", "--data-dir=d"};
  const auto link = Load(given, {{"RAFT_ADMIN_PORT", "tcp://10.0.0.1:7401"}});
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_FALSE(link->admin_port.has_value());
  EXPECT_EQ(Load(given, {{"RAFT_ADMIN_PORT", "7401"}})->admin_port, 7401);
  EXPECT_FALSE(Load(given, {{"RAFT_ADMIN_PORT", "7401x"}}).ok());
}

TEST(ServerConfigTest, AFileForAllNodesCanBeChecked) {
  const std::string flag = ConfigFile("server_config_all.yaml", kPeers);
  const auto checked = Load({flag.c_str(), "--check-config"});
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(StillToGive(*checked),
            (std::vector<std::string>{"--node-id", "--cluster", "--data-dir"}));
  EXPECT_FALSE(Load({flag.c_str()}).ok()) << "it must not serve";
  EXPECT_FALSE(Load({flag.c_str(), "--check-config", "--node-id=9"}).ok());
  EXPECT_EQ(Load({"--check-config"}).status().message(),
            "there are no discovery.peers: the config file lists all nodes");
}

std::string PeersOf(const std::string& first, const std::string& second = "") {
  return "discovery:\n  peers:\n    - " + first + "\n" +
         (second.empty() ? "" : "    - " + second + "\n");
}

TEST(ServerConfigTest, AHostIsWhatOthersCanDial) {
  const auto error_of = [](const std::string& host) {
    return ErrorOf(PeersOf("{id: 1, host: \"" + host +
                           "\", peer_port: 1, rpc_port: 2, redis_port: 3}"));
  };
  for (const char* host :
       {"10.0.0.1:7101", "http://10.0.0.1", "10.0.0.1/", "0.0.0.0",
        "::", "0::0", "[::1]", "a b", "", "node-1:7101"}) {
    EXPECT_EQ(error_of(host).substr(0, 38),
              "raft.yaml:3:21: expected a host's name")
        << host << ": " << error_of(host);
  }
  for (const char* host : {"10.0.0.1", "::1", "fe80::1", "node-1", "localhost",
                           "raft-0.raft.default.svc.cluster.local"}) {
    EXPECT_EQ(WhyNoHost(host), "") << host;
  }
}

TEST(ServerConfigTest, EqualPortsAreAMistake) {
  EXPECT_EQ(ErrorOf(PeersOf(
                "{id: 1, host: a, peer_port: 1, rpc_port: 2, redis_port: 1}")),
            "raft.yaml:3:7: peer_port and redis_port of peer 1 are both 1");
  EXPECT_EQ(
      ErrorOf(PeersOf("{id: 1, host: a, peer_port: 1, rpc_port: 2, "
                      "redis_port: 3, admin_port: 4}",
                      "{id: 2, host: a, peer_port: 11, rpc_port: 12, "
                      "redis_port: 13, cluster_port: 4}")),
      "raft.yaml:4:7: cluster_port 4 of peer 2 is the admin_port of peer 1 on "
      "a");
  ServerConfig config;
  EXPECT_TRUE(
      ReadConfigText(
          "raft.yaml",
          PeersOf("{id: 1, host: a, peer_port: 1, rpc_port: 2, redis_port: 3}",
                  "{id: 2, host: b, peer_port: 1, rpc_port: 2, "
                  "redis_port: 3}"),
          config)
          .ok());
  const std::string flag = ConfigFile("server_config_ports.yaml", kPeers);
  EXPECT_EQ(Load({flag.c_str(), "--node-id=1", "--cluster=c", "--data-dir=d",
                  "--admin-port=6379"})
                .status()
                .message(),
            "--admin-port: the admin port 6379 is the redis_port of node 1");
}

}  // namespace
}  // namespace prod
