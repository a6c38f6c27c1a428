#include "tests/raft/oracle.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "runtime/check.h"

namespace raft {
namespace {

// The sender's own term, where a message names it.
std::optional<Term> TermOf(const Message& message) {
  return std::visit(
      [](const auto& m) -> std::optional<Term> {
        if constexpr (requires { m.term; }) {
          return m.term;
        } else {
          return std::nullopt;  // A PreVoteRequest names none.
        }
      },
      message);
}

}  // namespace

void Oracle::Found(const LogImage& log) {
  for (size_t i = 0; i < log.entries.size(); ++i) {
    const Record& record = log.entries[i];
    leaders_.emplace(record.term, NodeId());
    const auto [known, added] =
        entries_.emplace(std::pair(record.index, record.term), log.chain[i]);
    CHECK_EQ(known->second, log.chain[i], "logs that never were (B2)");
  }
}

void Oracle::OnStep(const std::vector<Member>& all, const Member& member,
                    const Moment& before, const Event& event,
                    const Effects& effects, runtime::Instant now) {
  CheckInvariants(*member.core);
  CheckRoles(member, before);
  CheckPreVote(event, before, member, effects);
  CheckGrants(member, event, effects, now);
  const bool leads = member.core->role() == Role::kLeader;
  if (leads && before.role != Role::kLeader) OnBecameLeader(all, member);
  CheckStores(member, before, effects);
  CheckCommit(all, member, before);
}

void Oracle::CheckRoles(const Member& member, const Moment& before) {
  const Role from = before.role;
  const Role to = member.core->role();
  if (from == to) return;
  const bool leaves_lead = from == Role::kLeader;
  const bool takes_lead = to == Role::kLeader;
  CHECK(!leaves_lead || to == Role::kFollower, "A11: from leader to ",
        RoleName(to));
  CHECK(!takes_lead || from == Role::kCandidate, "A11: to leader from ",
        RoleName(from));
}

void Oracle::OnBecameLeader(const std::vector<Member>& all,
                            const Member& member) {
  const Term term = member.core->term();
  const auto [known, added] = leaders_.emplace(term, member.node);
  CHECK(added, "A7: term ", term.value(), " is led by ", known->second.value(),
        " and by ", member.node.value());
  CHECK(member.durable->hard_state.term == term &&
            member.durable->hard_state.vote == member.node,
        "A9: a leader without a durable vote of its own");
  size_t votes = 0;
  for (const NodeId voter : voters_) {
    const auto grant = grants_.find({voter, term});
    votes += voter == member.node ||
             (grant != grants_.end() && grant->second == member.node);
  }
  CHECK_GE(votes, Majority(voters_.size()), "A8: elected by too few");
  if (!committed_.empty()) {
    CHECK(member.submitted->Holds(committed(), committed_.back()),
          "C1: the leader of term ", term.value(), " lacks a committed entry");
  }
  CHECK(all.size() >= voters_.size());
  leader_logs_[term] = member.submitted->chain;
}

void Oracle::CheckStores(const Member& member, const Moment& before,
                         const Effects& effects) {
  const Core& core = *member.core;
  CHECK_LE(effects.stores.size(), 1u, "one step, one store");
  CHECK(member.submitted->last_index() == core.log().last_index() &&
            member.submitted->last_term() == core.log().last_term(),
        "B8: memory is not what was stored");
  CHECK(member.submitted->hard_state.term == core.term() &&
            member.submitted->hard_state.vote == core.vote(),
        "B8: a promise that was not stored");
  for (const persist::Store& store : effects.stores) {
    CHECK(!store.truncate_from.has_value() || core.leading() == nullptr,
          "B1: a leader cut its log");
    CHECK(!store.truncate_from.has_value() ||
              *store.truncate_from > before.commit,
          "B4: a committed entry was cut");
    for (const Record& record : store.entries) {
      CHECK(leaders_.contains(record.term), "A10: an entry of term ",
            record.term.value(), ", which has no leader");
      const uint64_t chain = member.submitted->ChainAt(record.index);
      const auto [known, added] =
          entries_.emplace(std::pair(record.index, record.term), chain);
      CHECK_EQ(known->second, chain, "B2: two logs differ below ",
               record.index.value(), "@", record.term.value());
    }
  }
  if (core.leading() != nullptr) {
    std::vector<uint64_t>& log = leader_logs_[core.term()];
    const std::vector<uint64_t>& chain = member.submitted->chain;
    log.insert(log.end(), chain.begin() + static_cast<ptrdiff_t>(log.size()),
               chain.end());
  }
}

void Oracle::CheckPreVote(const Event& event, const Moment& before,
                          const Member& member, const Effects& effects) {
  const auto* inbound = std::get_if<Inbound>(&event);
  if (inbound == nullptr ||
      !std::holds_alternative<PreVoteRequest>(inbound->message)) {
    return;
  }
  CHECK(effects.stores.empty() && member.core->term() == before.term &&
            member.core->role() == before.role,
        "A13: a pre-vote changed something");
}

void Oracle::CheckGrants(const Member& member, const Event& event,
                         const Effects& effects, runtime::Instant now) {
  if (const auto* lost = std::get_if<PeerLost>(&event)) {
    if (!lost->only_bulk && member.core->leader() == lost->peer) {
      leader_heard_.erase(member.node);
    }
  }
  const auto* inbound = std::get_if<Inbound>(&event);
  if (inbound == nullptr) return;
  const auto check = [&](Index last_index, Term last_term, bool by_leader) {
    CHECK(member.core->log().IsUpToDate(last_index, last_term),
          "A5: a vote for a log that is behind");
    const auto heard = leader_heard_.find(member.node);
    CHECK(by_leader || heard == leader_heard_.end() ||
              now >= heard->second + options_.election_timeout_min,
          "A14: a vote against a leader that was heard");
  };
  for (const Send& send : effects.sends) {
    const auto* vote = std::get_if<VoteReply>(&send.message);
    const auto* pre_vote = std::get_if<PreVoteReply>(&send.message);
    if (vote != nullptr && vote->granted) {
      const auto& request = std::get<VoteRequest>(inbound->message);
      check(request.last_index, request.last_term, request.by_leader);
    } else if (pre_vote != nullptr && pre_vote->granted) {
      const auto& request = std::get<PreVoteRequest>(inbound->message);
      check(request.last_index, request.last_term, false);
    }
  }
  if (std::holds_alternative<AppendRequest>(inbound->message) ||
      std::holds_alternative<HeartbeatRequest>(inbound->message)) {
    if (*TermOf(inbound->message) == member.core->term()) {
      leader_heard_[member.node] = now;
    }
  }
}

void Oracle::CheckCommit(const std::vector<Member>& all, const Member& member,
                         const Moment& before) {
  const Index commit = member.core->commit();
  if (commit == before.commit) return;
  CHECK_LE(commit, member.submitted->last_index(), "C3");
  if (commit <= committed()) {
    CHECK_EQ(member.submitted->ChainAt(commit), committed_[commit.value() - 1],
             "C6: node ", member.node.value(), " commits another history");
    return;
  }
  // Something is committed that never was before: only a leader can know.
  CHECK(member.core->leading() != nullptr, "C4: node ", member.node.value(),
        " commits what no leader has");
  CHECK_EQ(member.core->log().TermAt(commit), member.core->term(),
           "C5: an entry of an older term committed by counting");
  CHECK(committed_.empty() ||
            member.submitted->Holds(committed(), committed_.back()),
        "C6: the leader's history is another one");
  for (Index index = committed().Next(); index <= commit; ++index) {
    committed_.push_back(member.submitted->ChainAt(index));
  }
  CHECK(OnQuorumOfDisks(all, commit, committed_.back()),
        "C4: committed without a quorum of disks");
}

bool Oracle::OnQuorumOfDisks(const std::vector<Member>& all, Index index,
                             uint64_t chain) const {
  size_t disks = 0;
  for (const Member& member : all) disks += member.durable->Holds(index, chain);
  return disks >= Majority(voters_.size());
}

void Oracle::OnDiskChanged(const std::vector<Member>& all) {
  if (committed_.empty()) return;
  CHECK(OnQuorumOfDisks(all, committed(), committed_.back()),
        "C7: a committed entry is no longer on a quorum of disks");
}

void Oracle::OnSendLeaves(const Member& member, const Send& send) {
  const HardState& disk = member.durable->hard_state;
  if (const std::optional<Term> term = TermOf(send.message)) {
    CHECK_GE(disk.term, *term, "A2: speaks of a term it may forget");
    Term& spoken = spoken_[member.node];
    CHECK_GE(*term, std::min(spoken, *term));
    spoken = std::max(spoken, *term);
  }
  CHECK_GE(member.core->term(), spoken_[member.node], "A1: a term went back");
  if (const auto* reply = std::get_if<VoteReply>(&send.message)) {
    if (!reply->granted) return;
    const auto [known, added] =
        grants_.emplace(std::pair(member.node, reply->term), send.to);
    CHECK_EQ(known->second, send.to, "A3: node ", member.node.value(),
             " votes twice in term ", reply->term.value());
    CHECK(disk.term > reply->term || disk.vote == send.to,
          "A4: a vote that could be forgotten");
  } else if (const auto* request = std::get_if<VoteRequest>(&send.message)) {
    const auto [known, added] =
        grants_.emplace(std::pair(member.node, request->term), member.node);
    CHECK_EQ(known->second, member.node, "A3: a candidate voted for another");
    const auto entry = entries_.find({request->last_index, request->last_term});
    CHECK(entry != entries_.end() || request->last_index == kBootstrapIndex);
    CHECK(disk.term > request->term ||
              (member.durable->last_index() >= request->last_index &&
               member.durable->entries[request->last_index.value() - 1].term ==
                   request->last_term),
          "A6: a candidate claims what its disk does not hold");
  } else if (const auto* ack = std::get_if<AppendReply>(&send.message)) {
    if (!ack->accepted) return;
    const auto log = leader_logs_.find(ack->term);
    CHECK(log != leader_logs_.end(), "an acknowledgement to nobody");
    if (disk.term > ack->term || ack->match == Index()) return;
    CHECK(ack->match.value() <= log->second.size() &&
              member.durable->Holds(ack->match,
                                    log->second[ack->match.value() - 1]),
          "D1: node ", member.node.value(), " acknowledges ",
          ack->match.value(), " of term ", ack->term.value(),
          " without having it");
  }
}

}  // namespace raft
