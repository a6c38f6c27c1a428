// A map in the order of a hash of its keys: the same order on every node, in
// every run, whatever the history.
//
// The hash has 53 bits (so that a cursor survives clients that keep numbers in
// doubles) and no salt. The order gives what Redis needs of a table:
//
// - a scan whose cursor is the hash of the next key: keys that are there all
//   the time are met, whatever comes and goes between two calls;
// - a uniform random choice without ranks: keys are spread evenly over the
//   space of hashes, so throw a dart until it hits.
//
// Strings that an adversary makes to collide cost time, not correctness.

#ifndef KV_VALUES_HASH_ORDERED_H_
#define KV_VALUES_HASH_ORDERED_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace kv {

inline constexpr int kOrderBits = 53;

// Never 0: that is where a scan begins, and what says that it has ended.
inline uint64_t OrderOf(absl::string_view key) {
  const uint64_t hash = HashBytes(key) >> (64 - kOrderBits);
  return hash == 0 ? 1 : hash;
}

template <class V>
class HashOrdered {
 public:
  struct Key {
    uint64_t order;
    std::string text;
  };

 private:
  struct KeyView {
    explicit KeyView(absl::string_view key) : order(OrderOf(key)), text(key) {}
    KeyView(uint64_t place, absl::string_view key) : order(place), text(key) {}
    uint64_t order;
    absl::string_view text;
  };
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      if (a.order != b.order) return a.order < b.order;
      return absl::string_view(a.text) < absl::string_view(b.text);
    }
  };
  using Map = absl::btree_map<Key, V, Less>;

 public:
  using iterator = typename Map::iterator;
  using const_iterator = typename Map::const_iterator;

  bool empty() const { return map_.empty(); }
  size_t size() const { return map_.size(); }

  iterator begin() { return map_.begin(); }
  iterator end() { return map_.end(); }
  const_iterator begin() const { return map_.begin(); }
  const_iterator end() const { return map_.end(); }

  iterator find(absl::string_view key) { return map_.find(KeyView(key)); }
  const_iterator find(absl::string_view key) const {
    return map_.find(KeyView(key));
  }
  bool contains(absl::string_view key) const { return find(key) != end(); }

  // The place of `key`, and whether it is new (with a V()).
  std::pair<iterator, bool> insert(absl::string_view key) {
    const KeyView view(key);
    const iterator it = map_.lower_bound(view);
    if (it != map_.end() && it->first.order == view.order &&
        it->first.text == view.text) {
      return {it, false};
    }
    return {map_.emplace_hint(it, Key{view.order, std::string(key)}, V()),
            true};
  }

  void erase(iterator it) { map_.erase(it); }
  bool erase(absl::string_view key) {
    const iterator it = find(key);
    if (it == end()) return false;
    map_.erase(it);
    return true;
  }
  void clear() { map_.clear(); }

  // Visits keys from `cursor` on (0: from the start), `count` of them at least
  // if there are so many, and all that share a hash together. Returns the
  // cursor for the next call; 0: there are no more.
  template <class Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    size_t visited = 0;
    uint64_t last = 0;
    for (auto it = map_.lower_bound(KeyView(cursor, {})); it != map_.end();
         ++it) {
      if (visited >= count && it->first.order != last) return it->first.order;
      last = it->first.order;
      visit(*it);
      ++visited;
    }
    return 0;
  }

  // Any key, each as likely as any other. Requires: not empty.
  const_iterator Pick(runtime::Random& dice) const;

 private:
  Map map_;
};

template <class V>
typename HashOrdered<V>::const_iterator HashOrdered<V>::Pick(
    runtime::Random& dice) const {
  CHECK(!map_.empty(), "nothing to pick from");
  // The space of hashes in as many stripes as there are keys, so one key a
  // stripe on average; a dart hits a stripe and one of kLanes lanes in it. The
  // i-th key of a stripe lies in lane i; other lanes are empty.
  constexpr uint64_t kLanes = 16;
  constexpr int kThrows = 1024;
  const uint64_t stripes = map_.size();
  const uint64_t width = (uint64_t{1} << kOrderBits) / stripes;
  for (int i = 0; i < kThrows; ++i) {
    const uint64_t stripe = dice.Below(stripes);
    const uint64_t lane = dice.Below(kLanes);
    const uint64_t begin = stripe * width;
    const bool last = stripe + 1 == stripes;
    auto it = map_.lower_bound(KeyView(begin, {}));
    for (uint64_t j = 0; j < lane && it != map_.end(); ++j) ++it;
    if (it == map_.end()) continue;
    if (last || it->first.order < begin + width) return it;
  }
  // Only for keys that someone made to collide.
  auto it = map_.begin();
  for (uint64_t steps = dice.Below(stripes); steps > 0; --steps) ++it;
  return it;
}

}  // namespace kv

#endif  // KV_VALUES_HASH_ORDERED_H_
