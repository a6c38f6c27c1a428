#include "scenarios/condition_watch.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "raft/core/core.h"

namespace scenarios {

using Kind = Condition::Kind;

ConditionWatch::ConditionWatch(const sim::World& world, const Cluster& cluster,
                               const Clients& clients,
                               const Condition& condition)
    : world_(world),
      cluster_(cluster),
      clients_(clients),
      condition_(condition),
      committed_(cluster.checks().committed()),
      answered_(clients.answered()) {
  const uint32_t leader = cluster.leader();
  if (leader != 0) leader_term_ = cluster.View(leader)->term;
}

std::vector<uint32_t> ConditionWatch::NodesOf(
    const Condition& condition) const {
  if (!condition.nodes.empty()) return condition.nodes;
  std::vector<uint32_t> all(cluster_.size());
  std::iota(all.begin(), all.end(), 1u);
  return all;
}

bool ConditionWatch::HasApplied(uint32_t node) const {
  const NodeView* view = cluster_.View(node);
  return view != nullptr && view->applied == cluster_.checks().committed();
}

bool ConditionWatch::TermIsAbove(uint64_t term) const {
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    const NodeView* view = cluster_.View(node);
    if (view != nullptr && view->term.value() > term) return true;
  }
  return false;
}

bool ConditionWatch::Reached(absl::string_view rare_state) const {
  for (const auto& [name, times] : world_.reached()) {
    if (name == rare_state) return times > 0;
  }
  return false;
}

bool ConditionWatch::Struck(absl::string_view fault) const {
  for (const auto& [kind, count] : world_.fault_counts().by_kind) {
    if (kind == fault) return count > 0;
  }
  return false;
}

bool ConditionWatch::Holds(const Condition& condition) const {
  const auto holds = [this](const Condition& part) { return Holds(part); };
  const auto& parts = condition.parts;
  const std::vector<uint32_t> nodes = NodesOf(condition);
  const uint32_t leader = cluster_.leader_of_majority(cluster_.nodes());
  const uint64_t committed = cluster_.checks().committed().value();
  switch (condition.kind) {
    case Kind::kLeader:
      return leader != 0;
    case Kind::kNoLeader:
      return cluster_.leader() == 0;
    case Kind::kNewLeader:
      return leader != 0 && cluster_.View(leader)->term > leader_term_;
    case Kind::kLeaderIs:
      return leader == nodes.front();
    case Kind::kLeaderIsNot:
      return leader != 0 && leader != nodes.front();
    case Kind::kTermAbove:
      return TermIsAbove(condition.number);
    case Kind::kCommitted:
      return committed >= condition.number;
    case Kind::kCommittedMore:
      return committed - committed_.value() >= condition.number;
    case Kind::kAnsweredMore:
      return clients_.answered() - answered_ >= condition.number;
    case Kind::kRunning:
      return std::all_of(nodes.begin(), nodes.end(), [this](uint32_t node) {
        return cluster_.View(node) != nullptr;
      });
    case Kind::kDown:
      return std::none_of(nodes.begin(), nodes.end(), [this](uint32_t node) {
        return cluster_.running(node);
      });
    case Kind::kAppliedEqual:
      return std::all_of(nodes.begin(), nodes.end(),
                         [this](uint32_t node) { return HasApplied(node); });
    case Kind::kReached:
      return Reached(condition.name);
    case Kind::kStruck:
      return Struck(condition.name);
    case Kind::kAllOf:
      return std::all_of(parts.begin(), parts.end(), holds);
    case Kind::kAnyOf:
      return std::any_of(parts.begin(), parts.end(), holds);
    case Kind::kNot:
      return !Holds(parts.front());
  }
  return false;
}

std::string DescribeNodes(const Cluster& cluster) {
  std::string text;
  for (uint32_t node = 1; node <= cluster.size(); ++node) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", "n", node);
    const NodeView* view = cluster.View(node);
    if (view == nullptr) {
      absl::StrAppend(&text,
                      cluster.running(node) ? " is starting" : " is down");
      continue;
    }
    if (view->role == raft::Role::kLeader) {
      absl::StrAppend(&text, " leads");
    } else if (view->leader.value() != 0) {
      absl::StrAppend(&text, " follows n", view->leader.value());
    } else {
      absl::StrAppend(&text, " knows no leader");
    }
    absl::StrAppend(&text, " in term ", view->term.value(), " (commit ",
                    view->commit.value(), ", applied ", view->applied.value(),
                    ")");
  }
  return text;
}

}  // namespace scenarios
