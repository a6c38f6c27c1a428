#include "tests/raft/story.h"

#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace raft {
namespace {

std::string Name(NodeId node) { return absl::StrCat("n", node.value()); }

std::string Place(Index index, Term term) {
  return absl::StrCat(index.value(), "@", term.value());
}

std::string Entries(const std::vector<Record>& entries) {
  if (entries.empty()) return "nothing";
  std::string text;
  for (const Record& record : entries) {
    absl::StrAppend(&text, text.empty() ? "" : " ",
                    Place(record.index, record.term));
  }
  return text;
}

std::string RoundText(uint64_t round) {
  return round == 0 ? "" : absl::StrCat(", round ", round);
}

std::string Text(const PreVoteRequest& m) {
  return absl::StrCat("pre-vote? for term ", m.campaign_term.value(), ", last ",
                      Place(m.last_index, m.last_term));
}
std::string Text(const PreVoteReply& m) {
  return absl::StrCat("pre-vote ", m.granted ? "yes" : "no", " for term ",
                      m.campaign_term.value(), ", own term ", m.term.value());
}
std::string Text(const VoteRequest& m) {
  return absl::StrCat("vote? term ", m.term.value(), ", last ",
                      Place(m.last_index, m.last_term),
                      m.by_leader ? ", as its leader wants" : "");
}
std::string Text(const VoteReply& m) {
  return absl::StrCat("vote ", m.granted ? "yes" : "no", " term ",
                      m.term.value());
}
std::string Text(const AppendRequest& m) {
  return absl::StrCat("append term ", m.term.value(), ", after ",
                      Place(m.previous_index, m.previous_term), ": ",
                      Entries(m.entries), ", commit ", m.commit.value(),
                      RoundText(m.read_round));
}
std::string Text(const AppendReply& m) {
  if (m.accepted) {
    return absl::StrCat("ok to ", m.match.value(), ", term ", m.term.value(),
                        RoundText(m.read_round));
  }
  if (m.hint_index == Index()) {
    return absl::StrCat("no after ", m.match.value(), ", term ",
                        m.term.value());
  }
  return absl::StrCat("no after ", m.match.value(), ", perhaps after ",
                      Place(m.hint_index, m.hint_term), " from ",
                      m.hint_first_index.value(), ", term ", m.term.value());
}
std::string Text(const HeartbeatRequest& m) {
  return absl::StrCat("heartbeat term ", m.term.value(), ", commit ",
                      m.commit.value(), RoundText(m.read_round));
}
std::string Text(const HeartbeatReply& m) {
  return absl::StrCat("heartbeat ok term ", m.term.value(),
                      RoundText(m.read_round));
}

std::string Text(const TimeoutNow& m) {
  return absl::StrCat("stand now! term ", m.term.value(), ", last ",
                      m.last_index.value());
}

bool IsHeartbeat(const Message& message) {
  return std::holds_alternative<HeartbeatRequest>(message) ||
         std::holds_alternative<HeartbeatReply>(message);
}

std::string Cause(const Event& event) {
  if (std::holds_alternative<DeadlineReached>(event)) return "timer";
  if (const auto* inbound = std::get_if<Inbound>(&event)) {
    return absl::StrCat("<- ", Name(inbound->from), " ",
                        Describe(inbound->message));
  }
  if (const auto* propose = std::get_if<Propose>(&event)) {
    return absl::StrCat("propose ", propose->items.size());
  }
  if (std::holds_alternative<ReadRequest>(event)) return "read";
  if (const auto* durable = std::get_if<Durable>(&event)) {
    return absl::StrCat("disk has #", durable->upto.value());
  }
  if (const auto* transfer = std::get_if<TransferLead>(&event)) {
    return absl::StrCat("transfer to ", transfer->to == NodeId()
                                            ? "anybody"
                                            : Name(transfer->to));
  }
  return absl::StrCat("lost ", Name(std::get<PeerLost>(event).peer));
}

const char* EndText(TransferEnd end) {
  switch (end) {
    case TransferEnd::kStoodDown:
      return "stood down";
    case TransferEnd::kNotLeader:
      return "not leader";
    case TransferEnd::kUnderWay:
      return "another is under way";
    case TransferEnd::kNoTarget:
      return "no target";
    case TransferEnd::kLost:
      return "target lost";
    case TransferEnd::kTooLate:
      return "too late";
  }
  return "?";
}

const char* ReasonText(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kNotLeader:
      return "not leader";
    case RefusalReason::kBusy:
      return "busy";
    case RefusalReason::kLostLead:
      return "lost the lead";
    case RefusalReason::kHandingOver:
      return "handing over";
    case RefusalReason::kStorageFull:
      return "storage full";
  }
  return "?";
}

void AddState(const StepSeen& step, std::vector<std::string>& out) {
  const Core& core = step.core;
  if (core.term() != step.before.term) {
    out.push_back(absl::StrCat("term ", core.term().value()));
  }
  const bool leader_changed = core.leader() != step.leader_before;
  if (core.role() != step.before.role || leader_changed) {
    std::string role = RoleName(core.role());
    if (core.role() == Role::kFollower && core.leader() != NodeId()) {
      absl::StrAppend(&role, " of ", Name(core.leader()));
    }
    out.push_back(std::move(role));
  }
  for (const persist::Store& store : step.effects.stores) {
    if (store.truncate_from.has_value()) {
      out.push_back(absl::StrCat("cuts from ", store.truncate_from->value()));
    }
    if (!store.entries.empty()) {
      out.push_back(absl::StrCat("stores ", Entries(store.entries), " as #",
                                 store.sequence.value()));
    }
  }
  if (core.commit() != step.before.commit) {
    out.push_back(absl::StrCat("commit ", core.commit().value()));
  }
  if (step.effects.commit.has_value()) {
    out.push_back(absl::StrCat("apply to ", step.effects.commit->value()));
  }
}

void AddAnswers(const Effects& effects, std::vector<std::string>& out) {
  for (const Refused& refused : effects.refused) {
    out.push_back(absl::StrCat("refused: ", ReasonText(refused.reason)));
  }
  for (const ReadReady& ready : effects.reads) {
    out.push_back(absl::StrCat("read at ", ready.index.value()));
  }
  for (const TransferEnded& ended : effects.transfers) {
    out.push_back(absl::StrCat("transfer: ", EndText(ended.end)));
  }
}

// The same message to several members is told once.
void AddSends(const StepSeen& step, bool show_heartbeats,
              std::vector<std::string>& out) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (const Send& send : step.effects.sends) {
    if (IsHeartbeat(send.message) && !show_heartbeats) continue;
    std::string what = Describe(send.message);
    if (send.after > step.core.durable()) {
      absl::StrAppend(&what, " (#", send.after.value(), ")");
    }
    if (!groups.empty() && groups.back().second == what) {
      absl::StrAppend(&groups.back().first, " ", Name(send.to));
    } else {
      groups.emplace_back(Name(send.to), std::move(what));
    }
  }
  for (const auto& [to, what] : groups) {
    out.push_back(absl::StrCat("-> ", to, " ", what));
  }
}

}  // namespace

std::string Describe(const Message& message) {
  return std::visit([](const auto& m) { return Text(m); }, message);
}

std::string Describe(const StepSeen& step, bool show_heartbeats) {
  std::vector<std::string> outcomes;
  AddState(step, outcomes);
  AddAnswers(step.effects, outcomes);
  AddSends(step, show_heartbeats, outcomes);
  const auto* inbound = std::get_if<Inbound>(&step.event);
  const bool beat = inbound == nullptr
                        ? !std::holds_alternative<ReadRequest>(step.event) &&
                              !std::holds_alternative<TransferLead>(step.event)
                        : IsHeartbeat(inbound->message) && !show_heartbeats;
  if (outcomes.empty() && beat) return "";
  std::string line =
      absl::StrFormat("[%4dms] %s %s", step.now.nanos() / 1'000'000,
                      Name(step.node), Cause(step.event));
  for (const std::string& outcome : outcomes) {
    absl::StrAppend(&line, " | ", outcome);
  }
  return line;
}

std::string DescribeMember(const CoreCluster& cluster, NodeId node) {
  if (!cluster.alive(node)) return absl::StrCat(Name(node), " is down");
  const Core& core = cluster.core(node);
  std::string log;
  for (Index i{1}; i <= core.log().last_index(); ++i) {
    absl::StrAppend(&log, log.empty() ? "" : ",", core.log().TermAt(i).value());
  }
  std::string text = absl::StrCat(Name(node), " ", RoleName(core.role()),
                                  " term ", core.term().value());
  if (core.leader() != NodeId() && core.leader() != node) {
    absl::StrAppend(&text, " of ", Name(core.leader()));
  }
  if (core.vote() != NodeId()) {
    absl::StrAppend(&text, " voted ", Name(core.vote()));
  }
  absl::StrAppend(&text, " commit ", core.commit().value(), " applied ",
                  cluster.applied(node).value(), " durable ",
                  core.durable_index().value(), " log ", log);
  if (const Leader* leader = core.leading()) {
    for (const auto& [peer, progress] : leader->peers) {
      absl::StrAppend(&text, " ", Name(peer), "=", progress.match.value(),
                      progress.probing() != nullptr ? "?" : "");
    }
  }
  return text;
}

}  // namespace raft
