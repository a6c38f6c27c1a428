// Several cores on a network and disks of a hundred lines, in virtual time: no
// fibers, no driver, no real format. What a test wants to control it can: when
// a timer fires, which message arrives, when a disk has synced, what a power
// cut leaves.
//
// An Oracle sees every step, so that any test that uses this also tests that
// nothing unsafe happened.

#ifndef TESTS_RAFT_CORE_CLUSTER_H_
#define TESTS_RAFT_CORE_CLUSTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "raft/core/core.h"
#include "runtime/random.h"
#include "tests/raft/log_image.h"
#include "tests/raft/oracle.h"

namespace raft {

struct ClusterOptions {
  size_t nodes = 3;
  uint64_t seed = 1;
  CoreOptions core;
  absl::Duration latency_min = absl::Milliseconds(1);
  absl::Duration latency_max = absl::Milliseconds(1);
  absl::Duration sync_min = absl::Milliseconds(1);
  absl::Duration sync_max = absl::Milliseconds(1);
  uint32_t drop_ppm = 0;
  uint32_t duplicate_ppm = 0;
  // Terms of the entries that each node starts with, by node; the first is
  // that of the bootstrap entry. Those not named have only that.
  std::map<NodeId, std::vector<uint64_t>> logs;
  // Those not named are in the term of their last entry.
  std::map<NodeId, Term> terms;
};

// What a step looked like, for whoever tells the story.
struct StepSeen {
  runtime::Instant now;
  NodeId node;
  const Event& event;  // As it was before the step.
  const Moment& before;
  NodeId leader_before;
  const Core& core;
  const Effects& effects;
};

enum class ProposalState { kOpen, kAccepted, kRefused };
enum class ReadState { kOpen, kReady, kRefused };

struct Proposal {
  ProposalState state = ProposalState::kOpen;
  Index index;
  Term term;
  RefusalReason reason{};
};

struct Read {
  ReadState state = ReadState::kOpen;
  Index floor;  // Committed, by anyone's knowledge, when it was asked.
  Index index;
  RefusalReason reason{};
};

class CoreCluster {
 public:
  explicit CoreCluster(ClusterOptions options);

  // ----- time
  runtime::Instant now() const { return now_; }
  // Everything happens when it is due: messages, syncs, timers.
  void RunFor(absl::Duration span);
  // As RunFor(), until `done` holds. False when it did not in `span`.
  bool RunUntil(const std::function<bool()>& done, absl::Duration span);
  // Messages and syncs only, no timers, until there are none.
  void Settle();
  // Time goes on to this node's deadline, and only its timer fires.
  void FireTimer(NodeId node);
  // Time goes on, and nothing happens.
  void Pass(absl::Duration span) { now_ = now_ + span; }

  // ----- what clients do
  uint64_t Propose(NodeId node, absl::string_view payload);
  uint64_t AskRead(NodeId node);
  uint64_t Transfer(NodeId node, NodeId to);
  // Empty while it goes on.
  std::optional<TransferEnd> transfer_end(uint64_t ticket) const;
  const Proposal& proposal(uint64_t ticket) { return proposals_[ticket]; }
  const Read& read(uint64_t ticket) { return reads_[ticket]; }

  // ----- what happens to the world
  void Cut(NodeId from, NodeId to) { cut_.insert({from, to}); }
  void CutBoth(NodeId a, NodeId b);
  void Isolate(NodeId node);
  void Heal() { cut_.clear(); }
  void PauseDisk(NodeId node);
  void ResumeDisk(NodeId node);
  // The process dies; `kept` of the stores that were not durable are on the
  // disk nevertheless.
  void Crash(NodeId node, size_t kept = 0);
  void Restart(NodeId node);
  void BreakLink(NodeId node, NodeId peer);  // Tells the node: PeerLost.
  size_t DropInFlight(NodeId from, NodeId to);
  size_t DuplicateInFlight(NodeId from, NodeId to);
  void SetLatency(NodeId from, NodeId to, absl::Duration latency);
  ClusterOptions& options() { return options_; }

  // Puts a message of our own making into a node, as if sent by another.
  void Deliver(NodeId from, NodeId to, Message message);
  void Step(NodeId node, Event event);

  // ----- what one can see
  const Core& core(NodeId node) const { return *At(node).core; }
  bool alive(NodeId node) const { return At(node).core != nullptr; }
  const LogImage& durable(NodeId node) const { return At(node).durable; }
  size_t unsynced(NodeId node) const { return At(node).unsynced.size(); }
  Index applied(NodeId node) const { return At(node).applied; }
  NodeId leader() const;  // Of the highest term, or 0.
  std::vector<NodeId> nodes() const;
  const Oracle& oracle() const { return oracle_; }
  bool Agree() const;  // All alive, one leader, equal logs, all committed.
  // Every Send that left, when the test asked to keep them.
  struct Left {
    NodeId from;
    Send send;
  };
  std::vector<Left>& left() { return left_; }
  std::function<void(const StepSeen&)> on_step;

 private:
  struct Node {
    std::unique_ptr<Core> core;  // Null: not running.
    runtime::Incarnation incarnation;
    LogImage durable;    // What a power cut leaves.
    LogImage submitted;  // What the core's stores make of its log.
    std::deque<persist::Store> unsynced;
    std::deque<Send> held;  // Until their `after` is durable.
    bool disk_paused = false;
    bool syncing = false;
    Index applied;
  };
  struct Flight {
    NodeId from;
    NodeId to;
    runtime::Incarnation sender;
    runtime::Incarnation echo;
    Message message;
  };
  struct SyncDone {
    NodeId node;
    runtime::Incarnation life;
    Sequence upto;
  };
  using Happening = std::variant<Flight, SyncDone>;
  using DueAt = std::pair<runtime::Instant, uint64_t>;

  Node& At(NodeId node) { return nodes_[node.value() - 1]; }
  const Node& At(NodeId node) const { return nodes_[node.value() - 1]; }
  std::vector<Oracle::Member> Members() const;
  Oracle::Member MemberOf(NodeId node) const;
  void Boot(NodeId node);
  void Found(NodeId node);
  void CarryOut(NodeId node, Effects& effects);
  void Leave(NodeId node, Send send);
  void Transmit(const Flight& flight);
  void StartSync(NodeId node);
  void FinishSync(const SyncDone& done);
  void ReleaseHeld(NodeId node);
  void Happen(Happening happening);
  bool StepOnce(runtime::Instant until, bool timers);

  ClusterOptions options_;
  runtime::Random dice_;
  runtime::Instant now_;
  Oracle oracle_;
  std::vector<Node> nodes_;  // Node i + 1 is nodes_[i].
  std::map<DueAt, Happening> due_;
  uint64_t serial_ = 0;
  std::set<std::pair<NodeId, NodeId>> cut_;
  std::map<std::pair<NodeId, NodeId>, absl::Duration> latency_;
  uint64_t last_ticket_ = 0;
  std::map<uint64_t, Proposal> proposals_;
  std::map<uint64_t, Read> reads_;
  std::map<uint64_t, TransferEnd> transfers_;  // Those that have ended.
  std::vector<Left> left_;
};

}  // namespace raft

#endif  // TESTS_RAFT_CORE_CLUSTER_H_
