#include "scenarios/linearizability.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"

#include "scenarios/key_search.h"

namespace scenarios {
namespace {

// How many ways of each key are followed, in one round after the other, and
// which part of the budget that may take.
struct Round {
  size_t kept_max;
  uint64_t share;  // One part of so many.
};
constexpr auto kRounds =
    std::to_array<Round>({{8, 8}, {256, 4}, {SIZE_MAX, 1}});

constexpr size_t kLookedAtPerKept = 64;

struct JudgedKey {
  std::string key;
  std::unique_ptr<KeySearch> search;
};

// Those that look cheapest first.
std::vector<JudgedKey> Sorted(std::span<const OperationRecord> operations) {
  absl::btree_map<std::string, std::vector<const OperationRecord*>> by_key;
  for (const OperationRecord& record : operations) {
    if (record.state == OperationRecord::State::kRefused) continue;
    by_key[record.question.key].push_back(&record);
  }
  std::vector<JudgedKey> keys;
  for (auto& [key, of_key] : by_key) {
    keys.push_back({key, std::make_unique<KeySearch>(std::move(of_key))});
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const JudgedKey& a, const JudgedKey& b) {
                     return a.search->hardness() < b.search->hardness();
                   });
  return keys;
}

KeySearch::Limits LimitsOf(const Round& round,
                           const LinearizabilityBudget& budget) {
  // A round that follows few ways need not look at many.
  const size_t looked_at_max = round.kept_max > SIZE_MAX / kLookedAtPerKept
                                   ? SIZE_MAX
                                   : round.kept_max * kLookedAtPerKept;
  return {
      .steps_max = budget.steps_max / round.share,
      .configurations_max = std::min(looked_at_max, budget.configurations_max),
      .kept_max = round.kept_max};
}

}  // namespace

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kViolated:
      return "violated";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "?";
}

LinearizabilityResult CheckLinearizability(
    std::span<const OperationRecord> operations,
    const LinearizabilityBudget& budget) {
  LinearizabilityResult result;
  std::vector<JudgedKey> keys = Sorted(operations);
  for (const Round& round : kRounds) {
    std::vector<JudgedKey> left;
    for (JudgedKey& one : keys) {
      const KeySearch::End end = one.search->Run(LimitsOf(round, budget));
      result.steps += one.search->steps();
      if (end == KeySearch::End::kNoOrder) {
        result.verdict = Verdict::kViolated;
        result.key = one.key;
        result.evidence = one.search->evidence();
        return result;
      }
      if (end != KeySearch::End::kOrdered) left.push_back(std::move(one));
    }
    keys = std::move(left);
  }
  if (keys.empty()) return result;
  result.verdict = Verdict::kUnknown;
  result.key = keys.front().key;
  return result;
}

}  // namespace scenarios
