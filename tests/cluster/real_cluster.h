// Three real servers on this machine, in a directory and on ports of their own,
// which reach each other directly or by wires that can be cut.
//
// Nodes are numbered from 1. When a test has failed, the end of every node's
// log is printed and the directory stays.
//
// Concurrency: the thread that made it, except redis_port().

#ifndef TESTS_CLUSTER_REAL_CLUSTER_H_
#define TESTS_CLUSTER_REAL_CLUSTER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "tests/cluster/cut_proxy.h"
#include "tests/cluster/server_process.h"

namespace cluster {

// A directory that goes with its owner.
class TempDirectory {
 public:
  TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory();  // Stays, and says where, when the test has failed.

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct NodePorts {
  uint16_t peer = 0;
  uint16_t rpc = 0;
  uint16_t redis = 0;
  uint16_t admin = 0;
};

// build/…/bin/raft_server, or what TWINRAFT_SERVER names: another build of it.
std::string ServerProgram();

class RealCluster {
 public:
  static constexpr int kNodes = 3;
  // A machine that compiles at the same time is slow.
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  enum class Wiring : uint8_t { kDirect, kCuttable };

  // Nothing runs yet.
  explicit RealCluster(Wiring wiring = Wiring::kDirect);
  ~RealCluster();

  // What the node's process has in its environment when it is started next.
  void SetEnvironment(int node, std::vector<std::string> variables) {
    environments_[static_cast<size_t>(node - 1)] = std::move(variables);
  }

  // What all nodes are told on their command lines, from the next start on.
  void SetArguments(std::vector<std::string> arguments) {
    arguments_ = std::move(arguments);
  }

  // Where all nodes write, from the next start on, instead of log().
  void SetLog(int fd) { surroundings_.log_fd = fd; }
  // How many descriptors each may have, from the next start on.
  void SetDescriptors(uint64_t max) { surroundings_.descriptors_max = max; }

  void Start(int node);
  void StartAll();

  // The running process; null after Kill() and before Start().
  ServerProcess* process(int node) { return Slot(node).get(); }
  bool running(int node) { return Slot(node) && Slot(node)->running(); }

  // Between the nodes. Requires: kCuttable.
  CutProxy& wires() { return *wires_; }

  // kill -9.
  void Kill(int node) { Slot(node).reset(); }
  // SIGTERM. How it ended, as ServerProcess::Wait().
  std::optional<int> Stop(int node);

  // The node that leads in the newest term, if any of those that answer says
  // that it leads.
  std::optional<int> Leader();
  // Waits until there is one, and every running node knows it. Nothing when the
  // patience ends.
  std::optional<int> WaitForLeader();

  const NodePorts& ports(int node) const {
    return ports_[static_cast<size_t>(node - 1)];
  }
  uint16_t redis_port(int node) const { return ports(node).redis; }
  uint16_t admin_port(int node) const { return ports(node).admin; }
  std::filesystem::path config(int node) const;
  std::filesystem::path data(int node) const;
  std::filesystem::path log(int node) const;
  std::string LogText(int node) const;

 private:
  std::unique_ptr<ServerProcess>& Slot(int node) {
    return processes_[static_cast<size_t>(node - 1)];
  }
  // The ports by which `node` dials `peer`.
  NodePorts Wire(int node, int peer);
  std::string ConfigText(int node);
  std::vector<std::string> ArgumentsOf(int node) const;
  bool AllFollow(int leader);

  TempDirectory directory_;
  std::vector<NodePorts> ports_;
  std::unique_ptr<CutProxy> wires_;  // Null: direct.
  std::vector<std::string> arguments_;
  std::vector<std::vector<std::string>> environments_;
  ProcessSurroundings surroundings_;
  std::vector<std::unique_ptr<ServerProcess>> processes_;
};

// The value of a field such as "raft_role" of a node's INFO; empty when the
// node does not answer.
std::string InfoField(uint16_t redis_port, const std::string& field);

std::string ReadWholeFile(const std::filesystem::path& file);

}  // namespace cluster

#endif  // TESTS_CLUSTER_REAL_CLUSTER_H_
