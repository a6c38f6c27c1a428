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
// A tree keeps the order. To find one key among many is to wait for memory at
// each of its levels, so beside it stands a table of the keys that were met
// last, placed by their hash: a find of one of those touches one place of it.
//
// Strings that an adversary makes to collide cost time, not correctness.

#ifndef KV_VALUES_HASH_ORDERED_H_
#define KV_VALUES_HASH_ORDERED_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "kv/values/steps.h"
#include "runtime/check.h"
#include "runtime/prefetch.h"
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
  // Does not move while it is there.
  struct Item {
    Item(uint64_t hash, absl::string_view text) : order(hash), key(text) {}
    const uint64_t order;
    const std::string key;
    V value = V();
  };

 private:
  // What the tree holds: small, so that it is flat, and looks at texts only
  // where hashes are equal.
  struct Ref {
    uint64_t order;
    std::unique_ptr<Item> item;
    absl::string_view key() const { return item->key; }
  };
  struct Wanted {
    explicit Wanted(absl::string_view key_text)
        : order(OrderOf(key_text)), text(key_text) {}
    Wanted(uint64_t place, absl::string_view key_text)
        : order(place), text(key_text) {}
    uint64_t order;
    absl::string_view text;
    absl::string_view key() const { return text; }
  };
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      if (a.order != b.order) return a.order < b.order;
      return a.key() < b.key();
    }
  };
  using Tree = absl::btree_set<Ref, Less>;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Item;
    using difference_type = ptrdiff_t;
    using pointer = const Item*;
    using reference = const Item&;

    Iterator() = default;
    reference operator*() const { return *at_->item; }
    pointer operator->() const { return at_->item.get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++at_;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    // Of the item, without a look at it.
    uint64_t order() const { return at_->order; }

   private:
    friend class HashOrdered;
    explicit Iterator(typename Tree::const_iterator at) : at_(at) {}
    typename Tree::const_iterator at_;
  };

 public:
  using const_iterator = Iterator;

  HashOrdered() = default;
  HashOrdered(HashOrdered&&) noexcept = default;
  HashOrdered& operator=(HashOrdered&&) noexcept = default;
  HashOrdered(const HashOrdered&) = delete;
  HashOrdered& operator=(const HashOrdered&) = delete;
  ~HashOrdered() = default;

  // All of it once more.
  HashOrdered Copy(Steps steps) const {
    HashOrdered copy;
    for (const Item& item : *this) {
      steps(kStepsPerCopy);
      copy.Append(item.order, item.key).value = item.value;
    }
    return copy;
  }

  bool empty() const { return tree_.empty(); }
  size_t size() const { return tree_.size(); }

  const_iterator begin() const { return Iterator(tree_.begin()); }
  const_iterator end() const { return Iterator(tree_.end()); }

  // Null: there is none.
  const Item* Find(absl::string_view key) const {
    const Wanted wanted(key);
    const Item* const item = FindMet(wanted);
    return item != nullptr ? item : FindInTree(wanted);
  }
  Item* Find(absl::string_view key) {
    const Wanted wanted(key);
    if (Item* item = FindMet(wanted); item != nullptr) return item;
    Item* const item = FindInTree(wanted);
    if (item != nullptr) Meet(*item);
    return item;
  }
  bool Contains(absl::string_view key) const { return Find(key) != nullptr; }

  // The item of `key`, and whether it is new (with a V()).
  std::pair<Item&, bool> Insert(absl::string_view key) {
    const Wanted wanted(key);
    if (Item* item = FindMet(wanted); item != nullptr) return {*item, false};
    auto at = tree_.lower_bound(wanted);
    const bool fresh = !IsAt(at, wanted);
    if (fresh) {
      at = tree_.insert(
          at, Ref{wanted.order, std::make_unique<Item>(wanted.order, key)});
      MakeRoom();
    }
    Meet(*at->item);
    return {*at->item, fresh};
  }

  // A new item behind all others, as for one that walks another of these.
  // Requires: that is its place, and `order` that of `key`.
  Item& Append(uint64_t order, absl::string_view key) {
    CHECK(tree_.empty() || Less()(*tree_.rbegin(), Wanted(order, key)),
          "an item has another place");
    const auto at = tree_.insert(
        tree_.end(), Ref{order, std::make_unique<Item>(order, key)});
    return *at->item;
  }

  // Requires: it is an item of this.
  void Erase(Item& item) {
    const auto at = tree_.find(Wanted(item.order, item.key));
    CHECK(at != tree_.end() && at->item.get() == &item, "another's item");
    if (!met_.empty()) {
      Item*& place = met_[PlaceOf(item.order)];
      if (place == &item) place = nullptr;
    }
    tree_.erase(at);
  }
  // True if there was one.
  bool Erase(absl::string_view key) {
    Item* const item = Find(key);
    if (item == nullptr) return false;
    Erase(*item);
    return true;
  }
  void Clear() {
    met_.clear();
    tree_.clear();
  }
  // Requires: not empty.
  Item& front() { return *tree_.begin()->item; }
  // Drops some items, `count` of them if there are so many. Only for what
  // nobody looks at any more. True: none is left.
  bool FreeSome(size_t count) {
    met_ = {};
    auto end = tree_.begin();
    for (size_t i = 0; i < count && end != tree_.end(); ++i) ++end;
    tree_.erase(tree_.begin(), end);
    return tree_.empty();
  }

  // A hint: these will be looked for, soon and in turn. Waits for the memory of
  // all of them at once, instead of once for each. `more(value)` may ask for
  // what a value keeps elsewhere.
  template <class More>
  void Expect(std::span<const absl::string_view> keys, More&& more) const;

  // Visits keys from `cursor` on (0: from the start), `count` of them at least
  // if there are so many, and all that share a hash together. Returns the
  // cursor for the next call; 0: there are no more.
  template <class Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    size_t visited = 0;
    uint64_t last = 0;
    for (auto at = tree_.lower_bound(Wanted(cursor, {})); at != tree_.end();
         ++at) {
      if (visited >= count && at->order != last) return at->order;
      last = at->order;
      visit(std::as_const(*at->item));
      ++visited;
    }
    return 0;
  }

  // Any key, each as likely as any other. Requires: not empty.
  const_iterator Pick(runtime::Random& dice) const;

 private:
  // Fewer are found fast enough.
  static constexpr size_t kMetFrom = 128;
  static constexpr size_t kPlacesMax = size_t{1} << 20;
  static constexpr size_t kStepsPerCopy = 2;

  bool IsAt(typename Tree::const_iterator at, const Wanted& wanted) const {
    return at != tree_.end() && at->order == wanted.order &&
           at->key() == wanted.text;
  }
  Item* FindInTree(const Wanted& wanted) const {
    const auto at = tree_.lower_bound(wanted);
    return IsAt(at, wanted) ? at->item.get() : nullptr;
  }
  // Null: the tree knows.
  Item* FindMet(const Wanted& wanted) const {
    if (met_.empty()) return nullptr;
    Item* const item = met_[PlaceOf(wanted.order)];
    const bool same = item != nullptr && item->order == wanted.order &&
                      item->key == wanted.text;
    return same ? item : nullptr;
  }
  void Meet(Item& item) {
    if (!met_.empty()) met_[PlaceOf(item.order)] = &item;
  }
  size_t PlaceOf(uint64_t order) const { return order & (met_.size() - 1); }
  // Two to four places for every key. They are empty after there are more of
  // them: keys come back as they are met, instead of all at once.
  void MakeRoom() {
    const size_t wanted = std::min(2 * size(), kPlacesMax);
    if (size() < kMetFrom || met_.size() >= wanted) return;
    met_.assign(std::bit_ceil(std::min(4 * size(), kPlacesMax)), nullptr);
  }

  Tree tree_;
  std::vector<Item*> met_;  // By the low bits of the order; a power of two.
};

template <class V>
template <class More>
void HashOrdered<V>::Expect(std::span<const absl::string_view> keys,
                            More&& more) const {
  constexpr size_t kAtOnce = 64;
  if (met_.empty()) return;
  while (!keys.empty()) {
    const auto some = keys.first(std::min(keys.size(), kAtOnce));
    std::array<Item* const*, kAtOnce> places;
    for (size_t i = 0; i < some.size(); ++i) {
      places[i] = &met_[PlaceOf(OrderOf(some[i]))];
      runtime::Prefetch(places[i], sizeof(Item*));
    }
    for (size_t i = 0; i < some.size(); ++i) {
      runtime::Prefetch(*places[i], sizeof(Item));
    }
    for (size_t i = 0; i < some.size(); ++i) {
      const Item* const item = *places[i];
      if (item == nullptr) continue;
      runtime::Prefetch(item->key.data(), item->key.size());
      more(item->value);
    }
    keys = keys.subspan(some.size());
  }
}

template <class V>
typename HashOrdered<V>::const_iterator HashOrdered<V>::Pick(
    runtime::Random& dice) const {
  CHECK(!tree_.empty(), "nothing to pick from");
  // The space of hashes in as many stripes as there are keys, so one key a
  // stripe on average; a dart hits a stripe and one of kLanes lanes in it. The
  // i-th key of a stripe lies in lane i; other lanes are empty.
  constexpr uint64_t kLanes = 16;
  constexpr int kThrows = 1024;
  const uint64_t stripes = tree_.size();
  const uint64_t width = (uint64_t{1} << kOrderBits) / stripes;
  for (int i = 0; i < kThrows; ++i) {
    const uint64_t stripe = dice.Below(stripes);
    const uint64_t lane = dice.Below(kLanes);
    const uint64_t begin = stripe * width;
    const bool last = stripe + 1 == stripes;
    auto at = tree_.lower_bound(Wanted(begin, {}));
    for (uint64_t j = 0; j < lane && at != tree_.end(); ++j) ++at;
    if (at == tree_.end()) continue;
    if (last || at->order < begin + width) return const_iterator(at);
  }
  // Only for keys that someone made to collide.
  auto at = tree_.begin();
  for (uint64_t steps = dice.Below(stripes); steps > 0; --steps) ++at;
  return const_iterator(at);
}

}  // namespace kv

#endif  // KV_VALUES_HASH_ORDERED_H_
