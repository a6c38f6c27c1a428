#include "scenarios/register_model.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace scenarios {

RegisterModel::State RegisterModel::Intern(std::string value) {
  const auto found = states_.find(value);
  if (found != states_.end()) return found->second;
  const State state = static_cast<State>(values_.size());
  bytes_ += value.size();
  values_.push_back(value);
  states_.emplace(std::move(value), state);
  return state;
}

std::string RegisterModel::StateText(State state) const {
  return state == kAbsent ? "nil" : values_[state];
}

RegisterModel::Transition RegisterModel::ApplyIncrement(
    const Question& question, State state) {
  int64_t value = 0;
  int64_t amount = 0;
  int64_t sum = 0;
  const bool number =
      state == kAbsent || absl::SimpleAtoi(values_[state], &value);
  if (!number || !absl::SimpleAtoi(question.argument, &amount) ||
      __builtin_add_overflow(value, amount, &sum)) {
    return {state, Answer::WrongType()};
  }
  return {Intern(absl::StrCat(sum)), Answer::Integer(sum)};
}

RegisterModel::Transition RegisterModel::Apply(const Question& question,
                                               State state) {
  const Answer before =
      state == kAbsent ? Answer::Nil() : Answer::Text(values_[state]);
  switch (question.operation) {
    case kv::Operation::kGet:
      return {state, before};
    case kv::Operation::kSet:
      return {Intern(question.argument), before};
    case kv::Operation::kPut:
      return {Intern(question.argument), Answer::Integer(1)};
    case kv::Operation::kIncrement:
      return ApplyIncrement(question, state);
    case kv::Operation::kDelete:
      return {kAbsent, Answer::Integer(state != kAbsent)};
    case kv::Operation::kExists:
      return {state, Answer::Integer(state != kAbsent)};
    case kv::Operation::kAppend: {
      std::string longer =
          state == kAbsent ? question.argument
                           : absl::StrCat(values_[state], question.argument);
      const Answer answer =
          Answer::Integer(static_cast<int64_t>(longer.size()));
      return {Intern(std::move(longer)), answer};
    }
    case kv::Operation::kCompareAndSet:
      if (state != kAbsent && values_[state] == question.expected) {
        return {Intern(question.argument), Answer::Integer(1)};
      }
      return {state, Answer::Integer(0)};
    case kv::Operation::kSetIfAbsent:
      if (state != kAbsent) return {state, Answer::Integer(0)};
      return {Intern(question.argument), Answer::Integer(1)};
    default:
      break;
  }
  runtime::FailCheck(__FILE__, __LINE__, "operation of one key",
                     OperationName(question.operation));
}

}  // namespace scenarios
