#include "scenarios/linearizability.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "scenarios/register_model.h"

namespace scenarios {
namespace {

using State = RegisterModel::State;
using Words = absl::InlinedVector<uint64_t, 3>;

bool HasBit(const Words& words, size_t bit) {
  return (words[bit / 64] >> (bit % 64) & 1) != 0;
}
void SetBit(Words& words, size_t bit) {
  words[bit / 64] |= uint64_t{1} << (bit % 64);
}
void ClearBit(Words& words, size_t bit) {
  words[bit / 64] &= ~(uint64_t{1} << (bit % 64));
}
bool IsSubset(const Words& small, const Words& large) {
  for (size_t i = 0; i < small.size(); ++i) {
    if ((small[i] & ~large[i]) != 0) return false;
  }
  return true;
}

// One way in which the key may stand at a moment of real time.
struct Configuration {
  State state = RegisterModel::kAbsent;
  Words done;  // By slot: running operations that have taken effect already.
  Words used;  // By number: unanswered operations that have taken effect.
};

// An operation whose answer, if it stands, left the key as it was.
bool IsReader(const OperationRecord& record) {
  switch (record.question.operation) {
    case kv::Operation::kGet:
    case kv::Operation::kExists:
      return true;
    case kv::Operation::kCompareAndSet:
    case kv::Operation::kSetIfAbsent:
    case kv::Operation::kDelete:
      return record.answer == Answer::Integer(0);
    case kv::Operation::kIncrement:
      return record.answer.kind == Answer::Kind::kWrongType;
    default:
      return false;
  }
}

bool SameEffect(const Question& a, const Question& b) {
  return a.operation == b.operation && a.argument == b.argument &&
         a.expected == b.expected;
}

// Searches the history of one key.
class KeySearch {
 public:
  KeySearch(std::vector<const OperationRecord*> operations,
            const LinearizabilityBudget& budget, uint64_t& steps);

  LinearizabilityResult Run();

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  struct Event {
    uint64_t at;
    size_t operation;
    bool returns;
  };
  struct Unanswered {
    size_t operation;
    size_t twin_before;  // The last one before with the same effect, or kNone.
  };
  // The frontier, grouped by what must agree; of each group only those that
  // use the least are kept.
  struct Group {
    State state;
    Words done;
    friend bool operator<(const Group& a, const Group& b) {
      return a.state != b.state ? a.state < b.state : a.done < b.done;
    }
  };
  using Thriftiest = absl::btree_map<Group, std::vector<Words>>;

  bool MayMatter(const OperationRecord& record) const;
  void NumberEverything();
  void OnInvoked(size_t operation);
  // False when nothing explains the answer.
  bool OnReturned(size_t operation);
  void Expand(const Configuration& from, Thriftiest& seen,
              std::deque<Configuration>& open);
  std::optional<State> Explain(size_t operation, State state);
  void TakeReaders(Configuration& configuration);
  // False when a thriftier one of the same group is there already.
  static bool Insert(Thriftiest& seen, const Configuration& configuration);
  std::string Evidence(size_t operation,
                       const std::vector<Configuration>& before);
  bool OverBudget() const {
    return steps_ > budget_.steps_max ||
           frontier_.size() > budget_.configurations_max || overflow_;
  }

  const std::vector<const OperationRecord*> operations_;
  const LinearizabilityBudget& budget_;
  uint64_t& steps_;
  RegisterModel model_;
  bool overflow_ = false;

  std::vector<Event> events_;
  std::vector<size_t> slots_;  // By operation; kNone for unanswered ones.
  std::vector<bool> readers_;  // By operation.
  std::vector<Unanswered> unanswered_;
  size_t unanswered_invoked_ = 0;  // Of unanswered_, from the front.
  std::vector<size_t> running_;    // By slot; kNone when the slot is free.
  std::vector<Configuration> frontier_;
};

KeySearch::KeySearch(std::vector<const OperationRecord*> operations,
                     const LinearizabilityBudget& budget, uint64_t& steps)
    : operations_(std::move(operations)), budget_(budget), steps_(steps) {
  NumberEverything();
}

// An unanswered write of a value that nobody ever met can be left out, unless
// somebody may have noticed it without naming it.
bool KeySearch::MayMatter(const OperationRecord& record) const {
  if (record.question.operation == kv::Operation::kGet ||
      record.question.operation == kv::Operation::kExists) {
    return false;
  }
  if (record.question.operation != kv::Operation::kSet) return true;
  const std::string& value = record.question.argument;
  for (const OperationRecord* other : operations_) {
    const bool names_it =
        (other->answer.kind == Answer::Kind::kText &&
         other->answer.text == value) ||
        (other->question.operation == kv::Operation::kCompareAndSet &&
         other->question.expected == value);
    const bool notices_without_naming =
        other->question.operation != kv::Operation::kGet &&
        other->question.operation != kv::Operation::kSet &&
        (other->question.operation != kv::Operation::kCompareAndSet ||
         IsReader(*other));
    if (names_it || notices_without_naming) return true;
  }
  return false;
}

void KeySearch::NumberEverything() {
  slots_.assign(operations_.size(), kNone);
  readers_.assign(operations_.size(), false);
  for (size_t i = 0; i < operations_.size(); ++i) {
    const OperationRecord& record = *operations_[i];
    const bool open = record.state == OperationRecord::State::kOpen;
    if (open && !MayMatter(record)) continue;
    events_.push_back({record.invoked, i, false});
    if (!open) events_.push_back({record.returned, i, true});
    readers_[i] = !open && IsReader(record);
  }
  std::sort(events_.begin(), events_.end(),
            [](const Event& a, const Event& b) { return a.at < b.at; });

  std::vector<size_t> free_slots;
  size_t slots = 0;
  for (const Event& event : events_) {
    const size_t i = event.operation;
    if (event.returns) {
      free_slots.push_back(slots_[i]);
    } else if (operations_[i]->state == OperationRecord::State::kOpen) {
      size_t twin = unanswered_.size();
      while (twin > 0 &&
             !SameEffect(operations_[unanswered_[twin - 1].operation]->question,
                         operations_[i]->question)) {
        --twin;
      }
      unanswered_.push_back({i, twin == 0 ? kNone : twin - 1});
    } else if (!free_slots.empty()) {
      slots_[i] = free_slots.back();
      free_slots.pop_back();
    } else {
      slots_[i] = slots++;
    }
  }
  running_.assign(slots, kNone);
  Configuration start;
  start.done.assign(slots / 64 + 1, 0);
  start.used.assign(unanswered_.size() / 64 + 1, 0);
  frontier_.push_back(std::move(start));
}

// The state after `operation`, if its answer is right in `state`.
std::optional<State> KeySearch::Explain(size_t operation, State state) {
  ++steps_;
  const OperationRecord& record = *operations_[operation];
  RegisterModel::Transition transition = model_.Apply(record.question, state);
  const bool answered = record.state == OperationRecord::State::kDone;
  if (answered && transition.answer != record.answer) return std::nullopt;
  return transition.next;
}

void KeySearch::TakeReaders(Configuration& configuration) {
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || !readers_[operation]) continue;
    if (HasBit(configuration.done, slot)) continue;
    if (Explain(operation, configuration.state)) {
      SetBit(configuration.done, slot);
    }
  }
}

void KeySearch::OnInvoked(size_t operation) {
  const size_t slot = slots_[operation];
  if (slot == kNone) {
    ++unanswered_invoked_;
    return;
  }
  running_[slot] = operation;
  if (!readers_[operation]) return;
  for (Configuration& configuration : frontier_) {
    if (Explain(operation, configuration.state)) {
      SetBit(configuration.done, slot);
    }
  }
}

bool KeySearch::Insert(Thriftiest& seen, const Configuration& configuration) {
  std::vector<Words>& used = seen[{configuration.state, configuration.done}];
  for (const Words& other : used) {
    if (IsSubset(other, configuration.used)) return false;
  }
  std::erase_if(used, [&](const Words& other) {
    return IsSubset(configuration.used, other);
  });
  used.push_back(configuration.used);
  return true;
}

// Everything that one more operation makes of `from`.
void KeySearch::Expand(const Configuration& from, Thriftiest& seen,
                       std::deque<Configuration>& open) {
  const auto reach = [&](Configuration to) {
    TakeReaders(to);
    if (Insert(seen, to)) open.push_back(std::move(to));
  };
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || readers_[operation]) continue;
    if (HasBit(from.done, slot)) continue;
    const std::optional<State> next = Explain(operation, from.state);
    if (!next) continue;
    Configuration to = from;
    to.state = *next;
    SetBit(to.done, slot);
    reach(std::move(to));
  }
  for (size_t number = 0; number < unanswered_invoked_; ++number) {
    const Unanswered& unanswered = unanswered_[number];
    if (HasBit(from.used, number)) continue;
    // Of equals, the earliest first: the others would only repeat its work.
    if (unanswered.twin_before != kNone &&
        !HasBit(from.used, unanswered.twin_before)) {
      continue;
    }
    const std::optional<State> next = Explain(unanswered.operation, from.state);
    if (*next == from.state) continue;
    Configuration to = from;
    to.state = *next;
    SetBit(to.used, number);
    reach(std::move(to));
  }
}

bool KeySearch::OnReturned(size_t operation) {
  const size_t slot = slots_[operation];
  Thriftiest seen;
  Thriftiest explained;
  std::deque<Configuration> open;
  for (const Configuration& configuration : frontier_) {
    if (Insert(seen, configuration)) open.push_back(configuration);
  }
  while (!open.empty() && !OverBudget()) {
    Configuration configuration = std::move(open.front());
    open.pop_front();
    if (HasBit(configuration.done, slot)) {
      ClearBit(configuration.done, slot);
      Insert(explained, configuration);
    } else {
      Expand(configuration, seen, open);
    }
    overflow_ = open.size() > budget_.configurations_max;
  }
  running_[slot] = kNone;
  frontier_.clear();
  for (const auto& [group, all_used] : explained) {
    for (const Words& used : all_used) {
      frontier_.push_back({group.state, group.done, used});
    }
  }
  return !frontier_.empty();
}

std::string KeySearch::Evidence(size_t operation,
                                const std::vector<Configuration>& before) {
  constexpr size_t kStatesShown = 8;
  std::vector<State> states;
  for (const Configuration& configuration : before) {
    states.push_back(configuration.state);
  }
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  std::string text =
      absl::StrCat("nothing explains \"", operations_[operation]->ToString(),
                   "\"; the key could hold");
  for (size_t i = 0; i < states.size() && i < kStatesShown; ++i) {
    absl::StrAppend(&text, i == 0 ? " " : " or ", model_.StateText(states[i]));
  }
  if (states.size() > kStatesShown) absl::StrAppend(&text, " or ...");
  absl::StrAppend(&text, "; running beside it:");
  bool alone = true;
  for (const size_t other : running_) {
    if (other == kNone || other == operation) continue;
    absl::StrAppend(&text, alone ? " " : ", ", operations_[other]->ToString());
    alone = false;
  }
  if (alone) absl::StrAppend(&text, " nothing");
  return absl::StrCat(text, "; unanswered before it: ", unanswered_invoked_);
}

LinearizabilityResult KeySearch::Run() {
  for (const Event& event : events_) {
    if (!event.returns) {
      OnInvoked(event.operation);
      continue;
    }
    const std::vector<Configuration> before = frontier_;
    const bool explained = OnReturned(event.operation);
    if (OverBudget()) return {Verdict::kUnknown, "", "", steps_};
    if (!explained) {
      return {Verdict::kViolated, "", Evidence(event.operation, before),
              steps_};
    }
  }
  return {Verdict::kOk, "", "", steps_};
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
  absl::btree_map<std::string, std::vector<const OperationRecord*>> keys;
  for (const OperationRecord& record : operations) {
    if (record.state == OperationRecord::State::kRefused) continue;
    keys[record.question.key].push_back(&record);
  }
  LinearizabilityResult total;
  for (auto& [key, of_key] : keys) {
    LinearizabilityResult result =
        KeySearch(std::move(of_key), budget, total.steps).Run();
    if (result.verdict == Verdict::kOk) continue;
    total.key = key;
    total.verdict = result.verdict;
    total.evidence = std::move(result.evidence);
    if (result.verdict == Verdict::kViolated) return total;
    if (total.steps > budget.steps_max) return total;
  }
  return total;
}

}  // namespace scenarios
