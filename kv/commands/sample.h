// Random choices of many: what SPOP, SRANDMEMBER, ZRANDMEMBER and HRANDFIELD
// have in common.

#ifndef KV_COMMANDS_SAMPLE_H_
#define KV_COMMANDS_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"

#include "kv/commands/call.h"
#include "kv/values/hash_ordered.h"

namespace kv {

// How many are wanted: so many different ones, or, if negative, any so many
// times over. Nothing: `text` does not say, and the call has been answered so.
inline std::optional<int64_t> SampleSizeArg(Call& call,
                                            absl::string_view text) {
  return IntegerArg(call, text, -INT64_MAX, INT64_MAX,
                    "ERR value is out of range, value must between "
                    "-9223372036854775807 and 9223372036854775807");
}

// A choice of items of a HashOrdered<V>; valid until that is changed.
template <class V>
using Sample = std::vector<typename HashOrdered<V>::const_iterator>;

// So many items are passed in the time that it takes to pick one by darts.
inline constexpr size_t kStepsOfOnePick = 256;

// `count` different items, every choice of so many as likely as any other.
// Requires: count <= items.size().
template <class V>
Sample<V> SampleByWalking(Call& call, const HashOrdered<V>& items,
                          size_t count) {
  Sample<V> sample;
  sample.reserve(count);
  size_t left = items.size();
  for (auto it = items.begin(); sample.size() < count; ++it, --left) {
    // As many of those that are left must be taken as are still wanted.
    call.pace.Step();
    const uint64_t dart = call.dice.Below(left);
    if (dart < count - sample.size()) sample.push_back(it);
  }
  return sample;
}

// The same, without walking if few are wanted.
template <class V>
Sample<V> SampleDistinct(Call& call, const HashOrdered<V>& items,
                         size_t count) {
  if (count >= items.size() / kStepsOfOnePick) {
    return SampleByWalking(call, items, count);
  }
  Sample<V> sample;
  absl::btree_set<absl::string_view> taken;
  // Dice that repeat themselves must not hold us for ever.
  for (size_t darts = 64 + 8 * count; darts > 0; --darts) {
    if (sample.size() == count) return sample;
    call.pace.Step(kStepsOfOnePick / 16);
    const auto it = items.Pick(call.dice);
    if (taken.insert(it->key).second) sample.push_back(it);
  }
  return SampleByWalking(call, items, count);
}

// Visits any item, `count` times over, until visit(item) says false.
// Requires: not empty.
template <class V, class Visit>
void SampleRepeatedly(Call& call, const HashOrdered<V>& items, size_t count,
                      Visit&& visit) {
  if (count < items.size() / kStepsOfOnePick) {
    for (; count > 0; --count) {
      call.pace.Step(kStepsOfOnePick / 16);
      if (!visit(*items.Pick(call.dice))) return;
    }
    return;
  }
  Sample<V> all;
  all.reserve(items.size());
  for (auto it = items.begin(); it != items.end(); ++it) {
    call.pace.Step();
    all.push_back(it);
  }
  for (; count > 0; --count) {
    if (!visit(*all[static_cast<size_t>(call.dice.Below(all.size()))])) return;
  }
}

}  // namespace kv

#endif  // KV_COMMANDS_SAMPLE_H_
