// What the clients asked and what they were told: the evidence against which a
// store is judged.
//
// Every operation is an interval. It opens when the client asks and closes when
// the client knows the answer; one whose answer never came stays open for ever,
// because it may take effect at any time later, or never. An operation that was
// refused (certainly not done) leaves the evidence. One that is known to be
// done, as by an "OK" that tells nothing of the value before, is answered with
// Answer::Unsaid(): it took effect inside of its interval.
//
// The order of the calls to Invoke(), Answered() and Refused() is the order of
// real time: the history numbers them.

#ifndef SCENARIOS_HISTORY_H_
#define SCENARIOS_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/service.h"

namespace scenarios {

// What an operation told its client.
struct Answer {
  enum class Kind : uint8_t {
    kNil,
    kText,
    kInteger,
    kWrongType,
    kUnsaid,  // It was done, and nobody knows what it would have answered.
  };

  Kind kind = Kind::kNil;
  std::string text;     // kText.
  int64_t integer = 0;  // kInteger.

  static Answer Nil() { return {}; }
  static Answer Text(absl::string_view text) {
    return {Kind::kText, std::string(text), 0};
  }
  static Answer Integer(int64_t integer) {
    return {Kind::kInteger, std::string(), integer};
  }
  static Answer WrongType() { return {Kind::kWrongType, std::string(), 0}; }
  static Answer Unsaid() { return {Kind::kUnsaid, std::string(), 0}; }

  std::string ToString() const;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// What a client asks: one command of kv/service.h on one key.
struct Question {
  uint32_t client = 0;
  kv::Operation operation = kv::Operation::kGet;
  std::string key;
  std::string argument;  // The value to set, or the amount as decimal text.
  std::string expected;  // kCompareAndSet.
};

struct OperationRecord {
  enum class State : uint8_t {
    kOpen,     // No answer: may take effect at any time later, or never.
    kDone,     // Answered.
    kRefused,  // Certainly not done, ever.
  };
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  Question question;
  State state = State::kOpen;
  Answer answer;               // kDone.
  uint64_t invoked = 0;        // Position in real time.
  uint64_t returned = kNever;  // Position in real time; kNever while open.
  absl::Duration invoked_at;   // Since the world began, for people.
  absl::Duration returned_at = absl::InfiniteDuration();

  // "c1 set k3 v17 -> v12 [2.1s, 2.2s]".
  std::string ToString() const;
};

class History {
 public:
  using OperationId = size_t;  // Dense, from 0, in order of invocation.

  OperationId Invoke(Question question, absl::Duration now);
  // Requires: open.
  void Answered(OperationId id, Answer answer, absl::Duration now);
  // Requires: open.
  void Refused(OperationId id, absl::Duration now);

  std::span<const OperationRecord> operations() const { return operations_; }
  const OperationRecord& operation(OperationId id) const {
    return operations_[id];
  }
  size_t open_count() const;

 private:
  void Close(OperationId id, OperationRecord::State state, absl::Duration now);

  std::vector<OperationRecord> operations_;
  uint64_t events_ = 0;
};

const char* OperationName(kv::Operation operation);

}  // namespace scenarios

#endif  // SCENARIOS_HISTORY_H_
