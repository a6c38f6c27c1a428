// How a term gets its leader. Raft §5.2 and §5.4.1; thesis §4.2.3 (standing by
// the leader), §6.2 (a leader that is cut off steps down), §9.6 (pre-vote).

#include <utility>

#include "raft/core/core.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace raft {

void Core::ResetElectionTimer(Turn& turn) {
  election_timeout_ = turn.env.dice.Between(options_.election_timeout_min,
                                            options_.election_timeout_max);
  election_due_ = turn.env.now + election_timeout_;
  quick_due_ = runtime::Instant::InfiniteFuture();
}

bool Core::HearsALeader(const Env& env) const {
  if (leading() != nullptr) return true;
  return !leader_lost_.has_value() &&
         env.now < leader_contact_ + options_.election_timeout_min;
}

// ------------------------------------------------------------- campaigning

void Core::StartPreVote(Turn& turn) {
  ResetElectionTimer(turn);
  // Some may not have noticed yet, and refuse: ask again, but for a break that
  // only we have seen not for long.
  if (leader_lost_.has_value() &&
      turn.env.now < leader_lost_->since + options_.election_timeout_min) {
    REACHABLE("raft.leader_link_lost_campaign");
    DrawQuickCampaign(turn, options_.heartbeat_interval);
    // A member whose disk hangs does not ask, and so is in nobody's way.
    if (durable_ == submitted_) Support(turn, self_);
  }
  const uint64_t question = ++questions_;
  state_ = PreCandidate{.question = question, .votes = {{self_, true}}};
  RoleChanged(turn);
  const PreVoteRequest request{.campaign_term = term_.Next(),
                               .last_index = log_.last_index(),
                               .last_term = log_.last_term(),
                               .question = question};
  for (const NodeId voter : configuration().voters) {
    // Nothing is claimed that could be forgotten: a member whose disk hangs
    // does not even ask.
    if (voter != self_) Post(turn, voter, submitted_, request);
  }
  CountPreVotes(turn);
}

void Core::CountPreVotes(Turn& turn) {
  const auto& votes = std::get<PreCandidate>(state_).votes;
  const VoteResult result = CountVotes(
      configuration().voter_sets(), [&](NodeId voter) -> std::optional<bool> {
        const auto vote = votes.find(voter);
        if (vote == votes.end()) return std::nullopt;
        return vote->second;
      });
  if (result == VoteResult::kWon) StartElection(turn, false);
}

void Core::StartElection(Turn& turn, bool by_leader) {
  ResetElectionTimer(turn);
  Promise(turn, term_.Next(), self_);
  term_leader_ = NodeId();
  state_ = Candidate{.votes = {}, .own_vote_after = promise_};
  RoleChanged(turn);
  const VoteRequest request{.term = term_,
                            .last_index = log_.last_index(),
                            .last_term = log_.last_term(),
                            .by_leader = by_leader};
  for (const NodeId voter : configuration().voters) {
    // The store is the last of an ordered stream: when it is durable, so are
    // the term, our vote and the log that the request claims.
    if (voter != self_) Post(turn, voter, promise_, request);
  }
}

void Core::CountVotesForUs(Turn& turn) {
  auto& candidate = std::get<Candidate>(state_);
  if (durable_ >= candidate.own_vote_after) candidate.votes[self_] = true;
  const VoteResult result = CountVotes(
      configuration().voter_sets(), [&](NodeId voter) -> std::optional<bool> {
        const auto vote = candidate.votes.find(voter);
        if (vote == candidate.votes.end()) return std::nullopt;
        return vote->second;
      });
  if (result == VoteResult::kWon) BecomeLeader(turn);
}

void Core::BecomeLeader(Turn& turn) {
  CHECK(durable_ >= promise_, "won with a vote that could be forgotten");
  CHECK(term_leader_ == NodeId(), "term ", term_.value(), " is led by ",
        term_leader_.value(), " already");
  term_leader_ = self_;
  Leader leader;
  leader.heartbeat_due = turn.env.now + options_.heartbeat_interval;
  for (const NodeId voter : configuration().voters) {
    if (voter == self_) continue;
    leader.peers[voter] = Progress{.match = Index(),
                                   .next = log_.last_index().Next(),
                                   .state = Probing{},
                                   .heard = turn.env.now};
  }
  for (Index index = commit_.Next(); index <= log_.last_index(); ++index) {
    leader.uncommitted_bytes += log_.At(index).payload.size();
  }
  leader.noop_index = log_.last_index().Next();
  state_ = std::move(leader);
  RoleChanged(turn);
  // Raft §8: only an entry of its own term tells a leader what is committed.
  AppendToLog(turn, {.index = log_.last_index().Next(),
                     .term = term_,
                     .kind = static_cast<uint8_t>(EntryKind::kNoop),
                     .payload_crc32c = 0,
                     .payload = {}});
  ReplicateToAll(turn);
}

// ----------------------------------------------------------------- answers

void Core::Handle(Turn& turn, Sender from, const PreVoteRequest& request) {
  // Nothing is promised here, whatever is asked and answered (thesis §9.6). A
  // refusal tells our term, so that a log that should win is not held back by
  // a term that only others know.
  const bool hears_a_leader = HearsALeader(turn.env);
  const bool granted = request.campaign_term > term_ && !hears_a_leader &&
                       log_.IsUpToDate(request.last_index, request.last_term) &&
                       MaySupport(turn.env, from.node, request);
  SOMETIMES(hears_a_leader && request.campaign_term > term_,
            "raft.prevote_refused_sticky");
  if (granted) Support(turn, from.node);
  const bool quick = quick_due_ != runtime::Instant::InfiniteFuture();
  if (granted && quick) DrawQuickCampaign(turn, options_.heartbeat_interval);
  Answer(turn, from, Sequence(),
         PreVoteReply{.campaign_term = request.campaign_term,
                      .term = term_,
                      .granted = granted,
                      .question = request.question});
}

void Core::Handle(Turn& turn, Sender from, const PreVoteReply& reply) {
  if (!reply.granted && reply.term > term_) {
    REACHABLE("raft.prevote_refusal_taught_term");
    AdoptTerm(turn, reply.term);
    return;
  }
  auto* candidate = std::get_if<PreCandidate>(&state_);
  if (candidate == nullptr || reply.campaign_term != term_.Next()) return;
  if (reply.question != candidate->question) {
    // Granted before the replier heard its leader again, for all we know.
    REACHABLE("raft.prevote_answer_too_late");
    return;
  }
  bool& vote = candidate->votes[from.node];
  vote = vote || reply.granted;
  CountPreVotes(turn);
}

void Core::Handle(Turn& turn, Sender from, const VoteRequest& request) {
  const bool hears_a_leader = !request.by_leader && HearsALeader(turn.env);
  if (request.term > term_ && hears_a_leader) {
    // Thesis §4.2.3: as if it had not come, its term included.
    REACHABLE("raft.vote_ignored_sticky");
    return;
  }
  if (request.term > term_) AdoptTerm(turn, request.term);
  const bool open =
      vote_ == from.node || (vote_ == NodeId() && term_leader_ == NodeId());
  const bool granted = request.term == term_ && open && !hears_a_leader &&
                       log_.IsUpToDate(request.last_index, request.last_term);
  if (granted) {
    if (vote_ == NodeId()) Promise(turn, term_, from.node);
    // Who helps another to lead this term does not ask for the next.
    if (role() == Role::kPreCandidate) BecomeFollower(turn, NodeId());
    ResetElectionTimer(turn);
  }
  Answer(turn, from, Sequence(), VoteReply{.term = term_, .granted = granted});
}

void Core::Handle(Turn& turn, Sender from, const VoteReply& reply) {
  if (reply.term > term_) {
    AdoptTerm(turn, reply.term);
    return;
  }
  auto* candidate = std::get_if<Candidate>(&state_);
  if (candidate == nullptr || reply.term != term_) return;
  bool& vote = candidate->votes[from.node];
  vote = vote || reply.granted;
  CountVotesForUs(turn);
}

// --------------------------------------------------- following, and ceasing

void Core::FollowLeader(Turn& turn, Sender from, Term term) {
  if (term > term_) AdoptTerm(turn, term);
  CHECK(leading() == nullptr, "nodes ", self_.value(), " and ",
        from.node.value(), " both lead term ", term_.value());
  CHECK(term_leader_ == NodeId() || term_leader_ == from.node, "nodes ",
        term_leader_.value(), " and ", from.node.value(), " both lead term ",
        term_.value());
  term_leader_ = from.node;
  LeaderHeard(turn);
  if (leader() == from.node) {
    election_due_ = turn.env.now + election_timeout_;
    return;
  }
  BecomeFollower(turn, from.node);
  ResetElectionTimer(turn);
}

bool Core::IsLed(runtime::Instant now) const {
  switch (role()) {
    case Role::kLeader:
      return ReachesQuorum(now);
    case Role::kFollower:
      return leader() != NodeId() && !leader_lost_.has_value() &&
             now - leader_contact_ <= options_.election_timeout_max;
    default:
      return false;
  }
}

std::optional<bool> Core::Hears(NodeId peer, runtime::Instant now) const {
  if (const Leader* leads = leading()) {
    const auto found = leads->peers.find(peer);
    if (found == leads->peers.end()) return std::nullopt;
    return now - found->second.heard <= options_.election_timeout_max;
  }
  if (leader() == peer) return IsLed(now);
  return std::nullopt;
}

// Requires: leading.
bool Core::ReachesQuorum(runtime::Instant now) const {
  const auto& peers = std::get<Leader>(state_).peers;
  const VoteResult reached = CountVotes(
      configuration().voter_sets(), [&](NodeId voter) -> std::optional<bool> {
        if (voter == self_) return true;
        const auto peer = peers.find(voter);
        return peer != peers.end() &&
               now - peer->second.heard <= options_.election_timeout_max;
      });
  return reached == VoteResult::kWon;
}

// Who was not running when its deadline came (a machine that stood still, a
// thread that got no time) has heard nobody, and that says nothing of the
// others: what they sent waits to be read, or they stood still, too. Such a
// sleep counts as one heartbeat interval of silence, no more.

// A leader that wakes sends its heartbeats, and judges again at the next.
bool Core::StepDownIfCutOff(Turn& turn) {
  const runtime::Instant now =
      std::min(turn.env.now, deadline() + options_.heartbeat_interval);
  const std::optional<runtime::Instant> oldest = unsynced_.oldest();
  const bool stuck =
      oldest.has_value() && now - *oldest >= 2 * options_.election_timeout_max;
  const bool reached = ReachesQuorum(now);
  SOMETIMES(stuck, "raft.step_down_disk_stuck");
  SOMETIMES(!reached, "raft.step_down_no_quorum");
  if (!stuck && reached) return false;
  BecomeFollower(turn, NodeId());
  return true;
}

// A follower waits for a heartbeat, once: if it stands still again and again it
// cannot know, and asks.
bool Core::ExcusesTheLeader(Turn& turn) {
  const runtime::Instant now = turn.env.now;
  const bool slept = now - deadline() > options_.heartbeat_interval;
  const auto* follower = std::get_if<Follower>(&state_);
  if (!slept || leader_excused_ || follower == nullptr ||
      follower->leader == NodeId() || leader_lost_.has_value()) {
    return false;
  }
  REACHABLE("raft.slept_past_its_timeout");
  leader_excused_ = true;
  election_due_ = now + options_.heartbeat_interval;
  return true;
}

}  // namespace raft
