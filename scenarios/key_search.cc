#include "scenarios/key_search.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

// What the values met may weigh: unanswered appends make ever longer ones.
constexpr size_t kValueBytesMax = 64 << 20;

constexpr size_t kFoundPerKept = 8;

template <class Bits>
bool HasBit(const Bits& bits, size_t slot) {
  return (bits[slot / 64] >> (slot % 64) & 1) != 0;
}
template <class Bits>
void SetBit(Bits& bits, size_t slot) {
  bits[slot / 64] |= uint64_t{1} << (slot % 64);
}
template <class Bits>
void ClearBit(Bits& bits, size_t slot) {
  bits[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

}  // namespace

KeySearch::KeySearch(std::vector<const OperationRecord*> operations)
    : operations_(std::move(operations)) {
  for (const OperationRecord* record : operations_) {
    traits_.push_back(TraitsOf(*record, model_));
  }
  FindWanted(operations_, traits_);
  NumberEverything();
}

void KeySearch::NumberEverything() {
  for (size_t i = 0; i < operations_.size(); ++i) {
    const OperationRecord& record = *operations_[i];
    const bool open = record.state == OperationRecord::State::kOpen;
    if (!ConstrainsOthers(record, traits_[i])) continue;
    events_.push_back({record.invoked, i, false});
    if (!open) events_.push_back({record.returned, i, true});
  }
  std::sort(events_.begin(), events_.end(),
            [](const Event& a, const Event& b) { return a.at < b.at; });
  std::vector<size_t> free_slots;
  EffectNumbers others;
  for (const Event& event : events_) {
    const size_t i = event.operation;
    KeyTraits& traits = traits_[i];
    if (event.returns) {
      free_slots.push_back(traits.slot);
    } else if (operations_[i]->state == OperationRecord::State::kOpen) {
      traits.effect = NumberEffect(i, others);
      ++unanswered_;
    } else if (!free_slots.empty()) {
      traits.slot = free_slots.back();
      free_slots.pop_back();
    } else {
      traits.slot = slots_++;
    }
  }
}

size_t KeySearch::NumberEffect(size_t operation, EffectNumbers& others) {
  const KeyTraits& traits = traits_[operation];
  const Question& question = operations_[operation]->question;
  const size_t next = effects_.size();
  size_t number = next;
  if (traits.blind) {
    number = blind_effects_.try_emplace(traits.writes, next).first->second;
  } else {
    EffectName name{question.operation, question.argument, question.expected};
    number = others.try_emplace(std::move(name), next).first->second;
  }
  if (number != next) return number;
  effects_.push_back({.example = operation});
  if (!traits.blind) other_effects_.push_back(number);
  return number;
}

void KeySearch::Begin(const Limits& limits) {
  limits_ = limits;
  steps_ = 0;
  cut_ = false;
  evidence_.clear();
  unanswered_invoked_ = 0;
  for (Effect& effect : effects_) effect.asked = effect.used = 0;
  running_.assign(slots_, kNone);
  const size_t words = slots_ / 64 + 1;
  blind_.assign(words, 0);
  Configuration start;
  start.done.assign(words, 0);
  start.free.assign(words, 0);
  frontier_.assign(1, start);
}

bool KeySearch::OverLimit() const {
  return steps_ > limits_.steps_max ||
         seen_.size + open_.size() > limits_.configurations_max ||
         model_.bytes() > kValueBytesMax;
}

KeySearch::End KeySearch::Run(const Limits& limits) {
  Begin(limits);
  for (const Event& event : events_) {
    if (!event.returns) {
      OnInvoked(event.operation);
      continue;
    }
    std::vector<Configuration> next;
    OnReturned(event.operation, next);
    if (next.empty()) {
      const bool over = OverLimit();
      seen_ = {};
      open_.clear();
      if (over) return End::kOverLimit;
      if (cut_) return End::kDeadEnd;
      evidence_ = Evidence(event.operation);
      return End::kNoOrder;
    }
    const size_t slot = traits_[event.operation].slot;
    running_[slot] = kNone;
    ClearBit(blind_, slot);
    frontier_ = std::move(next);
    if (steps_ > limits_.steps_max) return End::kOverLimit;
  }
  return End::kOrdered;
}

void KeySearch::OnInvoked(size_t operation) {
  const KeyTraits& traits = traits_[operation];
  if (traits.slot == kNone) {
    ++effects_[traits.effect].asked;
    ++unanswered_invoked_;
    return;
  }
  running_[traits.slot] = operation;
  if (traits.blind) SetBit(blind_, traits.slot);
  if (!traits.reader) return;
  for (Configuration& configuration : frontier_) {
    if (Explain(operation, configuration.state)) {
      SetBit(configuration.done, traits.slot);
    }
  }
}

// The state after `operation`, if its answer is right in `state`.
std::optional<KeySearch::State> KeySearch::Explain(size_t operation,
                                                   State state) {
  ++steps_;
  const KeyTraits& traits = traits_[operation];
  if (traits.blind) return traits.writes;
  if (traits.needs.has_value() && *traits.needs != state) return std::nullopt;
  const OperationRecord& record = *operations_[operation];
  RegisterModel::Transition transition = model_.Apply(record.question, state);
  const bool told = record.state == OperationRecord::State::kDone &&
                    record.answer.kind != Answer::Kind::kUnsaid;
  if (told && transition.answer != record.answer) return std::nullopt;
  return transition.next;
}

// ------------------------------------------------------------- one more step

void KeySearch::TakeBlind(Configuration& configuration, State writes) const {
  configuration.state = writes;
  for (size_t word = 0; word < blind_.size(); ++word) {
    configuration.free[word] |= blind_[word] & ~configuration.done[word];
  }
}

void KeySearch::TakeReaders(Configuration& configuration) {
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || !traits_[operation].reader) continue;
    if (HasBit(configuration.done, slot)) continue;
    if (!Explain(operation, configuration.state)) continue;
    SetBit(configuration.done, slot);
    configuration.unseen = false;
  }
}

bool KeySearch::Use(Configuration& configuration, size_t effect) const {
  const auto number = static_cast<uint32_t>(effect);
  Used& used = configuration.used;
  const auto at = std::lower_bound(
      used.begin(), used.end(), number,
      [](const auto& one, uint32_t wanted) { return one.first < wanted; });
  const bool there = at != used.end() && at->first == number;
  const uint32_t before = effects_[effect].used + (there ? at->second : 0);
  if (before >= effects_[effect].asked) return false;
  if (there) {
    ++at->second;
  } else {
    used.insert(at, {number, 1});
  }
  return true;
}

bool KeySearch::AnyOwes(const Configuration& from) const {
  for (size_t word = 0; word < blind_.size(); ++word) {
    if ((blind_[word] & ~from.done[word] & ~from.free[word]) != 0) return true;
  }
  return false;
}

std::optional<absl::InlinedVector<KeySearch::State, 8>> KeySearch::StatesNeeded(
    const Configuration& from) const {
  absl::InlinedVector<State, 8> needed;
  for (const size_t effect : other_effects_) {
    if (effects_[effect].used < effects_[effect].asked) return std::nullopt;
  }
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || HasBit(from.done, slot)) continue;
    const KeyTraits& traits = traits_[operation];
    if (traits.blind) continue;
    if (!traits.needs.has_value()) return std::nullopt;
    needed.push_back(*traits.needs);
  }
  std::sort(needed.begin(), needed.end());
  needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
  return needed;
}

// Those that run and change the key, and the one that returns.
void KeySearch::PutRunning(const Configuration& from, size_t target) {
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || HasBit(from.done, slot)) continue;
    const KeyTraits& traits = traits_[operation];
    if (traits.reader) continue;
    // To what was put there to be seen a blind write would be blind.
    if (traits.blind && (operation != target || from.unseen)) continue;
    const std::optional<State> next = Explain(operation, from.state);
    if (!next.has_value()) continue;
    Configuration to = from;
    SetBit(to.done, slot);
    ClearBit(to.free, slot);
    to.unseen = false;
    if (traits.blind) {
      TakeBlind(to, *next);
    } else {
      to.state = *next;
    }
    Reach(std::move(to));
  }
}

// Blind writes, for somebody who runs to see.
void KeySearch::PutToBeSeen(const Configuration& from) {
  if (from.unseen) return;
  const auto needed = StatesNeeded(from);
  const bool any_owes = AnyOwes(from);
  const auto helps = [&](State state) {
    if (state == from.state && !any_owes) return false;
    return !needed.has_value() ||
           std::binary_search(needed->begin(), needed->end(), state);
  };
  for (size_t slot = 0; slot < running_.size(); ++slot) {
    const size_t operation = running_[slot];
    if (operation == kNone || HasBit(from.done, slot)) continue;
    const KeyTraits& traits = traits_[operation];
    if (!traits.blind || !helps(traits.writes)) continue;
    ++steps_;
    Configuration to = from;
    SetBit(to.done, slot);
    ClearBit(to.free, slot);
    to.unseen = true;
    TakeBlind(to, traits.writes);
    Reach(std::move(to));
  }
  const auto put = [&](State writes, size_t effect) {
    ++steps_;
    Configuration to = from;
    if (!helps(writes) || !Use(to, effect)) return;
    to.unseen = true;
    TakeBlind(to, writes);
    Reach(std::move(to));
  };
  if (needed.has_value()) {
    for (const State state : *needed) {
      const auto found = blind_effects_.find(state);
      if (found != blind_effects_.end()) put(state, found->second);
    }
  } else {
    for (const auto& [state, effect] : blind_effects_) put(state, effect);
  }
}

// Unanswered ones that make something of what is there.
void KeySearch::PutEffects(const Configuration& from) {
  for (const size_t effect : other_effects_) {
    Configuration to = from;
    if (!Use(to, effect)) continue;
    const std::optional<State> next =
        Explain(effects_[effect].example, from.state);
    if (*next == from.state) continue;
    to.state = *next;
    to.unseen = true;
    Reach(std::move(to));
  }
}

void KeySearch::Expand(const Configuration& from, size_t target) {
  PutRunning(from, target);
  PutToBeSeen(from);
  PutEffects(from);
}

void KeySearch::Reach(Configuration to) {
  TakeReaders(to);
  if (Insert(seen_, to)) open_.push_back(std::move(to));
}

// ------------------------------------------------------------------- returns

void KeySearch::Accept(Configuration configuration, size_t slot,
                       Thriftiest& accepted) {
  ClearBit(configuration.done, slot);
  ClearBit(configuration.free, slot);
  configuration.settled = false;
  Insert(accepted, configuration);
}

void KeySearch::OnReturned(size_t operation, std::vector<Configuration>& next) {
  const KeyTraits& traits = traits_[operation];
  const size_t slot = traits.slot;
  Thriftiest accepted;
  seen_ = {};
  open_.clear();
  for (const Configuration& configuration : frontier_) {
    if (Insert(seen_, configuration)) open_.push_back(configuration);
  }
  // Whoever keeps few need not find all.
  const size_t enough = limits_.kept_max > SIZE_MAX / kFoundPerKept
                            ? SIZE_MAX
                            : limits_.kept_max * kFoundPerKept;
  while (!open_.empty() && accepted.size < enough && !OverLimit()) {
    Configuration from = std::move(open_.front());
    open_.pop_front();
    if (HasBit(from.done, slot)) {
      if (from.unseen) {
        Expand(from, operation);
      } else {
        Accept(std::move(from), slot, accepted);
      }
      continue;
    }
    if (HasBit(from.free, slot) && !from.unseen && !from.settled) {
      Accept(from, slot, accepted);
      from.settled = true;
    }
    // One that owes nothing is put into the order only to be seen.
    if (HasBit(from.free, slot) && !traits.wanted) continue;
    Expand(from, operation);
  }
  const bool over = OverLimit();
  // Whoever keeps few goes on with what there is.
  const bool goes_on = enough < SIZE_MAX && accepted.size > 0;
  if (over && (!goes_on || steps_ > limits_.steps_max)) return;
  cut_ = cut_ || over || !open_.empty();
  TakeAll(accepted, next);
  seen_ = {};
  open_.clear();
  if (next.empty()) return;
  Prune(next);
  ForgetCommonUse(next);
}

std::string KeySearch::Evidence(size_t operation) const {
  constexpr size_t kStatesShown = 8;
  std::vector<State> states;
  for (const Configuration& configuration : frontier_) {
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

}  // namespace scenarios
