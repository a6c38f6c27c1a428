// What the members of a laboratory cluster have in their logs, and what they
// say to each other: seen through the same observer as the checks see it.
//
// Counts only commands of the lab: the configuration that a log begins with and
// the no-op that opens a term have no number here. So the first command has
// number 1, as in the labs.

#ifndef SCENARIOS_LAB_WATCH_H_
#define SCENARIOS_LAB_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/node.h"
#include "runtime/bytes.h"

namespace scenarios {

// A command as it stands in a log: no two of them are the same.
struct LabCommand {
  uint64_t serial = 0;
  std::string text;
};

// An entry for the log of kv/store.h, which writes `text` to a key.
runtime::Bytes EncodeLabCommand(const LabCommand& command);
// Nothing: not a command of the lab.
std::optional<LabCommand> DecodeLabCommand(const raft::Record& record);

class LabWatch {
 public:
  explicit LabWatch(uint32_t nodes);
  ~LabWatch();

  // A new life of node 1..N begins, watched by `judge`, too, which must outlive
  // this. The result lives as long as this.
  raft::NodeObserver* Begin(uint32_t node, raft::NodeObserver* judge);

  // The number of the command with this serial in the node's log; 0: not there.
  uint64_t NumberOf(uint32_t node, uint64_t serial) const;
  // How many commands the node has applied in its last life.
  uint64_t Applied(uint32_t node) const;
  // The command that the node has applied as the `number`th.
  // Requires: 1 <= number <= Applied(node).
  const LabCommand& AppliedAt(uint32_t node, uint64_t number) const;

  // Requests (votes, appends, heartbeats) that the node has sent.
  uint64_t requests(uint32_t node) const { return nodes_[node - 1].requests; }
  // Of requests and replies of all, as they are encoded.
  uint64_t bytes() const { return bytes_; }

 private:
  class Observer;

  struct Node {
    Observer* life = nullptr;  // The last one; null: none yet.
    uint64_t requests = 0;
  };

  void CountSend(uint32_t node, const raft::Send& send);

  std::vector<Node> nodes_;  // n1 is at 0.
  std::vector<std::unique_ptr<Observer>> lives_;
  uint64_t bytes_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_LAB_WATCH_H_
