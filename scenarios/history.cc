#include "scenarios/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace scenarios {

std::string Answer::ToString() const {
  switch (kind) {
    case Kind::kNil:
      return "nil";
    case Kind::kText:
      return text;
    case Kind::kInteger:
      return absl::StrCat(integer);
    case Kind::kWrongType:
      return "wrong-type";
    case Kind::kUnsaid:
      return "(done)";
  }
  return "?";
}

const char* OperationName(kv::Operation operation) {
  switch (operation) {
    case kv::Operation::kGet:
      return "get";
    case kv::Operation::kSet:
      return "set";
    case kv::Operation::kIncrement:
      return "increment";
    case kv::Operation::kDelete:
      return "delete";
    case kv::Operation::kExists:
      return "exists";
    case kv::Operation::kAppend:
      return "append";
    case kv::Operation::kCompareAndSet:
      return "compare-and-set";
    case kv::Operation::kSetIfAbsent:
      return "set-if-absent";
    case kv::Operation::kPut:
      return "put";
    default:
      return "(not an operation of one key)";
  }
}

std::string OperationRecord::ToString() const {
  std::string text =
      absl::StrCat("c", question.client, " ", OperationName(question.operation),
                   " ", question.key);
  if (question.operation == kv::Operation::kCompareAndSet) {
    absl::StrAppend(&text, " ", question.expected);
  }
  if (!question.argument.empty()) {
    absl::StrAppend(&text, " ", question.argument);
  }
  switch (state) {
    case State::kOpen:
      absl::StrAppend(&text, " -> (no answer)");
      break;
    case State::kDone:
      absl::StrAppend(&text, " -> ", answer.ToString());
      break;
    case State::kRefused:
      absl::StrAppend(&text, " -> (refused)");
      break;
  }
  absl::StrAppend(
      &text, " [", absl::FormatDuration(invoked_at), ", ",
      returned == kNever ? "..." : absl::FormatDuration(returned_at), "]");
  return text;
}

History::OperationId History::Invoke(Question question, absl::Duration now) {
  OperationRecord& record = operations_.emplace_back();
  record.question = std::move(question);
  record.invoked = events_++;
  record.invoked_at = now;
  return operations_.size() - 1;
}

void History::Answered(OperationId id, Answer answer, absl::Duration now) {
  Close(id, OperationRecord::State::kDone, now);
  operations_[id].answer = std::move(answer);
}

void History::Refused(OperationId id, absl::Duration now) {
  Close(id, OperationRecord::State::kRefused, now);
}

void History::Close(OperationId id, OperationRecord::State state,
                    absl::Duration now) {
  CHECK_LT(id, operations_.size(), "no such operation");
  OperationRecord& record = operations_[id];
  CHECK(record.state == OperationRecord::State::kOpen,
        "an operation ends once: ", record.ToString());
  record.state = state;
  record.returned = events_++;
  record.returned_at = now;
}

size_t History::open_count() const {
  return static_cast<size_t>(
      std::count_if(operations_.begin(), operations_.end(),
                    [](const OperationRecord& record) {
                      return record.state == OperationRecord::State::kOpen;
                    }));
}

}  // namespace scenarios
