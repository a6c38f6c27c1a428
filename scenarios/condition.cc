#include "scenarios/condition.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {
namespace {

using Kind = Condition::Kind;

std::string NodesText(const std::vector<uint32_t>& nodes) {
  if (nodes.empty()) return "all";
  const std::string names = absl::StrJoin(
      nodes, ", ",
      [](std::string* out, uint32_t node) { absl::StrAppend(out, "n", node); });
  return nodes.size() == 1 ? names : absl::StrCat("[", names, "]");
}

Condition OfNodes(Kind kind, std::vector<uint32_t> nodes) {
  Condition condition;
  condition.kind = kind;
  condition.nodes = std::move(nodes);
  return condition;
}

Condition OfNumber(Kind kind, uint64_t number) {
  Condition condition;
  condition.kind = kind;
  condition.number = number;
  return condition;
}

Condition OfName(Kind kind, std::string name) {
  Condition condition;
  condition.kind = kind;
  condition.name = std::move(name);
  return condition;
}

Condition OfParts(Kind kind, std::vector<Condition> parts) {
  Condition condition;
  condition.kind = kind;
  condition.parts = std::move(parts);
  return condition;
}

std::string ValueText(const Condition& condition) {
  switch (condition.kind) {
    case Kind::kLeader:
    case Kind::kNoLeader:
    case Kind::kNewLeader:
      return "";
    case Kind::kLeaderIs:
    case Kind::kLeaderIsNot:
    case Kind::kRunning:
    case Kind::kDown:
    case Kind::kAppliedEqual:
      return NodesText(condition.nodes);
    case Kind::kTermAbove:
    case Kind::kCommitted:
    case Kind::kCommittedMore:
    case Kind::kAnsweredMore:
      return absl::StrCat(condition.number);
    case Kind::kReached:
    case Kind::kStruck:
      return condition.name;
    case Kind::kNot:
      return condition.parts.front().ToString();
    case Kind::kAllOf:
    case Kind::kAnyOf:
      return absl::StrCat(
          "[",
          absl::StrJoin(condition.parts, ", ",
                        [](std::string* out, const Condition& part) {
                          absl::StrAppend(out, part.ToString());
                        }),
          "]");
  }
  return "";
}

}  // namespace

absl::string_view ConditionName(Condition::Kind kind) {
  switch (kind) {
    case Kind::kLeader:
    case Kind::kLeaderIs:
      return "leader";
    case Kind::kNoLeader:
      return "no_leader";
    case Kind::kNewLeader:
      return "new_leader";
    case Kind::kLeaderIsNot:
      return "leader_not";
    case Kind::kTermAbove:
      return "term_above";
    case Kind::kCommitted:
      return "committed";
    case Kind::kCommittedMore:
      return "committed_more";
    case Kind::kAnsweredMore:
      return "answered_more";
    case Kind::kRunning:
      return "running";
    case Kind::kDown:
      return "down";
    case Kind::kAppliedEqual:
      return "applied_equal";
    case Kind::kReached:
      return "reached";
    case Kind::kStruck:
      return "struck";
    case Kind::kAllOf:
      return "all_of";
    case Kind::kAnyOf:
      return "any_of";
    case Kind::kNot:
      return "not";
  }
  return "?";
}

std::string Condition::ToString() const {
  const std::string value = ValueText(*this);
  const absl::string_view name_text = ConditionName(kind);
  if (value.empty()) return std::string(name_text);
  return absl::StrCat("{", name_text, ": ", value, "}");
}

Condition NoLeader() { return OfParts(Kind::kNoLeader, {}); }
Condition NewLeader() { return OfParts(Kind::kNewLeader, {}); }
Condition LeaderIs(uint32_t node) { return OfNodes(Kind::kLeaderIs, {node}); }
Condition LeaderIsNot(uint32_t node) {
  return OfNodes(Kind::kLeaderIsNot, {node});
}
Condition TermAbove(uint64_t term) { return OfNumber(Kind::kTermAbove, term); }
Condition Committed(uint64_t entries) {
  return OfNumber(Kind::kCommitted, entries);
}
Condition CommittedMore(uint64_t entries) {
  return OfNumber(Kind::kCommittedMore, entries);
}
Condition AnsweredMore(uint64_t answers) {
  return OfNumber(Kind::kAnsweredMore, answers);
}
Condition Running(std::vector<uint32_t> nodes) {
  return OfNodes(Kind::kRunning, std::move(nodes));
}
Condition Down(std::vector<uint32_t> nodes) {
  return OfNodes(Kind::kDown, std::move(nodes));
}
Condition AppliedEqual(std::vector<uint32_t> nodes) {
  return OfNodes(Kind::kAppliedEqual, std::move(nodes));
}
Condition Reached(std::string rare_state) {
  return OfName(Kind::kReached, std::move(rare_state));
}
Condition Struck(std::string fault) {
  return OfName(Kind::kStruck, std::move(fault));
}
Condition AllOf(std::vector<Condition> parts) {
  return OfParts(Kind::kAllOf, std::move(parts));
}
Condition AnyOf(std::vector<Condition> parts) {
  return OfParts(Kind::kAnyOf, std::move(parts));
}
Condition Not(Condition condition) {
  return OfParts(Kind::kNot, {std::move(condition)});
}

}  // namespace scenarios
