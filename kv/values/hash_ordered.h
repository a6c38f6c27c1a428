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
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
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
  // Does not move while it is there.
  struct Item {
    Item(uint64_t place, absl::string_view text) : order(place), key(text) {}
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

  template <class ItemType>
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Item;
    using difference_type = ptrdiff_t;
    using pointer = ItemType*;
    using reference = ItemType&;

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

   private:
    friend class HashOrdered;
    explicit Iterator(typename Tree::const_iterator at) : at_(at) {}
    typename Tree::const_iterator at_;
  };

 public:
  using iterator = Iterator<Item>;
  using const_iterator = Iterator<const Item>;

  HashOrdered() = default;
  HashOrdered(HashOrdered&&) noexcept = default;
  HashOrdered& operator=(HashOrdered&&) noexcept = default;
  // Deep.
  HashOrdered(const HashOrdered& other) {
    for (const Item& item : other) {
      auto copy = std::make_unique<Item>(item.order, item.key);
      copy->value = item.value;
      tree_.insert(tree_.end(), Ref{item.order, std::move(copy)});
    }
  }
  HashOrdered& operator=(const HashOrdered& other) {
    return *this = HashOrdered(other);
  }
  ~HashOrdered() = default;

  bool empty() const { return tree_.empty(); }
  size_t size() const { return tree_.size(); }

  iterator begin() { return iterator(tree_.begin()); }
  iterator end() { return iterator(tree_.end()); }
  const_iterator begin() const { return const_iterator(tree_.begin()); }
  const_iterator end() const { return const_iterator(tree_.end()); }

  iterator find(absl::string_view key) { return iterator(Find(key)); }
  const_iterator find(absl::string_view key) const {
    return const_iterator(Find(key));
  }
  bool contains(absl::string_view key) const { return find(key) != end(); }

  // The place of `key`, and whether it is new (with a V()).
  std::pair<iterator, bool> insert(absl::string_view key) {
    const Wanted wanted(key);
    const auto at = tree_.lower_bound(wanted);
    if (IsAt(at, wanted)) return {iterator(at), false};
    return {
        iterator(tree_.insert(
            at, Ref{wanted.order, std::make_unique<Item>(wanted.order, key)})),
        true};
  }

  void erase(iterator it) { tree_.erase(it.at_); }
  bool erase(absl::string_view key) {
    const auto at = Find(key);
    if (at == tree_.end()) return false;
    tree_.erase(at);
    return true;
  }
  void clear() { tree_.clear(); }

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
  bool IsAt(typename Tree::const_iterator at, const Wanted& wanted) const {
    return at != tree_.end() && at->order == wanted.order &&
           at->key() == wanted.text;
  }
  typename Tree::const_iterator Find(absl::string_view key) const {
    const Wanted wanted(key);
    const auto at = tree_.lower_bound(wanted);
    return IsAt(at, wanted) ? at : tree_.end();
  }

  Tree tree_;
};

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
