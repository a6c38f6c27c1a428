// What a sweep over many seeds has found: failures grouped by signature, what
// struck and what never did, rare states reached and missed.

#ifndef SCENARIOS_SWEEP_REPORT_H_
#define SCENARIOS_SWEEP_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "scenarios/json_reader.h"
#include "scenarios/run_result.h"

namespace scenarios {

// How the planted bug of a sweep fared (canary.h).
struct CanaryTally {
  uint64_t runs = 0;
  uint64_t found = 0;
  std::string signature;  // By which it was found, the last time.
  absl::Duration cost;

  void Add(const RunResult& result);
  bool found_all() const { return found == runs; }
  // "canary: found 2 of 2 (promise-ledger), 3ms".
  std::string ToText() const;
};

// Rare states that a sweep must reach by the seeds of one scenario, if it runs
// so many of them.
struct ReachDemand {
  std::vector<std::string> states;
  uint64_t seeds = 0;
};

// Of such a demand: a state that no seed has reached.
struct MissedState {
  std::string scenario;
  std::string state;
  uint64_t runs = 0;      // Seeds of the scenario so far.
  uint64_t seeds = 0;     // So many would be enough to demand it.
  bool demanded = false;  // They were.

  // "calm: raft.vote_split in none of 50 seeds".
  std::string ToText() const;
};

class SweepReport {
 public:
  // Counted with a seed that ran twice, to see that it is the same.
  static constexpr const char* kRanTwice = "sweep.ran_twice";
  static constexpr size_t kExemplarsMax = 4;

  // Of equal signatures, the shortest runs come first; those beyond
  // kExemplarsMax are only counted.
  struct Group {
    uint64_t count = 0;
    std::vector<RunResult> exemplars;
  };

  // What one scenario has of a group.
  struct Share {
    uint64_t count = 0;
    RunResult shortest;
  };
  struct ScenarioTotals {
    uint64_t runs = 0;
    uint64_t passed = 0;
    absl::Duration run_time;
    absl::btree_map<std::string, Share> not_passed;  // By signature.
    absl::btree_map<std::string, uint64_t> reached;  // Rare states.
  };

  void MustReach(const std::string& scenario, ReachDemand demand);
  // This is one shard of a sweep: what it must reach is judged when all of them
  // are merged.
  void BeShard() { is_shard_ = true; }
  // A fault that a scenario configures, whatever its seeds make of it.
  void Expect(const std::vector<std::string>& fault_kinds);
  // Every rare state of the program: those never reached are listed.
  void Catalogue(const std::vector<std::string>& names);

  void Add(RunResult result);
  void AddCanary(const RunResult& result) { canary_.Add(result); }
  // What another shard has said in ToJson(): all that is not in its seeds.
  // Errors: INVALID_ARGUMENT (not a report, or not of so many seeds).
  absl::Status AddShard(const JsonValue& report, uint64_t seeds);

  // The exemplars of all groups.
  std::vector<RunResult> Exemplars() const;
  // The exemplar of this scenario and seed has an artifact.
  void SetArtifact(const RunResult& kept);

  uint64_t runs() const { return runs_; }
  uint64_t passed() const { return passed_; }
  uint64_t not_passed() const { return runs_ - passed_; }
  // Of those: a checker ran out of its budget.
  uint64_t inconclusive() const { return inconclusive_; }
  const CanaryTally& canary() const { return canary_; }
  const absl::btree_map<std::string, Group>& groups() const { return groups_; }
  const absl::btree_map<std::string, ScenarioTotals>& scenarios() const {
    return scenarios_;
  }
  absl::Duration virtual_time() const { return virtual_time_; }
  std::vector<std::string> NeverStruck() const;
  std::vector<std::string> NeverReached() const;
  // Of MustReach(): what was not reached, whether it is demanded or not.
  std::vector<MissedState> Missed() const;
  uint64_t missed_demands() const;
  uint64_t ran_twice() const;

  // 0: all passed, 1: some did not, the canary survived or a demand was missed,
  // 3: some were not deterministic.
  int ExitCode() const;

  // `wall` is how long the whole sweep took.
  std::string ToText(absl::Duration wall) const;
  std::string ToJson(absl::Duration wall) const;

 private:
  using Totals = absl::btree_map<std::string, uint64_t>;

  void AppendMissed(std::string* text) const;

  uint64_t runs_ = 0;
  uint64_t passed_ = 0;
  uint64_t inconclusive_ = 0;
  uint64_t events_ = 0;
  uint64_t not_deterministic_ = 0;
  absl::Duration virtual_time_;
  absl::Duration run_time_;  // Sum of what the runs cost.
  CanaryTally canary_;
  absl::btree_map<std::string, Group> groups_;
  absl::btree_map<std::string, ScenarioTotals> scenarios_;
  Totals counts_;
  Totals faults_;
  Totals reached_;
  absl::btree_set<std::string> expected_faults_;
  absl::btree_map<std::string, ReachDemand> must_reach_;  // By scenario.
  bool is_shard_ = false;
  absl::btree_set<std::string> catalogue_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_REPORT_H_
