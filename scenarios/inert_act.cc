#include "scenarios/inert_act.h"

#include <algorithm>
#include <variant>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

using Kind = Target::Kind;

uint32_t MinorityOf(uint32_t nodes) { return (nodes - 1) / 2; }

// How many nodes a target is, at least and at most. Roles that nobody may play
// for a while count as played.
struct Size {
  uint32_t low = 0;
  uint32_t high = 0;
};

Size SizeOf(const Target& target, uint32_t nodes);

Size SizeOfAll(const std::vector<Target>& members, uint32_t nodes) {
  Size size;
  absl::btree_set<uint32_t> named;
  uint32_t low = 0;
  for (const Target& member : members) {
    const Size one = SizeOf(member, nodes);
    size.high = std::min(nodes, size.high + one.high);
    low = std::max(low, one.low);
    if (member.kind == Kind::kNode) named.insert(member.node);
  }
  size.low = std::max(low, static_cast<uint32_t>(named.size()));
  return size;
}

Size SizeOf(const Target& target, uint32_t nodes) {
  const uint32_t other = nodes > 1 ? 1 : 0;
  switch (target.kind) {
    case Kind::kNode:
    case Kind::kLeader:
    case Kind::kAny:
    case Kind::kCandidate:
    case Kind::kLongestLog:
    case Kind::kShortestLog:
      return {1, 1};
    case Kind::kFollower:
    case Kind::kOldLeader:
    case Kind::kLongestFollower:
      return {other, other};
    case Kind::kMinority:
      return {MinorityOf(nodes), MinorityOf(nodes)};
    case Kind::kMajority:
      return {nodes - MinorityOf(nodes), nodes - MinorityOf(nodes)};
    case Kind::kAll:
      return {nodes, nodes};
    case Kind::kSome:
      return {1, nodes};
    case Kind::kAllOf:
      return SizeOfAll(target.members, nodes);
  }
  return {};
}

// Both are the same one node, whoever that is.
bool SameOne(const Target& a, const Target& b) {
  return a == b && (a.kind == Kind::kNode || FollowableRole(a));
}

// "'ring' strikes nobody among 3 nodes: `why`".
std::string Inert(absl::string_view act, absl::string_view whom, uint32_t nodes,
                  absl::string_view why) {
  return absl::StrCat("'", act, whom.empty() ? "" : ": ", whom,
                      "' strikes nobody among ", nodes,
                      nodes == 1 ? " node: " : " nodes: ", why);
}

// Judges one act among so many nodes.
class Judge {
 public:
  Judge(const Act& act, const Stage& stage, uint32_t nodes)
      : name_(ActName(act)), stage_(stage), nodes_(nodes) {}

  std::string operator()(const Isolate& act) const {
    return ForEach(act.target, [this](const Target& target) {
      return NoOthersThan(target, "there is nobody else to be cut off from");
    });
  }
  std::string operator()(const Split& act) const {
    return ForEach(act.target, [this](const Target& target) {
      const std::string why =
          NoOthersThan(target, "there is nobody else to be cut off from");
      const Size size = SizeOf(target, nodes_);
      return why.empty() ? TooMany(std::max(size.low, MinorityOf(nodes_)))
                         : why;
    });
  }
  std::string operator()(const Bridge& act) const {
    return ForEach(act.target, [this](const Target& target) {
      const uint32_t others = nodes_ - SizeOf(target, nodes_).low;
      return others < 2 ? "a bridge takes two others that see only it"
                        : TooMany((nodes_ - SizeOf(target, nodes_).high) / 2);
    });
  }
  std::string operator()(const Ring&) const {
    if (nodes_ >= 4) return "";
    return Inert(name_, "", nodes_, "each is a neighbour of all others");
  }
  std::string operator()(const Partition& act) const;
  std::string operator()(const Cut& act) const {
    return OneWay(act.from, act.to, true);
  }
  std::string operator()(const Flap& act) const {
    return OneWay(act.from, act.to, true);
  }
  std::string operator()(const Filter& act) const {
    return OneWay(act.from, act.to, false);
  }
  std::string operator()(const Blackhole& act) const {
    return OneWay(act.from, act.to, false);
  }
  std::string operator()(const DisturbLink& act) const {
    return OneWay(act.from, act.to, false);
  }
  std::string operator()(const Heal& act) const {
    if (act.what == Heal::What::kLink) return OneWay(act.from, act.to, false);
    if (act.what == Heal::What::kAll || act.what == Heal::What::kAct) return "";
    return Anybody(act.from, false);
  }
  std::string operator()(const Transfer& act) const {
    return ForEach(act.target, [this](const Target& target) -> std::string {
      const bool itself = target.kind == Kind::kLeader || nodes_ == 1;
      return itself ? "the leader leads already" : "";
    });
  }
  std::string operator()(const RotDisk& act) const {
    return WithinAtlas(act.target);
  }
  std::string operator()(const WipeDisk& act) const {
    return WithinAtlas(act.target);
  }
  std::string operator()(const ShortenLog& act) const {
    return WithinAtlas(act.target);
  }
  std::string operator()(const TroubleDisk& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const Swizzle& act) const {
    return Anybody(act.nodes, true);
  }
  std::string operator()(const SetKnobs&) const { return ""; }
  // Those that strike some nodes, and count against what chaos may strike.
  std::string operator()(const CutClients& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const Clog& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const Crash& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const PowerOff& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const Stop& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const CrashAtFile& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const Pause& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const CrashLoop& act) const {
    return Anybody(act.target, true);
  }
  std::string operator()(const FailSync& act) const {
    return Anybody(act.target, true);
  }
  // Those that do not.
  template <class OtherAct>
  std::string operator()(const OtherAct& act) const {
    return Anybody(act.target, false);
  }

 private:
  // The first target that may be drawn and for which `why` has an answer.
  template <class Why>
  std::string ForEach(const TargetChoice& choice, const Why& why) const {
    for (const Target& target : choice) {
      std::string answer = WhyNobody(target, nodes_);
      if (answer.empty()) answer = why(target);
      if (!answer.empty()) {
        return Inert(name_, target.ToString(), nodes_, answer);
      }
    }
    return "";
  }

  std::string Anybody(const TargetChoice& choice, bool counts) const {
    return ForEach(choice, [this, counts](const Target& target) {
      return counts ? TooMany(SizeOf(target, nodes_).low) : "";
    });
  }

  std::string WithinAtlas(const TargetChoice& choice) const {
    return ForEach(choice, [this](const Target& target) -> std::string {
      if (stage_.atlas == Atlas::kWithin && MinorityOf(nodes_) == 0) {
        return "within the atlas a minority may lose what it acknowledged, and "
               "nobody is one";
      }
      // Who may not be damaged does not count.
      return target.kind == Kind::kNode ? TooMany(1) : "";
    });
  }

  // Struck at the same time by chaos.
  std::string TooMany(uint32_t struck) const {
    if (!stage_.struck_max.has_value()) return "";
    const uint32_t max =
        *stage_.struck_max == 0 ? MinorityOf(nodes_) : *stage_.struck_max;
    if (struck <= max) return "";
    return absl::StrCat("it takes ", struck, ", and chaos strikes at most ",
                        max, " at the same time (struck_max)");
  }

  std::string NoOthersThan(const Target& target, absl::string_view why) const {
    const uint32_t struck = SizeOf(target, nodes_).low;
    return struck >= nodes_ ? std::string(why) : TooMany(struck);
  }

  // A way from one to another.
  std::string OneWay(const TargetChoice& from, const TargetChoice& to,
                     bool counts) const {
    const auto leads_to = [this](const Target& target,
                                 const TargetChoice& ends) -> std::string {
      const bool any = nodes_ > 1 && std::any_of(ends.begin(), ends.end(),
                                                 [&target](const Target& end) {
                                                   return !SameOne(target, end);
                                                 });
      return any ? "" : "there is no way from a node to itself";
    };
    const std::string wrong = ForEach(from, [&](const Target& target) {
      const std::string why = leads_to(target, to);
      if (!why.empty() || !counts) return why;
      uint32_t fewer = SizeOf(target, nodes_).low;  // Those who are struck.
      for (const Target& end : to) {
        fewer = std::min(fewer, SizeOf(end, nodes_).low);
      }
      return TooMany(fewer);
    });
    if (!wrong.empty()) return wrong;
    return ForEach(
        to, [&](const Target& target) { return leads_to(target, from); });
  }

  const char* name_;
  const Stage& stage_;
  const uint32_t nodes_;
};

// Whether there can be two groups with somebody in them.
std::string Judge::operator()(const Partition& act) const {
  uint32_t taken = 0;  // At least, by groups of nodes that are listed.
  uint32_t groups = 0;
  bool rest = false;
  bool clients = false;
  for (const Partition::Group& group : act.groups) {
    for (const Target& member : group.members) {
      const std::string why = WhyNobody(member, nodes_);
      if (!why.empty()) return Inert(name_, member.ToString(), nodes_, why);
    }
    clients = clients || (!group.clients.empty() && group.members.empty());
    rest = rest || group.fill == Partition::Group::Fill::kRest;
    if (group.members.empty()) continue;
    ++groups;
    uint32_t size = SizeOfAll(group.members, nodes_).low;
    if (group.fill == Partition::Group::Fill::kMajority) {
      size = std::max(size, nodes_ - MinorityOf(nodes_));
    }
    if (group.fill == Partition::Group::Fill::kMinority) {
      size = std::max(size, MinorityOf(nodes_));
    }
    taken += size;
  }
  if (taken > nodes_) {
    return Inert(name_, "", nodes_,
                 absl::StrCat("its groups take ", taken, " nodes"));
  }
  if (rest && taken == nodes_) {
    return Inert(name_, "rest", nodes_, "nobody is left");
  }
  if (groups + (rest ? 1 : 0) + (clients ? 1 : 0) < 2) {
    return Inert(name_, "", nodes_, "only one group has anybody in it");
  }
  return "";
}

}  // namespace

bool FollowableRole(const Target& target) {
  switch (target.kind) {
    case Kind::kLeader:
    case Kind::kOldLeader:
    case Kind::kCandidate:
    case Kind::kLongestLog:
    case Kind::kShortestLog:
    case Kind::kLongestFollower:
      return true;
    default:
      return false;
  }
}

uint32_t Stage::nodes() const {
  return *std::min_element(node_counts.begin(), node_counts.end());
}

Stage StageOf(const Scenario& scenario) {
  Stage stage;
  stage.node_counts = scenario.choices.nodes;
  if (stage.node_counts.empty()) {
    stage.node_counts.push_back(scenario.cluster.nodes);
  }
  stage.atlas = scenario.atlas;
  stage.clients = scenario.workload.clients;
  stage.redis_clients = scenario.workload.redis_clients();
  return stage;
}

std::string WhyNobody(const Target& target, uint32_t nodes) {
  if (SizeOf(target, nodes).high > 0) return "";
  return "nobody is that";
}

std::string WhyInert(const Act& act, const Stage& stage) {
  for (const uint32_t nodes : stage.node_counts) {
    std::string why = std::visit(Judge(act, stage, nodes), act);
    if (!why.empty()) return why;
  }
  return "";
}

}  // namespace scenarios
