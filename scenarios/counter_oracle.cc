#include "scenarios/counter_oracle.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

using State = OperationRecord::State;

int64_t AmountOf(const OperationRecord& record) {
  int64_t amount = 0;
  if (record.question.operation != kv::Operation::kIncrement ||
      !absl::SimpleAtoi(record.question.argument, &amount)) {
    return 0;
  }
  return amount;
}

// What the counter was right after it; nullopt if the answer does not tell.
std::optional<int64_t> CountOf(const OperationRecord& record) {
  if (record.state != State::kDone) return std::nullopt;
  if (record.answer.kind == Answer::Kind::kInteger &&
      record.question.operation == kv::Operation::kIncrement) {
    return record.answer.integer;
  }
  if (record.question.operation != kv::Operation::kGet) return std::nullopt;
  if (record.answer.kind == Answer::Kind::kNil) return 0;
  int64_t count = 0;
  if (!absl::SimpleAtoi(record.answer.text, &count)) return std::nullopt;
  return count;
}

class CounterKey {
 public:
  explicit CounterKey(std::span<const OperationRecord* const> operations)
      : operations_(operations), floors_(operations.size()) {}

  std::optional<OracleFinding> Ask();

 private:
  // What was certain when an operation was asked.
  struct Floor {
    int64_t acknowledged = 0;  // The sum.
    int64_t seen = 0;          // The highest count.
    const OperationRecord* seen_by = nullptr;
  };

  bool OnReturned(size_t operation);
  bool Report(const char* rule, std::string evidence);

  const std::span<const OperationRecord* const> operations_;
  std::vector<Floor> floors_;  // By operation.
  Floor now_;
  int64_t asked_ = 0;  // The sum of all that may have been done by now.
  absl::btree_map<int64_t, const OperationRecord*> counts_;  // Of increments.
  std::optional<OracleFinding> finding_;
};

bool CounterKey::Report(const char* rule, std::string evidence) {
  finding_ = {rule, operations_[0]->question.key, std::move(evidence)};
  return false;
}

bool CounterKey::OnReturned(size_t operation) {
  const OperationRecord& record = *operations_[operation];
  const std::optional<int64_t> count = CountOf(record);
  if (!count.has_value()) return true;
  const Floor& floor = floors_[operation];
  const int64_t amount = AmountOf(record);
  const std::string name = absl::StrCat("\"", record.ToString(), "\"");
  if (*count > asked_) {
    return Report("phantom-value",
                  absl::StrCat(name, " counts more than ", asked_,
                               ", which is all that anybody has added"));
  }
  if (*count < floor.acknowledged + amount) {
    return Report(
        "lost-increment",
        absl::StrCat(name, " counts less than ", floor.acknowledged + amount,
                     ", which was acknowledged before"));
  }
  if (*count < floor.seen + amount) {
    return Report("stale-read", absl::StrCat(name, " counts less than \"",
                                             floor.seen_by->ToString(), "\""));
  }
  if (amount > 0) {
    const auto [first, fresh] = counts_.emplace(*count, &record);
    if (!fresh) {
      return Report("repeated-count",
                    absl::StrCat(name, " counts what \"",
                                 first->second->ToString(), "\" counts"));
    }
    now_.acknowledged += amount;
  }
  if (*count > now_.seen) {
    now_.seen = *count;
    now_.seen_by = &record;
  }
  return true;
}

std::optional<OracleFinding> CounterKey::Ask() {
  std::vector<std::pair<uint64_t, size_t>> returns;
  for (size_t i = 0; i < operations_.size(); ++i) {
    const OperationRecord& record = *operations_[i];
    const bool counts_up =
        record.question.operation != kv::Operation::kIncrement ||
        AmountOf(record) > 0;
    if (!counts_up) return std::nullopt;
    if (record.state == State::kDone) returns.emplace_back(record.returned, i);
  }
  std::sort(returns.begin(), returns.end());
  size_t next = 0;
  for (const auto& [at, operation] : returns) {
    for (; next < operations_.size() && operations_[next]->invoked < at;
         ++next) {
      floors_[next] = now_;
      if (operations_[next]->state != State::kRefused) {
        asked_ += AmountOf(*operations_[next]);
      }
    }
    if (!OnReturned(operation)) break;
  }
  return finding_;
}

}  // namespace

std::optional<OracleFinding> AskCounterOracle(
    std::span<const OperationRecord* const> operations) {
  return CounterKey(operations).Ask();
}

}  // namespace scenarios
