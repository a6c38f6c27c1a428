// Breaks things as a scenario says: by its steps (see storyteller.h), and at
// random during the chaos phase. Decides whom an act strikes at the moment when
// it strikes, and undoes it in time. At the beginning of the quiet phase
// everything heals, or a core does.
//
// Everything it does happens before anything else of that instant, and its dice
// are its own: taking one strike away leaves the others where they were.
// What struck is counted under "nemesis.<act>".

#ifndef SCENARIOS_NEMESIS_H_
#define SCENARIOS_NEMESIS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "scenarios/cluster.h"
#include "scenarios/scenario.h"
#include "sim/disk_knobs.h"
#include "sim/frame_filter.h"
#include "sim/knobs.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace scenarios {

class Nemesis {
 public:
  // `drawn` are the faults of this seed (see knob_table.h). All must outlive
  // this. The knobs that the world has now are those of its quiet times. In
  // the end only the nodes of `core` heal, and the links among them and to the
  // clients; all nodes, if it is empty.
  Nemesis(sim::World& world, Cluster& cluster, const Scenario& scenario,
          std::vector<KnobSetting> drawn, std::vector<uint32_t> core);

  // Plans chaos and the healing.
  void Start();

  // Carries out an act of a step, unless the quiet has begun. `name`: by which
  // it can be healed; `said`: how the file writes it. Either may be empty.
  void StrikeNow(const Act& act, std::optional<SpanRange> lasts,
                 const std::string& name = "", const std::string& said = "");

  // Whom a choice means now.
  std::vector<uint32_t> Resolve(const TargetChoice& choice);

  // What the scenario configures, by the names under which it is counted.
  std::vector<std::string> ExpectedFaults() const;

 private:
  using Nodes = std::vector<uint32_t>;
  using Undo = std::function<void()>;
  using HostList = std::vector<sim::HostId>;
  using Link = std::pair<sim::HostId, sim::HostId>;  // From, to.
  using Links = std::vector<Link>;
  // What may be done to a link by several strikes at once.
  struct LinkHold {
    void (sim::SimNetwork::*take)(sim::HostId, sim::HostId);
    void (sim::SimNetwork::*release)(sim::HostId, sim::HostId);
    // Which strikes hold it, by number: what heals before its time must not
    // let go what another holds.
    absl::btree_map<Link, absl::btree_set<uint64_t>> strikes = {};
  };
  // An act, and what surrounds it.
  struct Order {
    const Act& act;
    std::optional<SpanRange> lasts;
    bool bounded = false;  // Respects struck_max.
    std::string name = "";
    std::string said = "";
  };
  // Whom a strike has struck, for readers of a trace.
  struct Tale {
    Nodes nodes;
    Links links;
  };

  void BeginChaos();
  void PlanStrike();
  void StrikeAtRandom();
  void BeQuiet();
  void HealNode(uint32_t node);
  bool Heals(uint32_t node) const;

  // Carries the act out and plans its undoing. False if it struck nobody.
  bool Do(const Order& order);
  void Later(absl::Duration after, Undo undo);
  // To readers of a trace; costs nothing without one (nemesis_tale.cc).
  void TellStrike(const Order& order, const Tale& tale, absl::Duration lasts);
  void TellNobody(const Order& order, const Tale& tale);
  void TellEnd(const std::string& what, const Tale& tale);
  std::string SaidOf(const Order& order) const;
  std::string Names(const Nodes& nodes) const;
  std::string Names(const Links& links) const;

  // One for each act; returns how to undo it, or null if it struck nobody.
  Undo Strike(const Isolate& act);
  Undo Strike(const Partition& act);
  Undo Strike(const Cut& act);
  Undo Strike(const Bridge& act);
  Undo Strike(const Ring& act);
  Undo Strike(const Split& act);
  Undo Strike(const CutClients& act);
  Undo Strike(const Flap& act);
  Undo Strike(const Clog& act);
  Undo Strike(const Swizzle& act);
  Undo Strike(const ResetConnections& act);
  Undo Strike(const HalfOpen& act);
  Undo Strike(const Blackhole& act);
  Undo Strike(const Filter& act);
  Undo Strike(const Heal& act);
  Undo Strike(const Crash& act);
  Undo Strike(const PowerOff& act);
  Undo Strike(const Restart& act);
  Undo Strike(const Stop& act);
  Undo Strike(const RollingRestart& act);
  Undo Strike(const Pause& act);
  Undo Strike(const Resume& act);
  Undo Strike(const CrashLoop& act);
  Undo Strike(const SkewClock& act);
  Undo Strike(const SlowCpu& act);
  Undo Strike(const Transfer& act);
  Undo Strike(const FailSync& act);
  Undo Strike(const TroubleDisk& act);
  Undo Strike(const CrashAtFile& act);
  Undo Strike(const RotDisk& act);
  Undo Strike(const WipeDisk& act);
  Undo Strike(const ShortenLog& act);
  Undo Strike(const DisturbLink& act);
  Undo Strike(const SetKnobs& act);

  // Whom a target means now, but for those who are taken.
  Nodes NodesOf(const Target& target, const Nodes& taken);
  Nodes Some(Nodes among, size_t count);
  Nodes Running() const;
  // May these be struck too? Then counts them as struck.
  bool Seize(const Nodes& nodes);
  void Release(const Nodes& nodes);
  uint32_t Minority() const { return (cluster_.size() - 1) / 2; }

  // Who is who, and what lies between them: strikes_partition.cc.
  Nodes AllNodes() const;
  Nodes Others(const Nodes& nodes) const;
  Nodes Shuffled(Nodes nodes);
  HostList HostsOf(const Nodes& nodes) const;
  HostList ClientHosts() const;
  HostList HostsNamed(const std::vector<std::string>& names) const;
  std::vector<HostList> GroupsOf(const Partition& act);
  static Links OneWay(const HostList& from, const HostList& to);
  static Links BothWays(const HostList& some, const HostList& others);
  Links LinksToOthers(const Nodes& nodes) const;  // To and from other nodes.
  Links AllLinksOf(const Nodes& nodes) const;     // Also those of clients.

  // Of a way from one to the other the fewer are struck: all that cannot reach
  // one node are not.
  static const Nodes& Fewer(const Nodes& from, const Nodes& to) {
    return to.size() < from.size() ? to : from;
  }
  // Undone when the last strike that holds a link has been.
  Undo HoldLinks(LinkHold& hold, Links links);
  void FreeLink(const Link& link);  // Whoever holds it.
  // Whether the link was, after so many had been: what strikes again and again
  // leaves it alone from then on.
  bool HealedSince(uint64_t frees, const Link& link) const;
  // Null: nothing to heal.
  Undo HealAct(const std::string& name);
  Undo HealLinks(const Links& links);
  Undo HealNodes(const Nodes& nodes);
  Undo AddFilters(const Links& links, const sim::FrameFilter& filter);
  // Again and again: in force for a drawn span, and not for another.
  Undo FlipFlop(Links links, SpanRange period,
                std::function<Undo(const Links&)> begin);
  // The same with cuts that leave `struck` alone. Null: nothing to cut, or too
  // many struck.
  Undo CutOff(const Nodes& struck, Links links);
  struct Flapping;
  void Flip(const std::shared_ptr<Flapping>& flapping);
  struct Swizzling;
  // While the loop goes on: kills the node, boots it later, and so on.
  void LoopDown(const CrashLoop& act, uint32_t node, uint64_t loop);
  // Stops the node, if it runs and is not stopping yet.
  bool StopNode(uint32_t node);
  // While the loop goes on: stops the first of `nodes`, starts it when it has
  // ended, and goes on with the others.
  void RollOn(Nodes nodes, uint64_t loop, bool bounded);
  void StartWhenEnded(Nodes nodes, uint64_t loop, bool bounded);
  void DriftOn(const SkewClock& act, uint32_t node, uint64_t loop,
               int32_t part);
  void OnExit(uint32_t node);
  void BootIfDown(uint32_t node);
  // Its disk is again as all others; damage stays.
  void CalmDisk(uint32_t node);
  void TroubleDiskOf(uint32_t node, const TroubleDisk& act,
                     const std::optional<sim::DiskKnobs>& own);
  struct Following;
  Undo Follow(const TroubleDisk& act, std::optional<sim::DiskKnobs> own);
  void MoveOn(const std::shared_ptr<Following>& following);
  // The knobs of the quiet times, and all that lies over them.
  void ApplyKnobLayers();
  Undo AddKnobLayer(std::vector<KnobSetting> settings);

  sim::World& world_;
  Cluster& cluster_;
  const Scenario& scenario_;
  const std::vector<KnobSetting> faults_;
  const std::vector<uint32_t> core_;  // Sorted.
  // Of the scenario's chaos, what this seed has not switched off.
  std::vector<const Chaos::Strike*> strikes_;
  const sim::Knobs quiet_knobs_;
  runtime::Random when_;
  runtime::Random whom_;
  runtime::Random how_;   // Draws of a strike's own.
  runtime::Random pace_;  // The times of what a strike does bit by bit.

  bool quiet_ = false;
  bool bounded_ = false;  // The strike at hand respects struck_max.
  // Undoing what was done before the last healing of all means nothing.
  uint64_t healings_ = 0;
  LinkHold cuts_;
  LinkHold clogs_;
  uint64_t holds_made_ = 0;
  // Which links were healed before their time, and all: by number.
  absl::btree_map<Link, uint64_t> freed_;
  uint64_t all_freed_ = 0;
  uint64_t frees_ = 0;
  Tale tale_;  // Of the strike at hand.
  // How to undo what a step has named; the last one of a name counts.
  absl::btree_map<std::string, std::shared_ptr<Undo>> named_;
  absl::btree_map<uint32_t, uint32_t> struck_;  // By node: by how many strikes.
  // By an operator, and not started since.
  absl::btree_set<uint32_t> stopped_;
  // Acts that go on by themselves until they are undone.
  absl::btree_set<uint64_t> loops_;
  uint64_t loops_made_ = 0;
  absl::btree_map<uint64_t, std::vector<KnobSetting>> knob_layers_;
  uint64_t knob_layers_made_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_NEMESIS_H_
