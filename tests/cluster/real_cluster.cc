#include "tests/cluster/real_cluster.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "runtime/check.h"
#include "tests/cluster/redis_client.h"
#include "tests/tree.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kProbePatience = absl::Milliseconds(300);
constexpr absl::Duration kPollInterval = absl::Milliseconds(20);
constexpr size_t kLogTailBytes = 4000;

// Below the ports that the kernel gives to outgoing connections: a client's
// must not take the place of a server that is down for a moment.
constexpr uint16_t kPortMin = 12000;
constexpr uint16_t kPortMax = 32000;

uint16_t NextFreePort() {
  // Programs that run at the same time begin at different places.
  static uint16_t next =
      static_cast<uint16_t>(kPortMin + (getpid() * 37) % (kPortMax - kPortMin));
  for (int tries = 0; tries < kPortMax - kPortMin; ++tries) {
    next = next >= kPortMax ? kPortMin : static_cast<uint16_t>(next + 1);
    if (PortIsFree(next)) return next;
  }
  CHECK(false, "no free port");
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string pattern =
      (fs::temp_directory_path() / "cluster_test.XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr, "cannot make ", pattern);
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  if (testing::Test::HasFailure()) {
    std::printf("what the servers left behind is in %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ServerProgram() {
  const char* other = std::getenv("TWINRAFT_SERVER");
  if (other != nullptr) return other;
  return absl::StrCat(TWINRAFT_BINARY_DIR, "/bin/raft_server");
}

std::string ReadWholeFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string InfoField(uint16_t redis_port, const std::string& field) {
  const absl::StatusOr<RedisReply> info =
      CallOnce(redis_port, {"INFO", "raft"}, kProbePatience);
  if (!info.ok()) return "";
  const std::string start = absl::StrCat("\n", field, ":");
  const size_t at = info->text.find(start);
  if (at == std::string::npos) return "";
  const size_t begin = at + start.size();
  return info->text.substr(begin, info->text.find('\r', begin) - begin);
}

RealCluster::RealCluster(Wiring wiring) {
  for (int node = 1; node <= kNodes; ++node) {
    const uint16_t peer = NextFreePort();
    const uint16_t rpc = NextFreePort();
    const uint16_t redis = NextFreePort();
    const uint16_t admin = NextFreePort();
    ports_.push_back({peer, rpc, redis, admin});
    environments_.emplace_back();
    processes_.emplace_back();
    fs::create_directories(data(node));
  }
  if (wiring == Wiring::kCuttable) wires_ = std::make_unique<CutProxy>();
  for (int node = 1; node <= kNodes; ++node) {
    std::ofstream(config(node)) << ConfigText(node);
  }
}

RealCluster::~RealCluster() {
  processes_.clear();
  if (!testing::Test::HasFailure()) return;
  for (int node = 1; node <= kNodes; ++node) {
    const std::string text = LogText(node);
    std::printf("--- the end of node %d's log\n%s\n", node,
                text.size() <= kLogTailBytes
                    ? text.c_str()
                    : text.c_str() + text.size() - kLogTailBytes);
  }
}

NodePorts RealCluster::Wire(int node, int peer) {
  NodePorts wire = ports(peer);
  if (wires_ == nullptr || node == peer) return wire;
  wire.peer = NextFreePort();
  wires_->AddRoad(node, peer, wire.peer, ports(peer).peer);
  wire.rpc = NextFreePort();
  wires_->AddRoad(node, peer, wire.rpc, ports(peer).rpc);
  return wire;
}

std::string RealCluster::ConfigText(int node) {
  std::string text =
      "node:\n  cluster: cluster-test\n"
      "network:\n  listen_host: 127.0.0.1\n"
      "rpc:\n  request_timeout: 1s\n"
      "discovery:\n  peers:\n";
  for (int peer = 1; peer <= kNodes; ++peer) {
    const NodePorts wire = Wire(node, peer);
    absl::StrAppend(&text, "    - {id: ", peer,
                    ", host: 127.0.0.1, peer_port: ", wire.peer,
                    ", rpc_port: ", wire.rpc, ", redis_port: ", wire.redis,
                    ", admin_port: ", wire.admin, "}\n");
  }
  return text;
}

std::vector<std::string> RealCluster::ArgumentsOf(int node) const {
  std::vector<std::string> arguments = {
      absl::StrCat("--node-id=", node),
      absl::StrCat("--config=", config(node).string()),
      absl::StrCat("--data-dir=", data(node).string()), "--init-cluster"};
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  return arguments;
}

void RealCluster::Start(int node) {
  CHECK(Slot(node) == nullptr || !Slot(node)->running(), "node ", node,
        " runs already");
  Slot(node).reset();
  Slot(node) = std::make_unique<ServerProcess>(
      ServerProgram(), ArgumentsOf(node), log(node),
      environments_[static_cast<size_t>(node - 1)], surroundings_);
}

void RealCluster::StartAll() {
  for (int node = 1; node <= kNodes; ++node) {
    if (!running(node)) Start(node);
  }
}

std::optional<int> RealCluster::Stop(int node) {
  CHECK(Slot(node) != nullptr, "node ", node, " was never started");
  Slot(node)->Signal(SIGTERM);
  return Slot(node)->Wait(kPatience);
}

std::optional<int> RealCluster::Leader() {
  std::optional<int> leader;
  uint64_t newest = 0;
  for (int node = 1; node <= kNodes; ++node) {
    if (!running(node)) continue;
    if (InfoField(redis_port(node), "raft_role") != "leader") continue;
    uint64_t term = 0;
    const std::string text = InfoField(redis_port(node), "raft_current_term");
    if (!absl::SimpleAtoi(text, &term) || term < newest) continue;
    newest = term;
    leader = node;
  }
  return leader;
}

bool RealCluster::AllFollow(int leader) {
  for (int node = 1; node <= kNodes; ++node) {
    if (running(node) &&
        InfoField(redis_port(node), "raft_leader_id") != absl::StrCat(leader)) {
      return false;
    }
  }
  return true;
}

std::optional<int> RealCluster::WaitForLeader() {
  const absl::Time deadline = absl::Now() + kPatience;
  while (absl::Now() < deadline) {
    const std::optional<int> leader = Leader();
    if (leader.has_value() && AllFollow(*leader)) return leader;
    absl::SleepFor(kPollInterval);
  }
  return std::nullopt;
}

fs::path RealCluster::config(int node) const {
  return directory_.path() / absl::StrCat("node-", node) / "raft.yaml";
}

fs::path RealCluster::data(int node) const {
  return directory_.path() / absl::StrCat("node-", node) / "data";
}

fs::path RealCluster::log(int node) const {
  return directory_.path() / absl::StrCat("node-", node) / "log";
}

std::string RealCluster::LogText(int node) const {
  return ReadWholeFile(log(node));
}

}  // namespace cluster
