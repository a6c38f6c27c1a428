// The Raft protocol of one group on one member, and nothing else.
//
// Core::Step() takes one event and says what follows from it. No clock, no
// dice of its own making, no I/O, no waiting: the environment brings the time
// and the dice, and the driver (raft/node.h) carries the effects out.
//
// Contract with the driver:
//  1. Stores are executed strictly in order of sequence, and Durable{n} is
//     reported only when everything up to n is on the medium.
//  2. A Send leaves only when Durable >= its `after`. That is the only rule
//     between disk and network: a leader's AppendRequest has after = 0 and so
//     overlaps its own disk; a vote waits for the vote, an acknowledgement for
//     the entries it acknowledges.
//  3. Nothing but a Send may be skipped.
//  4. Deadline is delivered when the clock reaches deadline(); late or missed
//     ones collapse into one.
//
// Always on, without flags: pre-vote, check-quorum, leader stickiness, the
// no-op gate, stepping down when the own disk is stuck.
//
// The paper's terms are used throughout: Raft §n is Ongaro & Ousterhout 2014,
// thesis §n is Ongaro 2014. Impossible states CHECK (core/invariants.h).
//
// Files: events is what goes in and out; core, election, fail_over, transfer,
// replication, reads implement the handlers of this class by chapter of the
// paper; log, membership, progress, quorum, unsynced are the values it is made
// of; invariants states what must always hold.

#ifndef RAFT_CORE_CORE_H_
#define RAFT_CORE_CORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "persist/persister.h"
#include "raft/core/events.h"
#include "raft/core/log.h"
#include "raft/core/membership.h"
#include "raft/core/message.h"
#include "raft/core/progress.h"
#include "raft/core/unsynced.h"
#include "runtime/bytes.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace raft {

struct CoreOptions {
  // A follower campaigns when it has not heard from a leader for a time drawn
  // from [min, max]; it refuses other candidates for `min` after contact.
  absl::Duration election_timeout_min = absl::Milliseconds(150);
  absl::Duration election_timeout_max = absl::Milliseconds(300);
  absl::Duration heartbeat_interval = absl::Milliseconds(50);

  // Replication window per follower.
  size_t inflight_messages_max = 64;
  size_t inflight_bytes_max = 4 << 20;
  size_t append_bytes_max = 256 << 10;  // Per message; one entry may exceed it.

  // Proposals are refused as busy beyond this.
  size_t uncommitted_bytes_max = 256 << 20;
};

// ------------------------------------------------------------------ core

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

const char* RoleName(Role role);

// States as a variant: a follower has no match index, a leader no election.
struct Follower {
  NodeId leader;  // Of this term; 0: not known.
};
struct PreCandidate {
  uint64_t question;                    // Whose answers count.
  absl::btree_map<NodeId, bool> votes;  // Including our own.
};
struct Candidate {
  absl::btree_map<NodeId, bool> votes;  // Own vote only once it is durable.
  Sequence own_vote_after;              // Counted when durable up to here.
};
struct Leader {
  struct PendingRead {
    Ticket ticket;
    uint64_t round;  // Confirmed by this round, or any later one.
    Index index;     // What was committed when it was asked, and the no-op.
  };
  // The lead is being handed over: no proposal is taken.
  struct Transfer {
    Ticket ticket;
    NodeId to;
    runtime::Instant ends;  // Given up then.
    bool told = false;      // It has all that we have, and knows.
  };
  absl::btree_map<NodeId, Progress> peers;  // Without ourselves.
  Index noop_index;                         // The entry that opened this term.
  uint64_t read_round = 0;                  // The last one that has left.
  std::vector<PendingRead> reads;           // In order of asking.
  runtime::Instant heartbeat_due;
  size_t uncommitted_bytes = 0;  // Payload behind the commit index.
  std::optional<Transfer> transfer;
};

class Core {
 public:
  struct Init {
    NodeId self;
    runtime::GroupId group;
    CoreOptions options;
    HardState hard_state;
    std::vector<Record> entries;  // Contiguous from 1; not empty.
    // The last store that this life has submitted for the group, durable: the
    // next one follows it. 0, unless the group was founded just now.
    Sequence stored;
  };

  // What the outside brings to each call.
  struct Env {
    runtime::Instant now;
    runtime::Random& dice;
  };

  // Requires: entries and hard state are what the medium remembers of a group
  // that was bootstrapped (see membership.h).
  // Everything up to applicable() may be applied right away.
  Core(Init init, const Env& env);

  // Appends what follows from `event` to `effects`. Pure: state, environment
  // and event decide everything. Never suspends.
  void Step(const Env& env, Event event, Effects& effects);

  // When to deliver DeadlineReached. Earlier deliveries change nothing.
  runtime::Instant deadline() const;

  // ----- for drivers, checkers and people
  NodeId self() const { return self_; }
  runtime::GroupId group() const { return group_; }
  const CoreOptions& options() const { return options_; }
  Role role() const;
  Term term() const { return term_; }
  NodeId vote() const { return vote_; }
  NodeId leader() const;  // 0 when not known; self when leading.
  // Known to be committed (Raft figure 2, commitIndex).
  Index commit() const { return commit_; }
  // Committed and durable here: what Effects::commit has announced.
  Index applicable() const { return applicable_; }
  // Our own log is durable up to here.
  Index durable_index() const { return unsynced_.durable_index(); }
  Sequence submitted() const { return submitted_; }
  Sequence durable() const { return durable_; }
  // The store after which the medium remembers our term and vote.
  Sequence promised_after() const { return promise_; }
  const Log& log() const { return log_; }
  const Configuration& configuration() const { return log_.configuration(); }
  // Null unless leading.
  const Leader* leading() const { return std::get_if<Leader>(&state_); }
  // Whether a leader is known, and alive as far as can be known: leading, that
  // a majority has answered within an election timeout; following, that the
  // leader has been heard within one.
  bool IsLed(runtime::Instant now) const;
  // Whether `peer` has answered us as its leader within an election timeout,
  // or, following it, we have heard it. Nothing: the two do not talk.
  std::optional<bool> Hears(NodeId peer, runtime::Instant now) const;

 private:
  // One Step(): its inputs and what it has come to so far. All that a step
  // stores is one Store, so that a crash sees all of it or nothing.
  struct Turn {
    const Env& env;
    Effects& out;
    std::optional<size_t> store;  // Its place in out.stores.
  };
  // A leader that is most likely dead, and whom we support in its place.
  struct LostLeader {
    runtime::Instant since;
    NodeId supported;
    runtime::Instant supported_until;
  };
  // Whom a message came from.
  struct Sender {
    NodeId node;
    runtime::Incarnation incarnation;
  };

  // ----- core.cc: dispatch, and what every chapter needs
  void On(Turn& turn, const DeadlineReached& event);
  void On(Turn& turn, Inbound& event);
  void On(Turn& turn, Propose& event);
  void On(Turn& turn, const ReadRequest& event);
  void On(Turn& turn, const Durable& event);
  void On(Turn& turn, const PeerLost& event);
  void On(Turn& turn, const TransferLead& event);
  persist::Store& StoreOf(Turn& turn);
  void FinishStore(Turn& turn);
  void Post(Turn& turn, NodeId to, Sequence after, Message message);
  void Answer(Turn& turn, Sender to, Sequence after, Message message);
  void AdoptTerm(Turn& turn, Term term);
  void Promise(Turn& turn, Term term, NodeId vote);
  void BecomeFollower(Turn& turn, NodeId leader);
  void RoleChanged(Turn& turn);
  void AppendToLog(Turn& turn, Record record);
  void AdvanceCommit(Turn& turn, Index commit);
  void PublishApplicable(Turn& turn);

  // ----- election.cc: Raft §5.2, §5.4.1; thesis §4.2.3, §6.2, §9.6
  void ResetElectionTimer(Turn& turn);
  bool HearsALeader(const Env& env) const;
  void StartPreVote(Turn& turn);
  void StartElection(Turn& turn, bool by_leader);
  void CountPreVotes(Turn& turn);
  void CountVotesForUs(Turn& turn);
  void BecomeLeader(Turn& turn);
  void Handle(Turn& turn, Sender from, const PreVoteRequest& request);
  void Handle(Turn& turn, Sender from, const PreVoteReply& reply);
  void Handle(Turn& turn, Sender from, const VoteRequest& request);
  void Handle(Turn& turn, Sender from, const VoteReply& reply);
  void FollowLeader(Turn& turn, Sender from, Term term);
  bool ReachesQuorum(runtime::Instant now) const;
  bool StepDownIfCutOff(Turn& turn);
  bool ExcusesTheLeader(Turn& turn);

  // ----- fail_over.cc: when the connection to the leader breaks
  void LeaderLinkLost(Turn& turn, NodeId peer);
  void LeaderHeard(Turn& turn);
  bool MaySupport(const Env& env, NodeId from,
                  const PreVoteRequest& request) const;
  void Support(Turn& turn, NodeId node);
  void DrawQuickCampaign(Turn& turn, absl::Duration wait);

  // ----- transfer.cc: thesis §3.10
  NodeId BestTarget(const Env& env) const;
  void KeepTransfer(Turn& turn);
  void TellTarget(Turn& turn);
  void EndTransfer(Turn& turn, TransferEnd end);
  void Handle(Turn& turn, Sender from, const TimeoutNow& message);

  // ----- replication.cc: Raft §5.3, §5.4.2
  void Handle(Turn& turn, Sender from, AppendRequest& request);
  void Handle(Turn& turn, Sender from, const AppendReply& reply);
  void Handle(Turn& turn, Sender from, const HeartbeatRequest& request);
  void Handle(Turn& turn, Sender from, const HeartbeatReply& reply);
  void RefuseAppend(Turn& turn, Sender from, const AppendRequest& request);
  void TakeEntries(Turn& turn, AppendRequest& request);
  Progress* Hear(Turn& turn, NodeId from, uint64_t read_round);
  void TakeRejection(Progress& peer, const AppendReply& reply);
  void Replicate(Turn& turn, NodeId to, Progress& peer);
  void ReplicateToAll(Turn& turn);
  void SendAppend(Turn& turn, NodeId to, Progress& peer, size_t entries_max);
  void SendHeartbeats(Turn& turn);
  void KeepFollowers(Turn& turn);
  void Keep(Turn& turn, NodeId to, Progress& peer);
  bool WindowFull(const Window& window) const;
  void CommitByCounting(Turn& turn);

  // ----- reads.cc: Raft §8, thesis §6.4
  void ServeReads(Turn& turn);
  bool ReadsWaitForNextRound() const;
  uint64_t ConfirmedRound() const;
  void ReleaseReads(Turn& turn);
  void RefuseReads(Turn& turn);

  Leader& Leading() { return std::get<Leader>(state_); }

  const NodeId self_;
  const runtime::GroupId group_;
  const CoreOptions options_;

  // Durable before anyone is told (Raft figure 2, persistent state).
  Term term_;
  NodeId vote_;
  Log log_;

  Index commit_;
  Index applicable_;

  // The stream of stores.
  HardState stored_;    // As the stream will leave it.
  Sequence submitted_;  // Of the last store handed out.
  Sequence durable_;    // Reported durable.
  Sequence promise_;    // Of the store that made term_ and vote_ what they are.
  Unsynced unsynced_;

  std::variant<Follower, PreCandidate, Candidate, Leader> state_;
  // The leader of term_, once it was heard; kept through a pre-vote, since a
  // term has no second one.
  NodeId term_leader_;
  // When a leader was last heard. Boot counts as hearing one: whom a member
  // heard in its last life is forgotten, the promise to stand by it is not.
  runtime::Instant leader_contact_;
  // The silence since then was counted as our own sleep, once.
  bool leader_excused_ = false;
  // When a connection to the leader that was heard then broke, and it has not
  // been heard since: it is not stood by any more.
  std::optional<LostLeader> leader_lost_;
  // Not leading: campaign at election_due_, which is election_timeout_ after
  // the timer was last reset. Drawn anew for every campaign and term.
  absl::Duration election_timeout_;
  runtime::Instant election_due_;
  // Of this life, so far: numbers the pre-votes.
  uint64_t questions_ = 0;
  // The campaign that a lost leader is worth, if that is sooner.
  runtime::Instant quick_due_ = runtime::Instant::InfiniteFuture();
};

}  // namespace raft

#endif  // RAFT_CORE_CORE_H_
