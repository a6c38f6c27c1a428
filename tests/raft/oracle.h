// Sees all members of a group at once and judges what no member can see alone:
// Raft figure 3, and that every promise was durable when it left.
//
// Each check names its family: A terms, votes and leaders; B logs; C
// commitment; D promises and the disk; G reads and tickets. Everything here
// CHECKs, at the cost of what the step changed.

#ifndef TESTS_RAFT_ORACLE_H_
#define TESTS_RAFT_ORACLE_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "raft/core/core.h"
#include "raft/core/invariants.h"
#include "tests/raft/log_image.h"

namespace raft {

class Oracle {
 public:
  // A member as it is now. `submitted` is what its stores make of its log,
  // `durable` what a power cut would leave of it.
  struct Member {
    NodeId node;
    const Core* core;  // Null: not running.
    const LogImage* durable;
    const LogImage* submitted;
  };

  // `founders` vote, and hold `log` before anything happens; what of it is
  // committed already is not known.
  Oracle(std::vector<NodeId> founders, CoreOptions options)
      : voters_(std::move(founders)), options_(options) {}

  // Whoever wrote this log was a leader, before the story begins.
  void Found(const LogImage& log);

  // `all` are the members, by node id. `event` caused the step of `member`.
  void OnStep(const std::vector<Member>& all, const Member& member,
              const Moment& before, const Event& event, const Effects& effects,
              runtime::Instant now);
  void OnSendLeaves(const Member& member, const Send& send);
  void OnDiskChanged(const std::vector<Member>& all);

  // How much is known to be committed: no read may miss any of it.
  Index committed() const { return Index(committed_.size()); }
  // The chain at each committed index.
  const std::vector<uint64_t>& history() const { return committed_; }
  size_t leaders_seen() const { return leaders_.size(); }

 private:
  void CheckRoles(const Member& member, const Moment& before);
  void OnBecameLeader(const std::vector<Member>& all, const Member& member);
  void CheckStores(const Member& member, const Moment& before,
                   const Effects& effects);
  void CheckPreVote(const Event& event, const Moment& before,
                    const Member& member, const Effects& effects);
  void CheckGrants(const Member& member, const Event& event,
                   const Effects& effects, runtime::Instant now);
  void CheckCommit(const std::vector<Member>& all, const Member& member,
                   const Moment& before);
  bool OnQuorumOfDisks(const std::vector<Member>& all, Index index,
                       uint64_t chain) const;

  const std::vector<NodeId> voters_;
  const CoreOptions options_;
  std::map<Term, NodeId> leaders_;
  std::map<std::pair<NodeId, Term>, NodeId> grants_;  // That have left.
  std::map<NodeId, Term> spoken_;                     // Largest that has left.
  std::map<Term, std::vector<uint64_t>> leader_logs_;
  std::map<std::pair<Index, Term>, uint64_t> entries_;  // To the chain there.
  std::vector<uint64_t> committed_;                     // By index - 1.
  std::map<NodeId, runtime::Instant> leader_heard_;
};

}  // namespace raft

#endif  // TESTS_RAFT_ORACLE_H_
