// A cluster in the hands of a test: taken apart, crashed and put together step
// by step, with the comforts that the labs of MIT 6.5840 are known for.
//
//   Lab lab(3, seed);
//   const uint32_t leader = lab.CheckOneLeader();
//   lab.Disconnect(leader);
//   lab.One("hello", 2, true);          // agreed by 2 of 3
//   lab.Connect(leader);
//   EXPECT_EQ(lab.failure(), "");
//
// The nodes are whole ones (raft::Node under kv::Server on simulated hosts),
// watched by every safety check. Time is virtual and passes only in the calls
// that say so; the same calls with the same seed give the same run.
//
// Nodes are numbered from 1. Commands are numbered from 1 in the order of the
// log; what Raft writes for itself (configuration, no-ops) has no number.
//
// What does not hold ends the lab: the first failure is kept, and every later
// call returns at once and means nothing. A test asks for failure() in the end.

#ifndef SCENARIOS_LAB_H_
#define SCENARIOS_LAB_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "scenarios/cluster.h"
#include "scenarios/lab_watch.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class Lab {
 public:
  // A second without a leader is enough for an election, or for two.
  static constexpr absl::Duration kElection = absl::Seconds(1);
  // One() gives up after this.
  static constexpr absl::Duration kAgreementMax = absl::Seconds(10);

  // Boots all nodes, all of them connected: they have founded their cluster.
  Lab(uint32_t nodes, uint64_t seed);
  ~Lab();

  uint32_t size() const { return cluster_->size(); }
  // "check: evidence", or empty.
  std::string failure() const;
  bool failed() const { return world_->failure().has_value(); }
  // A failure of the test's own.
  void Fail(absl::string_view what);

  // ---- time
  void Sleep(absl::Duration span);
  absl::Duration now() const { return absl::Nanoseconds(world_->now()); }
  // For the choices of a test; they depend on the seed alone.
  runtime::Random& dice() { return dice_; }
  // With that many in a hundred.
  bool Chance(uint32_t percent) { return dice_.Chance(percent * 10'000); }
  uint64_t Below(uint64_t bound) { return dice_.Below(bound); }

  // ---- what can be done to nodes
  // From now on, or no more, nothing travels between the node and the others.
  void Connect(uint32_t node);
  void Disconnect(uint32_t node);
  bool connected(uint32_t node) const { return connected_[node - 1]; }
  // kill -9. A node that is down stays connected.
  void CrashOne(uint32_t node);
  // Boots the node with what it has on its disk; crashes it first if it runs.
  void StartOne(uint32_t node);
  bool running(uint32_t node) const { return cluster_->running(node); }
  // Messages take up to 27 ms, and one in ten is lost.
  void SetUnreliable(bool unreliable);
  // Three messages in ten arrive up to 2.2 s late.
  void SetLongReordering(bool reordering);

  // ---- what is asked
  // Of the node alone, whether or not others agree.
  bool BelievesToLead(uint32_t node) const;
  uint64_t Term(uint32_t node) const;  // 0: it does not run.

  // Exactly one connected node leads the latest term that has a leader. Waits a
  // few elections for it. Returns it; 0: a failure.
  uint32_t CheckOneLeader();
  // All connected nodes are in the same term. Returns it.
  uint64_t CheckTerms();
  // No connected node believes that it leads.
  void CheckNoLeader();

  struct Started {
    bool accepted = false;  // The node believed that it leads.
    uint64_t number = 0;    // Of the command in its log.
    uint64_t term = 0;
  };
  // Proposes at one node and does not wait for agreement; takes a moment.
  Started Start(uint32_t node, absl::string_view command);

  struct Agreed {
    uint32_t nodes = 0;  // How many have applied that many commands.
    std::string command;
  };
  // The command with this number. Different ones are a failure.
  Agreed NCommitted(uint64_t number);

  // Proposes until at least `nodes` have applied the command; with `retry` also
  // a second time. Returns its number; 0: a failure.
  uint64_t One(absl::string_view command, uint32_t nodes, bool retry);
  // Until at least `nodes` have applied the command `number`; a failure if not
  // within ten elections. Empty, but no failure: a term after `term` has begun.
  std::string Wait(uint64_t number, uint32_t nodes, uint64_t term);

  // ---- what was said
  // Requests that the node has sent since the beginning.
  uint64_t RpcCount(uint32_t node) const { return watch_.requests(node); }
  uint64_t RpcTotal() const;
  // Requests and replies of all.
  uint64_t BytesTotal() const { return watch_.bytes(); }

  sim::World& world() { return *world_; }
  Cluster& cluster() { return *cluster_; }

 private:
  struct Proposal;

  void ApplyNetwork();
  void SetLinks(uint32_t node);
  // True if the command was agreed on within 2 s.
  bool WaitForAgreement(uint64_t number, absl::string_view command,
                        uint32_t nodes);

  std::unique_ptr<sim::World> world_;
  LabWatch watch_;
  runtime::Random dice_;
  std::vector<bool> connected_;  // n1 is at 0.
  bool unreliable_ = false;
  bool reordering_ = false;
  uint64_t proposed_ = 0;
  uint32_t next_asked_ = 0;  // Whom One() asks first.
  std::unique_ptr<Cluster> cluster_;
};

}  // namespace scenarios

#endif  // SCENARIOS_LAB_H_
