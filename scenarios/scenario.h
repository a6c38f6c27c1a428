// A story to be told to a cluster: who is there, what clients do, what breaks
// and when, and what must hold in the end.
//
// Scenarios speak of nodes, roles and links, never of simulator objects. They
// are written as YAML files (scenario_file.h) or built in C++:
//
//   Scenario calm{.name = "calm"};
//   calm.steps.push_back({.at = absl::Seconds(5),
//                         .deed = Crash{Leader()},
//                         .lasts = Exactly(absl::Seconds(1))});
//
// A run has three phases. While it warms up nothing breaks. Then the faults are
// in force, chaos strikes and the timed steps happen. At the beginning of the
// quiet phase everything heals, and the demands must be met.

#ifndef SCENARIOS_SCENARIO_H_
#define SCENARIOS_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "kv/sessions.h"
#include "persist/stores_under_way.h"
#include "scenarios/act.h"
#include "scenarios/knob_table.h"
#include "scenarios/seed_choices.h"
#include "scenarios/span_range.h"
#include "scenarios/step.h"
#include "scenarios/target.h"

namespace scenarios {

inline constexpr uint32_t kNodesMax = 9;
inline constexpr uint32_t kClientsMax = 64;
inline constexpr uint32_t kPipelineMax = 64;
// Sweeps of fewer seeds are not asked what they have reached, unless the
// scenario says so.
inline constexpr uint32_t kMustReachSeeds = 50;
inline constexpr uint32_t kSessionsMax = kv::Sessions::kSessionsMax;

struct ClusterShape {
  uint32_t nodes = 3;
  absl::Duration election_timeout_min = absl::Milliseconds(150);
  absl::Duration election_timeout_max = absl::Milliseconds(300);
  absl::Duration heartbeat_interval = absl::Milliseconds(50);
  // Small, so that the log rolls over often.
  uint64_t segment_bytes = 256 << 10;
  // A leader refuses proposals as busy beyond this.
  uint64_t uncommitted_bytes = 64 << 20;
  // How much may lie between a node's two runtimes: stores, and bytes.
  uint32_t stores_under_way = 4096;
  uint32_t store_bytes_under_way = 64 << 20;
  // The store remembers no more; the one used least recently goes first.
  uint32_t sessions_max = kSessionsMax;
  // What Redis clients ask for may wait so long for a leader, so many at a
  // time at one node; and so long for its answer.
  absl::Duration leader_wait = absl::Seconds(3);
  uint32_t parked_max = 16 << 10;
  absl::Duration request_timeout = absl::Seconds(5);
  // Which starts of a node have --init-cluster: all of them, as where a service
  // starts it, or those before it has once been up.
  enum class InitCluster : uint8_t { kKept, kFirst };
  InitCluster init_cluster = InitCluster::kKept;

  persist::StoreLimits store_limits() const {
    return {.stores_max = stores_under_way, .bytes_max = store_bytes_under_way};
  }
};

struct Phases {
  absl::Duration warm_up = absl::Seconds(2);
  absl::Duration chaos = absl::Seconds(20);
  absl::Duration quiet = absl::Seconds(10);

  absl::Duration QuietFrom() const { return warm_up + chaos; }
  absl::Duration End() const { return warm_up + chaos + quiet; }
};

// Shares out of their sum.
struct OperationMix {
  uint32_t get = 40;
  uint32_t set = 40;
  uint32_t increment = 10;
  uint32_t compare_and_set = 10;
};

// Redis clients that move amounts between accounts (bank_client.h).
struct BankWork {
  uint32_t clients = 0;
  uint32_t accounts = 6;
  absl::Duration interval = absl::Milliseconds(20);
  bool stay = false;  // Client i speaks to node i (and so on) and no other.
};

// Redis clients that set and read keys which expire (lease_client.h).
struct LeaseWork {
  uint32_t clients = 0;
  uint32_t keys = 4;  // Of each of them.
  absl::Duration interval = absl::Milliseconds(20);
  SpanRange lasts = {absl::Milliseconds(50), absl::Seconds(2)};
  bool stay = false;  // As of the bank.
};

// Redis clients that ask for much at once (bulk_client.h).
struct BulkWork {
  uint32_t clients = 0;
  absl::Duration interval = absl::Milliseconds(500);
};

// Redis clients that watch keys which change, or not (watch_client.h).
struct WatchWork {
  uint32_t clients = 0;
  absl::Duration interval = absl::Milliseconds(20);
  // How long keys last that do not for ever, and how long may pass between two
  // steps of a transaction.
  SpanRange lasts = {absl::Milliseconds(20), absl::Milliseconds(500)};
  absl::Duration pause_max = absl::Milliseconds(100);
};

struct Workload {
  uint32_t clients = 2;
  // The first so many clients only read. They stay with a leader that still
  // answers reads, when those who write to it have long gone to the next.
  uint32_t readers = 0;
  uint32_t pipeline = 1;  // Operations that a client has under way at once.
  absl::Duration interval = absl::Milliseconds(20);  // Between two operations.
  uint32_t keys = 8;
  uint32_t value_bytes = 16;
  // After this a client gives up waiting: the answer stays unknown.
  absl::Duration timeout = absl::Seconds(2);
  OperationMix mix;
  // Of a client to go on under a new session, as if it had started anew. The
  // store still remembers the old one.
  uint32_t renew_session_ppm = 0;
  BankWork bank;
  LeaseWork leases;
  BulkWork bulk;
  WatchWork watches;

  // "r1" and so on.
  uint32_t redis_clients() const {
    return bank.clients + leases.clients + watches.clients + bulk.clients;
  }
  // Then nodes listen for Redis clients.
  bool speaks_redis() const { return redis_clients() > 0; }
};

// Faults at random, as a Poisson process during the chaos phase.
struct Chaos {
  struct Strike {
    Act act;
    SpanRange lasts;  // Of an act that has a duration.
    uint32_t weight = 1;
    std::string said = {};  // As the file writes the act, for traces.
  };
  absl::Duration mean_gap = absl::Seconds(3);
  // At most this many nodes are struck at the same time; 0: a minority.
  uint32_t struck_max = 0;
  std::vector<Strike> strikes;
};

// What the quiet phase must bring, counted from its beginning.
struct Demands {
  absl::Duration leader_within = absl::Seconds(3);
  absl::Duration write_within = absl::Seconds(5);
  // Every Redis client has had an answer; zero: that is not demanded.
  absl::Duration redis_within = absl::ZeroDuration();
};

// On how many nodes acknowledged data may be lost (damage_ledger.h).
enum class Atlas : uint8_t {
  kWithin,  // On a minority: a quorum still holds every committed entry.
  kBeyond,  // On all: nothing is owed but a clean stop.
};

struct Scenario {
  std::string name;
  std::string description;
  ClusterShape cluster;
  SeedChoices choices;  // What a seed decides; see WithChoicesMade().
  Phases phases;
  Workload workload;
  std::vector<KnobSetting> faults;       // In force during the chaos phase.
  std::vector<KnobSetting> environment;  // In force all the time.
  bool swarm = false;  // Each fault is switched off in some seeds.
  std::optional<Chaos> chaos;
  // In order of time; see timeline.h.
  std::vector<Step> steps;
  Demands demands;
  Atlas atlas = Atlas::kWithin;
  // Rare states (runtime/probe.h) that a sweep must reach, if it runs at least
  // so many seeds of this scenario.
  std::vector<std::string> must_reach;
  uint32_t must_reach_seeds = kMustReachSeeds;

  // As it was read, and how it was named to find it ("calm", "my/own.yaml").
  // Empty if built in C++.
  std::string text;
  std::string source;
};

}  // namespace scenarios

#endif  // SCENARIOS_SCENARIO_H_
