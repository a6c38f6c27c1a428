// What one key of the store must do: the sequential meaning of the commands in
// kv/service.h, written a second time and independently of kv/.
//
// Values are interned, so that states compare as integers.

#ifndef SCENARIOS_REGISTER_MODEL_H_
#define SCENARIOS_REGISTER_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "scenarios/history.h"

namespace scenarios {

class RegisterModel {
 public:
  // The value of the key; kAbsent when there is none.
  using State = uint32_t;
  static constexpr State kAbsent = 0;

  struct Transition {
    State next = kAbsent;
    Answer answer;
  };

  // What `question` does to a key in `state`, and what it must answer.
  Transition Apply(const Question& question, State state);

  // The state of a key that holds `value`.
  State Intern(std::string value);

  // "nil" or the value.
  std::string StateText(State state) const;

  // What all values that were ever met weigh.
  size_t bytes() const { return bytes_; }

 private:
  Transition ApplyIncrement(const Question& question, State state);

  std::vector<std::string> values_ = {""};  // By state; the first is unused.
  absl::btree_map<std::string, State> states_;
  size_t bytes_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_REGISTER_MODEL_H_
