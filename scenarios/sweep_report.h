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
#include "absl/time/time.h"

#include "scenarios/run_result.h"

namespace scenarios {

class SweepReport {
 public:
  static constexpr size_t kExemplarsMax = 4;

  // Of equal signatures, the shortest runs come first.
  struct Group {
    uint64_t count = 0;
    std::vector<RunResult> exemplars;
  };

  // Rare states that the scenarios of this sweep are meant to reach.
  void MustReach(const std::vector<std::string>& names);
  // A fault that a scenario configures, whatever its seeds make of it.
  void Expect(const std::vector<std::string>& fault_kinds);
  // Every rare state of the program: those never reached are listed.
  void Catalogue(const std::vector<std::string>& names);

  void Add(RunResult result);

  // The exemplars of all groups.
  std::vector<RunResult> Exemplars() const;
  // The exemplar of this scenario and seed has an artifact.
  void SetArtifact(const RunResult& kept);

  uint64_t runs() const { return runs_; }
  uint64_t passed() const { return passed_; }
  uint64_t not_passed() const { return runs_ - passed_; }
  const absl::btree_map<std::string, Group>& groups() const { return groups_; }
  absl::Duration virtual_time() const { return virtual_time_; }
  std::vector<std::string> NeverStruck() const;
  std::vector<std::string> NeverReached() const;
  // Of MustReach().
  std::vector<std::string> MissedDemands() const;

  // 0: all passed, 1: some did not, 3: some were not deterministic.
  int ExitCode() const;

  // `wall` is how long the whole sweep took.
  std::string ToText(absl::Duration wall) const;
  std::string ToJson(absl::Duration wall) const;

 private:
  using Totals = absl::btree_map<std::string, uint64_t>;

  uint64_t runs_ = 0;
  uint64_t passed_ = 0;
  uint64_t events_ = 0;
  bool not_deterministic_ = false;
  absl::Duration virtual_time_;
  absl::Duration run_time_;  // Sum of what the runs cost.
  absl::btree_map<std::string, Group> groups_;
  Totals counts_;
  Totals faults_;
  Totals reached_;
  absl::btree_set<std::string> expected_faults_;
  absl::btree_set<std::string> must_reach_;
  absl::btree_set<std::string> catalogue_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_REPORT_H_
