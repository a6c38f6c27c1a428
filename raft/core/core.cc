#include "raft/core/core.h"

#include <algorithm>
#include <utility>

#include "raft/core/invariants.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace raft {

void Effects::Clear() {
  stores.clear();
  sends.clear();
  accepted.clear();
  refused.clear();
  reads.clear();
  transfers.clear();
  commit.reset();
  role_changed = false;
}

const char* RoleName(Role role) {
  switch (role) {
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  return "?";
}

Core::Core(Init init, const Env& env)
    : self_(init.self),
      group_(init.group),
      options_(init.options),
      term_(init.hard_state.term),
      vote_(init.hard_state.vote),
      log_(std::move(init.entries)),
      commit_(init.hard_state.commit),
      applicable_(commit_),
      stored_(init.hard_state),
      submitted_(init.stored),
      durable_(init.stored),
      unsynced_(log_.last_index()),
      state_(Follower{}),
      leader_contact_(env.now) {
  CHECK(self_ != NodeId(), "a member has a name");
  CHECK(options_.heartbeat_interval > absl::ZeroDuration() &&
            options_.heartbeat_interval < options_.election_timeout_min &&
            options_.election_timeout_min <= options_.election_timeout_max,
        "heartbeats must come faster than elections");
  // A store carries the term before or with the entries made in it, and the
  // commit index after what it commits: a recovered stream cannot lack either.
  CHECK_LE(log_.last_term(), term_, "an entry of a term nobody knows");
  CHECK_LE(commit_, log_.last_index(), "a committed entry is missing");
  Effects nothing;
  Turn turn{env, nothing, std::nullopt};
  ResetElectionTimer(turn);
}

void Core::Step(const Env& env, Event event, Effects& effects) {
  const Moment before = MomentOf(*this);
  Turn turn{env, effects, std::nullopt};
  std::visit([&](auto& e) { On(turn, e); }, event);
  FinishStore(turn);
  CheckTransition(before, *this);
}

runtime::Instant Core::deadline() const {
  const Leader* leader = leading();
  return leader != nullptr ? leader->heartbeat_due
                           : std::min(election_due_, quick_due_);
}

Role Core::role() const { return static_cast<Role>(state_.index()); }

NodeId Core::leader() const {
  if (leading() != nullptr) return self_;
  const auto* follower = std::get_if<Follower>(&state_);
  return follower != nullptr ? follower->leader : NodeId();
}

// ---------------------------------------------------------------- events

void Core::On(Turn& turn, const DeadlineReached&) {
  if (turn.env.now < deadline()) return;  // It was moved meanwhile.
  if (leading() != nullptr) {
    if (StepDownIfCutOff(turn)) return;
    KeepFollowers(turn);
    KeepTransfer(turn);
    return;
  }
  if (!configuration().IsVoter(self_)) {
    ResetElectionTimer(turn);
    return;
  }
  if (ExcusesTheLeader(turn)) return;
  SOMETIMES(role() == Role::kCandidate, "raft.vote_split");
  StartPreVote(turn);
}

void Core::On(Turn& turn, Inbound& event) {
  CHECK(event.from != self_ && event.from != NodeId(), "a message from ",
        event.from.value());
  // DIVERGES from thesis §4.1, where whoever leads is followed: the members of
  // a group cannot change, so who is not one of them leads another group.
  if (!configuration().IsVoter(event.from)) {
    runtime::Note("raft.stranger", {{"node", self_}, {"from", event.from}});
    return;
  }
  const Sender from{event.from, event.incarnation};
  std::visit([&](auto& message) { Handle(turn, from, message); },
             event.message);
}

void Core::On(Turn& turn, const Durable& event) {
  CHECK_GE(event.upto, durable_, "durability was taken back");
  CHECK_LE(event.upto, submitted_, "durable before it was handed out");
  durable_ = event.upto;
  unsynced_.SyncedUpTo(event.upto);
  PublishApplicable(turn);
  if (role() == Role::kCandidate) CountVotesForUs(turn);
  if (leading() != nullptr) CommitByCounting(turn);
}

void Core::On(Turn& turn, const PeerLost& event) {
  if (leading() == nullptr) {
    if (!event.only_bulk) LeaderLinkLost(turn, event.peer);
    return;
  }
  const auto peer = Leading().peers.find(event.peer);
  if (peer == Leading().peers.end()) return;
  if (!event.only_bulk && Leading().transfer.has_value() &&
      Leading().transfer->to == event.peer) {
    EndTransfer(turn, TransferEnd::kLost);
  }
  // What was in flight is gone. The next heartbeat asks where we are: a link
  // that broke just now would only swallow the question.
  peer->second.Probe(peer->second.match.Next());
}

// --------------------------------------------------------------- effects

persist::Store& Core::StoreOf(Turn& turn) {
  if (!turn.store.has_value()) {
    turn.store = turn.out.stores.size();
    ++submitted_;
    turn.out.stores.push_back({.group = group_,
                               .sequence = submitted_,
                               .hard_state = std::nullopt,
                               .truncate_from = std::nullopt,
                               .entries = {}});
    unsynced_.Begin(submitted_, turn.env.now);
  }
  return turn.out.stores[*turn.store];
}

void Core::FinishStore(Turn& turn) {
  if (!turn.store.has_value()) return;
  // The commit index alone is not worth a store; it rides on others.
  const HardState now{.term = term_, .vote = vote_, .commit = commit_};
  if (now == stored_) return;
  StoreOf(turn).hard_state = now;
  stored_ = now;
}

void Core::Post(Turn& turn, NodeId to, Sequence after, Message message) {
  turn.out.sends.push_back({.to = to,
                            .echo = runtime::Incarnation(),
                            .after = after,
                            .message = std::move(message)});
}

void Core::Answer(Turn& turn, Sender to, Sequence after, Message message) {
  // Whatever an answer says, it names our term: that must not be forgotten.
  turn.out.sends.push_back({.to = to.node,
                            .echo = to.incarnation,
                            .after = std::max(after, promise_),
                            .message = std::move(message)});
}

void Core::Promise(Turn& turn, Term term, NodeId vote) {
  term_ = term;
  vote_ = vote;
  promise_ = StoreOf(turn).sequence;
}

void Core::AdoptTerm(Turn& turn, Term term) {
  CHECK_GT(term, term_);
  Promise(turn, term, NodeId());
  term_leader_ = NodeId();
  BecomeFollower(turn, NodeId());
}

void Core::BecomeFollower(Turn& turn, NodeId leader) {
  if (leading() != nullptr) {
    RefuseReads(turn);
    if (Leading().transfer.has_value()) {
      EndTransfer(turn, TransferEnd::kStoodDown);
    }
    // A leader has no election timer; the others go on with theirs.
    ResetElectionTimer(turn);
  }
  state_ = Follower{leader};
  RoleChanged(turn);
}

void Core::RoleChanged(Turn& turn) {
  turn.out.role_changed = true;
  runtime::Note("raft.role", {{"node", self_},
                              {"group", group_},
                              {"role", RoleName(role())},
                              {"term", term_},
                              {"leader", leader()}});
}

void Core::AppendToLog(Turn& turn, Record record) {
  StoreOf(turn).entries.push_back(record);
  log_.Append(std::move(record));
  unsynced_.AppendedUpTo(log_.last_index());
}

void Core::AdvanceCommit(Turn& turn, Index commit) {
  if (commit <= commit_) return;
  CHECK_LE(commit, log_.last_index(), "committed what node ", self_.value(),
           " does not have");
  if (leading() != nullptr) {
    for (Index index = commit_.Next(); index <= commit; ++index) {
      Leading().uncommitted_bytes -= log_.At(index).payload.size();
    }
  }
  commit_ = commit;
  PublishApplicable(turn);
}

void Core::PublishApplicable(Turn& turn) {
  const Index upto = std::min(commit_, unsynced_.durable_index());
  if (upto <= applicable_) return;
  applicable_ = upto;
  turn.out.commit = upto;
}

}  // namespace raft
