#include "scenarios/key_traits.h"

#include <string>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"

namespace scenarios {
namespace {

using kv::Operation;

bool IsOpen(const OperationRecord& record) {
  return record.state == OperationRecord::State::kOpen;
}

// Nobody was told anything but that it is done, if that.
bool TellsNothing(const OperationRecord& record) {
  return IsOpen(record) || record.answer.kind == Answer::Kind::kUnsaid;
}

bool IsReader(const OperationRecord& record) {
  switch (record.question.operation) {
    case Operation::kGet:
    case Operation::kExists:
      return true;
    case Operation::kCompareAndSet:
    case Operation::kSetIfAbsent:
    case Operation::kDelete:
      return record.answer == Answer::Integer(0);
    case Operation::kIncrement:
      return record.answer.kind == Answer::Kind::kWrongType;
    default:
      return false;
  }
}

bool IsBlind(const OperationRecord& record) {
  switch (record.question.operation) {
    case Operation::kSet:
    case Operation::kDelete:
      return TellsNothing(record);
    case Operation::kPut:
      return TellsNothing(record) || record.answer == Answer::Integer(1);
    default:
      return false;
  }
}

// Requires: answered.
std::optional<RegisterModel::State> NeededBy(const OperationRecord& record,
                                             RegisterModel& model) {
  switch (record.question.operation) {
    case Operation::kGet:
    case Operation::kSet:
      if (record.answer.kind == Answer::Kind::kNil) {
        return RegisterModel::kAbsent;
      }
      if (record.answer.kind != Answer::Kind::kText) return std::nullopt;
      return model.Intern(record.answer.text);
    case Operation::kCompareAndSet:
      if (record.answer != Answer::Integer(1)) return std::nullopt;
      return model.Intern(record.question.expected);
    case Operation::kExists:
      if (record.answer != Answer::Integer(0)) return std::nullopt;
      return RegisterModel::kAbsent;
    case Operation::kSetIfAbsent:
      if (record.answer != Answer::Integer(1)) return std::nullopt;
      return RegisterModel::kAbsent;
    default:
      return std::nullopt;
  }
}

// What is looked at without being named: that there is something, or what one
// more makes of it.
bool NoticesWithoutNaming(const OperationRecord& record) {
  switch (record.question.operation) {
    case Operation::kGet:
    case Operation::kSet:
    case Operation::kPut:
      return false;
    case Operation::kDelete:
      return !TellsNothing(record);
    case Operation::kCompareAndSet:
      return IsReader(record) && !TellsNothing(record);
    default:
      return true;
  }
}

}  // namespace

KeyTraits TraitsOf(const OperationRecord& record, RegisterModel& model) {
  KeyTraits traits;
  traits.blind = IsBlind(record);
  traits.reader = !TellsNothing(record) && IsReader(record);
  if (traits.blind && record.question.operation != kv::Operation::kDelete) {
    traits.writes = model.Intern(record.question.argument);
  }
  if (!TellsNothing(record)) traits.needs = NeededBy(record, model);
  return traits;
}

void FindWanted(std::span<const OperationRecord* const> operations,
                std::vector<KeyTraits>& traits) {
  bool noticed = false;
  bool absence_seen = false;
  absl::btree_set<absl::string_view> named;
  for (const OperationRecord* record : operations) {
    noticed = noticed || NoticesWithoutNaming(*record);
    if (record->answer.kind == Answer::Kind::kText) {
      named.insert(record->answer.text);
    }
    if (record->question.operation == kv::Operation::kCompareAndSet) {
      named.insert(record->question.expected);
    }
    const bool done = record->state == OperationRecord::State::kDone;
    if (done && record->answer.kind == Answer::Kind::kNil) absence_seen = true;
  }
  for (size_t i = 0; i < operations.size(); ++i) {
    if (!traits[i].blind || noticed) continue;
    traits[i].wanted = traits[i].writes == RegisterModel::kAbsent
                           ? absence_seen
                           : named.contains(operations[i]->question.argument);
  }
}

bool ConstrainsOthers(const OperationRecord& record, const KeyTraits& traits) {
  if (IsOpen(record) && traits.blind) return traits.wanted;
  const bool only_looks = record.question.operation == kv::Operation::kGet ||
                          record.question.operation == kv::Operation::kExists;
  return !only_looks || !TellsNothing(record);
}

}  // namespace scenarios
