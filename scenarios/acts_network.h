// Acts that break the network between the nodes of a scenario.

#ifndef SCENARIOS_ACTS_NETWORK_H_
#define SCENARIOS_ACTS_NETWORK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/knob_table.h"
#include "scenarios/span_range.h"
#include "scenarios/target.h"
#include "sim/frame_filter.h"

namespace scenarios {

// Cut off from all other nodes, both ways. Clients still reach it.
struct Isolate {
  TargetChoice target;
};

// Hosts of different groups cannot speak; who is in no group speaks to all.
// The groups are filled in the order in which they stand: first what they list,
// then what makes them a majority or a minority, then the rest.
struct Partition {
  struct Group {
    enum class Fill : uint8_t {
      kAsListed,
      kMajority,  // With as many more, drawn, as a majority takes.
      kMinority,  // Likewise, of as many as may be missing.
      kRest,      // The nodes that are in no other group. Lists none.
    };
    std::vector<Target> members;       // All of these.
    std::vector<std::string> clients;  // "c1", "r1", "script": hosts.
    Fill fill = Fill::kAsListed;
  };
  std::vector<Group> groups;
};
// Of nodes by number.
Partition PartitionOf(const std::vector<std::vector<uint32_t>>& groups);

// Nothing travels from `from` to `to`; the way back stays open.
struct Cut {
  TargetChoice from;
  TargetChoice to;
};

// Two halves of the nodes that see only the target, and not each other.
struct Bridge {
  TargetChoice target;
};

// Each node sees only its two neighbours in a ring of drawn order.
struct Ring {};

// The target, with as many others as make a minority, cut off from the rest.
struct Split {
  TargetChoice target;
};

// Clients and these nodes cannot speak, or only one way. Nodes among themselves
// can.
struct CutClients {
  enum class Way : uint8_t { kBoth, kRequests, kAnswers };
  TargetChoice target;
  Way way = Way::kBoth;
  std::vector<std::string> clients = {};  // All of these; empty: everybody.
};

// Cut and whole again in quick succession, one way; or, with kinds, only for
// messages of these (raft_lens.h), between nodes.
struct Flap {
  TargetChoice from;
  TargetChoice to;
  SpanRange period = {absl::Milliseconds(50), absl::Milliseconds(300)};
  std::vector<std::string> kinds = {};
};

// What the nodes send and are sent, by clients too, waits; when it is over, all
// of it arrives at once.
struct Clog {
  TargetChoice target;
};

// The nodes are clogged, or cut off from the other nodes, one after the other,
// and freed one after the other in another order.
struct Swizzle {
  TargetChoice nodes;
  SpanRange gap = {absl::Milliseconds(10), absl::Milliseconds(200)};
  bool cut = false;
};

// Every connection of the nodes breaks, clients' too.
struct ResetConnections {
  TargetChoice target;
};

// The nodes' kernels forget every connection and do not tell the other side.
struct HalfOpen {
  TargetChoice target;
};

// The network forgets every connection between these nodes and tells nobody:
// what is sent on them is lost.
struct Blackhole {
  TargetChoice from;
  TargetChoice to;
};

// Messages of these kinds (raft_lens.h) between nodes are lost, late or
// repeated.
struct Filter {
  TargetChoice from;
  TargetChoice to;
  sim::FrameFilter what;
  // In force for one such span, then not for another, and so on.
  std::optional<SpanRange> period = {};
};

// Things end before their time.
struct Heal {
  enum class What : uint8_t {
    kAll,   // Every cut, clog and filter.
    kLink,  // Those of `from` to `to`, and the link's own knobs.
    kNode,  // Those of `from`, both ways; its disk, clock, cpu; a pause.
    kDisk,  // The trouble of the disk of `from`. Damage stays.
    kAct,   // The act that was told to go by this `name`.
  };
  What what = What::kAll;
  TargetChoice from = {};
  TargetChoice to = {};
  std::string name = {};
};

// The link from one to the other behaves differently ("network.*" knobs).
struct DisturbLink {
  TargetChoice from;
  TargetChoice to;
  std::vector<KnobSetting> knobs;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_NETWORK_H_
