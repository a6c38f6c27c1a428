// The search for an order of one key's history; see linearizability.h.
//
// It walks through real time and keeps every way in which the key may stand
// (just-in-time linearization: Wing & Gong 1993, Lowe 2017). An operation is
// put into the order when its answer is due, and before it whatever explains
// it. What keeps the ways few:
//
//   - Who only read are put into the order as soon as their answer is right:
//     that never costs a solution.
//   - A write that nobody must have seen is put there only right before
//   somebody
//     who saw it. Unanswered ones can wait for that; of those with one effect
//     only the number that was used is kept.
//   - A blind write (its effect depends on nothing, and its answer tells
//     nothing) that runs while another one takes effect may have come right
//     before that one, unseen. From then on it owes nothing: it is *free*, as
//     good as unanswered for as long as it runs. So writers that run together
//     do not multiply.
//   - Of two ways that differ only in what they have used up, the thriftier one
//     is kept.

#ifndef SCENARIOS_KEY_SEARCH_H_
#define SCENARIOS_KEY_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"

#include "scenarios/history.h"
#include "scenarios/key_traits.h"
#include "scenarios/register_model.h"

namespace scenarios {

class KeySearch {
 public:
  struct Limits {
    uint64_t steps_max = 0;
    size_t configurations_max = 0;  // Held at the same time.
    size_t kept_max = 0;            // From one answer to the next.
  };
  enum class End : uint8_t {
    kOrdered,    // There is an order.
    kNoOrder,    // There is none.
    kDeadEnd,    // None among the ways that were followed.
    kOverLimit,  // Of steps or memory.
  };

  // Operations of one key, none of them refused. They outlive this.
  explicit KeySearch(std::vector<const OperationRecord*> operations);

  // From the beginning, as often as one likes.
  End Run(const Limits& limits);

  // Of the last run: what it took, and where nothing went on (kNoOrder).
  uint64_t steps() const { return steps_; }
  const std::string& evidence() const { return evidence_; }

  // How hard it looks: the more, the harder.
  std::pair<size_t, size_t> hardness() const {
    return {unanswered_, operations_.size()};
  }

 private:
  using State = RegisterModel::State;
  using Bits = absl::InlinedVector<uint64_t, 1>;  // By slot.

  static constexpr size_t kNone = KeyTraits::kNone;

  struct Event {
    uint64_t at;
    size_t operation;
    bool returns;
  };
  // Unanswered operations that do the same.
  struct Effect {
    size_t example;  // One of them.
    uint32_t asked = 0;
    uint32_t used = 0;  // By all ways that are kept.
  };
  // Beyond Effect::used; ascending by effect, counts above 0.
  using Used = absl::InlinedVector<std::pair<uint32_t, uint32_t>, 2>;

  // One way in which the key may stand at a moment of real time.
  struct Configuration {
    State state = RegisterModel::kAbsent;
    Bits done;  // Those that run and have been put into the order.
    Bits free;  // Those that run and owe nothing.
    Used used;
    // The last one in the order was put there to be seen, and has not been.
    bool unseen = false;
    // Within one return: whether it was an end of it already.
    bool settled = false;
  };
  // What must agree in two ways that can be compared.
  struct Group {
    State state;
    bool unseen;
    bool settled;
    Bits done;  // Without the blind ones.
    bool operator<(const Group& other) const;
  };
  struct Spent {
    Bits done;  // The blind ones.
    Bits free;
    Used used;
  };
  // Of each group the thriftiest.
  struct Thriftiest {
    absl::btree_map<Group, std::vector<Spent>> groups;
    size_t size = 0;
  };

  // What an unanswered operation does that is not blind.
  using EffectName = std::tuple<kv::Operation, std::string, std::string>;
  using EffectNumbers = absl::btree_map<EffectName, size_t>;

  // Before any run.
  void NumberEverything();
  size_t NumberEffect(size_t operation, EffectNumbers& others);

  void Begin(const Limits& limits);
  void OnInvoked(size_t operation);
  // What explains the answer, into `next`.
  void OnReturned(size_t operation, std::vector<Configuration>& next);
  void Accept(Configuration configuration, size_t slot, Thriftiest& accepted);
  // Everything that one more operation makes of `from`.
  void Expand(const Configuration& from, size_t target);
  void PutRunning(const Configuration& from, size_t target);
  void PutToBeSeen(const Configuration& from);
  void PutEffects(const Configuration& from);
  void Reach(Configuration to);
  std::optional<State> Explain(size_t operation, State state);
  // Puts a blind write into the order: all others that run are free.
  void TakeBlind(Configuration& configuration, State writes) const;
  void TakeReaders(Configuration& configuration);
  bool Use(Configuration& configuration, size_t effect) const;
  // The states that somebody who runs needs; nullopt: it may be any.
  std::optional<absl::InlinedVector<State, 8>> StatesNeeded(
      const Configuration& from) const;
  bool AnyOwes(const Configuration& from) const;

  bool IsNoWorse(const Spent& a, const Spent& b);
  // False when one that is no worse is there already.
  bool Insert(Thriftiest& thriftiest, const Configuration& configuration);
  void TakeAll(const Thriftiest& accepted, std::vector<Configuration>& next);
  // Keeps the thriftiest few, of many states.
  void Prune(std::vector<Configuration>& next);
  // What all of them have used needs no telling apart.
  void ForgetCommonUse(std::vector<Configuration>& next);
  bool OverLimit() const;
  std::string Evidence(size_t operation) const;

  const std::vector<const OperationRecord*> operations_;
  RegisterModel model_;
  std::vector<KeyTraits> traits_;  // By operation.
  std::vector<Event> events_;
  std::vector<Effect> effects_;
  absl::btree_map<State, size_t> blind_effects_;  // By what they write.
  std::vector<size_t> other_effects_;
  size_t slots_ = 0;
  size_t unanswered_ = 0;

  // Of a run.
  Limits limits_;
  uint64_t steps_ = 0;
  bool cut_ = false;  // Not all ways were followed.
  std::string evidence_;
  std::vector<size_t> running_;  // By slot; kNone when the slot is free.
  Bits blind_;                   // Of those that run.
  uint64_t unanswered_invoked_ = 0;
  std::vector<Configuration> frontier_;
  // Of one return.
  Thriftiest seen_;
  std::deque<Configuration> open_;
};

}  // namespace scenarios

#endif  // SCENARIOS_KEY_SEARCH_H_
