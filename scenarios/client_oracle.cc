#include "scenarios/client_oracle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "scenarios/counter_oracle.h"

namespace scenarios {
namespace {

using kv::Operation;
using State = OperationRecord::State;

// A value and the one operation that writes it.
struct Written {
  const OperationRecord* by = nullptr;
  bool twice = false;  // By another one too: it says nothing.
  // By the answers of writes: which value this one replaced, and by which it
  // was replaced. Chains of values are numbered; the place in one tells older
  // from newer.
  Written* before = nullptr;
  const OperationRecord* replaced_by = nullptr;
  Written* after = nullptr;
  size_t chain = 0;
  uint64_t place = 0;  // From 1; 0: not numbered.
};

// The latest that is known of a chain at some moment, and who knows it.
struct Latest {
  uint64_t place = 0;
  const OperationRecord* seen_by = nullptr;
};

bool Writes(const OperationRecord& record) {
  return record.question.operation == Operation::kSet ||
         record.question.operation == Operation::kPut ||
         record.question.operation == Operation::kCompareAndSet ||
         record.question.operation == Operation::kSetIfAbsent;
}

bool IsDone(const OperationRecord& record) {
  return record.state == State::kDone;
}

// Whether an answer, if it tells, depends on what was there.
bool IsConditional(const OperationRecord& record) {
  return record.question.operation == Operation::kCompareAndSet ||
         record.question.operation == Operation::kSetIfAbsent;
}

// Whether an answer says that the write was done, or that it was not.
bool AnswersDone(const OperationRecord& record) {
  return IsDone(record) &&
         (!IsConditional(record) || record.answer == Answer::Integer(1));
}
bool AnswersNotDone(const OperationRecord& record) {
  return IsDone(record) && IsConditional(record) &&
         record.answer == Answer::Integer(0);
}

// The value that an answered operation found; nullptr if it does not tell.
const std::string* Found(const OperationRecord& record) {
  if (!IsDone(record)) return nullptr;
  switch (record.question.operation) {
    case Operation::kGet:
    case Operation::kSet:
      return record.answer.kind == Answer::Kind::kText ? &record.answer.text
                                                       : nullptr;
    case Operation::kCompareAndSet:
      return record.answer == Answer::Integer(1) ? &record.question.expected
                                                 : nullptr;
    default:
      return nullptr;
  }
}

bool FoundNothing(const OperationRecord& record) {
  if (!IsDone(record)) return false;
  switch (record.question.operation) {
    case Operation::kGet:
    case Operation::kSet:
      return record.answer.kind == Answer::Kind::kNil;
    case Operation::kExists:
      return record.answer == Answer::Integer(0);
    case Operation::kSetIfAbsent:
      return record.answer == Answer::Integer(1);
    default:
      return false;
  }
}

// A key on which values are set, compared and read.
class ValueKey {
 public:
  explicit ValueKey(std::vector<const OperationRecord*> operations)
      : operations_(std::move(operations)) {}

  std::optional<OracleFinding> Ask();

 private:
  // An operation at work: what was certain when it was asked.
  struct Running {
    Latest latest;              // Of the chain of what it finds.
    uint64_t newest_write = 0;  // When the newest certain write was asked for.
    const OperationRecord* newest = nullptr;
    const OperationRecord* present = nullptr;  // Who has seen the key there.
  };

  void NoteWrites();
  bool Link();
  bool NumberChains();
  void Sweep();
  void OnInvoked(size_t operation);
  void OnReturned(size_t operation);
  void CheckFound(const OperationRecord& record, const std::string& value);
  void CheckAge(size_t operation, const Written& written);
  // The effect of the write is certain from now on.
  void NowCertain(const OperationRecord& witness, const std::string& value);

  Written* Find(const std::string& value);
  bool NobodyWorksAfter(const OperationRecord& record) const;
  bool Report(absl::string_view rule, std::string evidence);

  const std::vector<const OperationRecord*> operations_;
  absl::btree_map<absl::string_view, Written> values_;
  bool deletes_ = false;
  uint64_t last_write_return_ = 0;  // OperationRecord::kNever: one is open.

  std::vector<Running> running_;  // By operation.
  std::vector<Latest> latest_;    // By chain.
  uint64_t newest_write_ = 0;
  const OperationRecord* newest_ = nullptr;
  const OperationRecord* present_ = nullptr;

  std::optional<OracleFinding> finding_;
};

bool ValueKey::Report(absl::string_view rule, std::string evidence) {
  if (!finding_.has_value()) {
    finding_ = {std::string(rule), operations_[0]->question.key,
                std::move(evidence)};
  }
  return false;
}

Written* ValueKey::Find(const std::string& value) {
  const auto found = values_.find(value);
  return found != values_.end() && !found->second.twice ? &found->second
                                                        : nullptr;
}

void ValueKey::NoteWrites() {
  for (const OperationRecord* record : operations_) {
    if (record->question.operation == Operation::kDelete) deletes_ = true;
    if (!Writes(*record)) continue;
    Written& written = values_[record->question.argument];
    written.twice = written.by != nullptr;
    written.by = record;
    if (record->state == State::kRefused) continue;
    last_write_return_ = std::max(last_write_return_, record->returned);
  }
}

// Whoever answers that it replaced a value comes right behind it.
bool ValueKey::Link() {
  for (const OperationRecord* record : operations_) {
    const std::string* found = Found(*record);
    if (found == nullptr) continue;
    CheckFound(*record, *found);
    if (!Writes(*record)) continue;
    Written* before = Find(*found);
    Written* own = Find(record->question.argument);
    if (before == nullptr || own == nullptr) continue;
    if (before == own) {
      return Report("executed-twice", absl::StrCat("\"", record->ToString(),
                                                   "\" replaced itself"));
    }
    if (before->replaced_by != nullptr) {
      return Report(
          "two-successors",
          absl::StrCat("both \"", before->replaced_by->ToString(), "\" and \"",
                       record->ToString(), "\" replaced one value"));
    }
    before->replaced_by = record;
    before->after = own;
    own->before = before;
  }
  return !finding_.has_value();
}

bool ValueKey::NumberChains() {
  for (auto& [value, head] : values_) {
    if (head.before != nullptr) continue;
    uint64_t place = 0;
    for (Written* at = &head; at != nullptr; at = at->after) {
      at->chain = latest_.size();
      at->place = ++place;
    }
    latest_.emplace_back();
  }
  for (const auto& [value, written] : values_) {
    if (written.place == 0) {
      return Report("no-order", absl::StrCat("\"", written.by->ToString(),
                                             "\" replaced what replaced it"));
    }
  }
  return true;
}

void ValueKey::CheckFound(const OperationRecord& record,
                          const std::string& value) {
  const auto found = values_.find(value);
  if (found == values_.end()) {
    Report("phantom-value",
           absl::StrCat("nobody wrote what \"", record.ToString(), "\" found"));
    return;
  }
  if (found->second.twice) return;
  const OperationRecord& by = *found->second.by;
  if (by.state == State::kRefused || AnswersNotDone(by) ||
      by.invoked > record.returned) {
    Report("phantom-value",
           absl::StrCat("\"", record.ToString(), "\" found the value of \"",
                        by.ToString(), "\""));
  }
}

bool ValueKey::NobodyWorksAfter(const OperationRecord& record) const {
  return record.question.operation == Operation::kGet &&
         last_write_return_ < record.invoked;
}

void ValueKey::NowCertain(const OperationRecord& witness,
                          const std::string& value) {
  const Written* written = Find(value);
  if (written == nullptr) return;
  Latest& latest = latest_[written->chain];
  if (written->place > latest.place) latest = {written->place, &witness};
  if (newest_ == nullptr || written->by->invoked > newest_write_) {
    newest_write_ = written->by->invoked;
    newest_ = written->by;
  }
  if (present_ == nullptr) present_ = &witness;
}

void ValueKey::OnInvoked(size_t operation) {
  const OperationRecord& record = *operations_[operation];
  Running& running = running_[operation];
  const std::string* found = Found(record);
  const Written* written = found != nullptr ? Find(*found) : nullptr;
  if (written != nullptr) running.latest = latest_[written->chain];
  running.newest_write = newest_write_;
  running.newest = newest_;
  running.present = present_;
}

// `record` found a value of the past if its chain was known to be further, or
// if another write came wholly between it and the write of that value.
void ValueKey::CheckAge(size_t operation, const Written& written) {
  const OperationRecord& record = *operations_[operation];
  const Running& running = running_[operation];
  const OperationRecord* newer = nullptr;
  if (running.latest.place > written.place) {
    newer = running.latest.seen_by;
  } else if (running.newest != nullptr &&
             running.newest_write > written.by->returned) {
    newer = running.newest;
  }
  if (newer == nullptr) return;
  const bool own = newer->question.client == record.question.client;
  const absl::string_view rule = NobodyWorksAfter(record) ? "lost-write"
                                 : !own                   ? "stale-read"
                                 : Writes(*newer)         ? "read-your-writes"
                                                          : "monotonic-reads";
  Report(rule, absl::StrCat("\"", record.ToString(), "\" found the value of \"",
                            written.by->ToString(), "\", but \"",
                            newer->ToString(), "\" came between them"));
}

void ValueKey::OnReturned(size_t operation) {
  const OperationRecord& record = *operations_[operation];
  const std::string* found = Found(record);
  if (found != nullptr) {
    const Written* written = Find(*found);
    if (written != nullptr) CheckAge(operation, *written);
    NowCertain(record, *found);
  }
  const OperationRecord* present = running_[operation].present;
  if (FoundNothing(record) && !deletes_ && present != nullptr) {
    Report(NobodyWorksAfter(record) ? "lost-write" : "absence",
           absl::StrCat("\"", record.ToString(), "\" found nothing, but \"",
                        present->ToString(), "\" came before"));
  }
  if (Writes(record) && AnswersDone(record)) {
    NowCertain(record, record.question.argument);
  }
}

void ValueKey::Sweep() {
  std::vector<std::pair<uint64_t, size_t>> returns;
  for (size_t i = 0; i < operations_.size(); ++i) {
    if (IsDone(*operations_[i])) {
      returns.emplace_back(operations_[i]->returned, i);
    }
  }
  std::sort(returns.begin(), returns.end());
  running_.resize(operations_.size());
  size_t next = 0;  // Of operations_, which are in order of invocation.
  for (const auto& [at, operation] : returns) {
    while (next < operations_.size() && operations_[next]->invoked < at) {
      OnInvoked(next++);
    }
    OnReturned(operation);
    if (finding_.has_value()) return;
  }
}

std::optional<OracleFinding> ValueKey::Ask() {
  NoteWrites();
  if (Link() && NumberChains()) Sweep();
  return finding_;
}

enum class KeyKind : uint8_t { kUnused, kValue, kCounter, kMixed };

KeyKind KindOf(std::span<const OperationRecord* const> operations) {
  KeyKind kind = KeyKind::kUnused;
  for (const OperationRecord* record : operations) {
    KeyKind wants = kind;
    switch (record->question.operation) {
      case Operation::kGet:
      case Operation::kExists:
        break;
      case Operation::kIncrement:
        wants = KeyKind::kCounter;
        break;
      case Operation::kSet:
      case Operation::kPut:
      case Operation::kCompareAndSet:
      case Operation::kSetIfAbsent:
      case Operation::kDelete:
        wants = KeyKind::kValue;
        break;
      default:
        return KeyKind::kMixed;
    }
    if (kind != KeyKind::kUnused && kind != wants) return KeyKind::kMixed;
    kind = wants;
  }
  return kind == KeyKind::kUnused ? KeyKind::kValue : kind;
}

}  // namespace

std::optional<OracleFinding> AskClientOracle(
    std::span<const OperationRecord> operations) {
  absl::btree_map<absl::string_view, std::vector<const OperationRecord*>> keys;
  for (const OperationRecord& record : operations) {
    keys[record.question.key].push_back(&record);
  }
  for (auto& [key, of_key] : keys) {
    std::optional<OracleFinding> finding;
    switch (KindOf(of_key)) {
      case KeyKind::kValue:
        finding = ValueKey(std::move(of_key)).Ask();
        break;
      case KeyKind::kCounter:
        finding = AskCounterOracle(of_key);
        break;
      default:
        break;
    }
    if (finding.has_value()) return finding;
  }
  return std::nullopt;
}

}  // namespace scenarios
