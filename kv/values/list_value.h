// A list of texts: both ends cost nothing, the middle costs its distance.

#ifndef KV_VALUES_LIST_VALUE_H_
#define KV_VALUES_LIST_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "kv/values/steps.h"
#include "runtime/check.h"

namespace kv {

// The number by which `odd` gives 1, modulo 2^64.
constexpr uint64_t InverseOfOdd(uint64_t odd) {
  uint64_t inverse = odd;  // Right to 3 bits; each step doubles them.
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}

class ListValue {
 public:
  enum class End : uint8_t { kHead, kTail };

  size_t size() const { return items_.size(); }
  // Requires: place < size().
  absl::string_view At(size_t place) const { return items_[place]; }

  void Push(End end, absl::string_view text) {
    if (end == End::kTail) {
      hash_ += HashBytes(text) * power_;
      items_.emplace_back(text);
    } else {
      hash_ = hash_ * kBase + HashBytes(text);
      items_.emplace_front(text);
    }
    power_ *= kBase;
  }

  // Requires: size() > 0.
  std::string Pop(End end) {
    CHECK(!items_.empty(), "nothing to pop");
    power_ *= kInverse;
    std::string text;
    if (end == End::kTail) {
      text = std::move(items_.back());
      items_.pop_back();
      hash_ -= HashBytes(text) * power_;
    } else {
      text = std::move(items_.front());
      items_.pop_front();
      hash_ = (hash_ - HashBytes(text)) * kInverse;
    }
    return text;
  }

  // Requires: place < size().
  void Set(size_t place, absl::string_view text) {
    std::string& item = items_[place];
    hash_ += (HashBytes(text) - HashBytes(item)) * PowerOf(place);
    item.assign(text.data(), text.size());
  }

  // Before the item at `place`. Requires: place <= size().
  void Insert(size_t place, absl::string_view text, Steps steps) {
    const Sums sums = SumsAround(place, steps);
    hash_ = sums.before + HashBytes(text) * sums.power + sums.behind * kBase;
    power_ *= kBase;
    // The items of the nearer end move by one.
    if (place < items_.size() / 2) {
      items_.emplace_front();
      for (size_t i = 0; i < place; ++i) MoveItem(i + 1, i, steps);
    } else {
      items_.emplace_back();
      for (size_t i = items_.size() - 1; i > place; --i) {
        MoveItem(i - 1, i, steps);
      }
    }
    items_[place].assign(text.data(), text.size());
  }

  // Requires: place < size().
  void Remove(size_t place, Steps steps) {
    const Sums sums = SumsAround(place, steps);
    hash_ = sums.before +
            (sums.behind - HashBytes(items_[place]) * sums.power) * kInverse;
    power_ *= kInverse;
    if (place < items_.size() / 2) {
      for (size_t i = place; i > 0; --i) MoveItem(i - 1, i, steps);
      items_.pop_front();
    } else {
      for (size_t i = place; i + 1 < items_.size(); ++i) {
        MoveItem(i + 1, i, steps);
      }
      items_.pop_back();
    }
  }

  // Keeps those of which keep(place) says so.
  template <class Keep>
  void Filter(Keep&& keep, Steps steps) {
    size_t kept = 0;
    for (size_t i = 0; i < items_.size(); ++i) {
      steps(1);
      if (!keep(i)) continue;
      if (kept != i) items_[kept] = std::move(items_[i]);
      ++kept;
    }
    while (items_.size() > kept) {
      steps(1);
      items_.pop_back();
    }
    Rehash(steps);
  }

  // All of it once more.
  ListValue Copy(Steps steps) const {
    ListValue copy;
    for (const std::string& item : items_) {
      steps(1);
      copy.items_.push_back(item);
    }
    copy.hash_ = hash_;
    copy.power_ = power_;
    return copy;
  }

  size_t pieces() const { return items_.size(); }
  bool FreeSome(size_t count) {
    for (size_t i = 0; i < count && !items_.empty(); ++i) items_.pop_back();
    return items_.empty();
  }
  bool vanishes() const { return items_.empty(); }
  // A polynomial of the items' hashes, modulo 2^64: both ends can be added and
  // taken away in one step, for an odd base has an inverse.
  uint64_t hash() const { return hash_ ^ items_.size(); }

 private:
  static constexpr uint64_t kBase = 0x9e3779b97f4a7c15u;
  static constexpr uint64_t kInverse = InverseOfOdd(kBase);
  static_assert(kBase * kInverse == 1);

  static constexpr uint64_t PowerOf(uint64_t exponent) {
    uint64_t power = 1;
    for (uint64_t square = kBase; exponent > 0; exponent >>= 1) {
      if ((exponent & 1) != 0) power *= square;
      square *= square;
    }
    return power;
  }

  // What the items before `place`, and those from there on, add to hash_.
  struct Sums {
    uint64_t before = 0;
    uint64_t behind = 0;
    uint64_t power = 1;  // kBase^place.
  };
  // Looks at those of the nearer end, as the deque moves them.
  Sums SumsAround(size_t place, Steps steps) const {
    const bool head_is_nearer = place < items_.size() / 2;
    const size_t first = head_is_nearer ? 0 : place;
    const size_t end = head_is_nearer ? place : items_.size();
    Sums sums{.power = PowerOf(place)};
    uint64_t sum = 0;
    uint64_t power = head_is_nearer ? 1 : sums.power;
    for (size_t i = first; i < end; ++i, power *= kBase) {
      steps(1);
      sum += HashBytes(items_[i]) * power;
    }
    sums.before = head_is_nearer ? sum : hash_ - sum;
    sums.behind = hash_ - sums.before;
    return sums;
  }

  void MoveItem(size_t from, size_t to, Steps steps) {
    steps(1);
    items_[to] = std::move(items_[from]);
  }

  void Rehash(Steps steps) {
    hash_ = 0;
    power_ = 1;
    for (const std::string& item : items_) {
      steps(1);
      hash_ += HashBytes(item) * power_;
      power_ *= kBase;
    }
  }

  std::deque<std::string> items_;
  uint64_t hash_ = 0;   // Sum of HashBytes(item i) * kBase^i.
  uint64_t power_ = 1;  // kBase^size.
};

}  // namespace kv

#endif  // KV_VALUES_LIST_VALUE_H_
