// A sorted set: members with scores, in the order of score, then member.
//
// Each member is kept twice. By the hash of its text, to find its score, to
// scan and to pick from; and in order, where every item has a rank: a sorted
// array cut into blocks, so that putting an item in moves a block at most, and
// a rank is a sum of the blocks before. How the blocks are cut depends on the
// history; what can be asked does not.

#ifndef KV_VALUES_SORTED_SET_VALUE_H_
#define KV_VALUES_SORTED_SET_VALUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/values/hash_ordered.h"
#include "kv/values/steps.h"

namespace kv {

class SortedSetValue {
 public:
  struct Item {
    double score;
    std::string member;
  };
  using Members = HashOrdered<double>;

  // To scan and pick from.
  const Members& members() const { return members_; }
  size_t size() const { return members_.size(); }
  bool Contains(absl::string_view member) const {
    return members_.Contains(member);
  }

  std::optional<double> ScoreOf(absl::string_view member) const;
  // How many come before it. Nothing: there is no such member.
  std::optional<size_t> RankOf(absl::string_view member) const;
  // Requires: rank < size().
  const Item& At(size_t rank) const;

  // How many items at the beginning satisfy `belongs`. Requires: of two items,
  // the first does if the second does.
  template <class Predicate>
  size_t CountWhile(Predicate&& belongs) const;

  // Visits `count` items from `rank` on, forwards or backwards. Requires: there
  // are so many.
  template <class Visit>
  void Walk(size_t rank, size_t count, Visit&& visit) const;
  template <class Visit>
  void WalkBack(size_t rank, size_t count, Visit&& visit) const;

  // True if it is new. A score of -0 becomes 0, as in a small one of Redis.
  // Requires: the score is not NaN.
  bool Set(absl::string_view member, double score);
  // An empty one is filled faster so: first with all members, in the order of
  // their hashes, of which each is `order`, then with all of them again in the
  // order of score and member. Not to be used for anything else in between.
  void FillByHash(uint64_t order, absl::string_view member, double score);
  void FillInOrder(absl::string_view member, double score);

  // True if it was there.
  bool Remove(absl::string_view member);
  // `count` items from `rank` on. Requires: there are so many.
  void RemoveRange(size_t rank, size_t count, Steps steps);

  // What it costs to count the items before one, in steps.
  size_t rank_steps() const { return blocks_.size() / kBlocksPerStep; }

  // All of it once more.
  SortedSetValue Copy(Steps steps) const;
  size_t pieces() const { return members_.size(); }
  bool FreeSome(size_t count);
  bool vanishes() const { return members_.empty(); }
  // Equal members with equal scores, equal hashes, whatever the history.
  uint64_t hash() const { return hash_; }

 private:
  static constexpr size_t kBlockItemsMax = 256;
  // Two neighbours that have no more are made one.
  static constexpr size_t kMergedItemsMax = kBlockItemsMax / 2;
  static constexpr size_t kBlocksPerStep = 64;

  using Block = std::vector<Item>;
  struct Place {
    size_t block;
    size_t offset;
  };

  static uint64_t HashOf(absl::string_view member, double score);
  static bool Less(const Item& item, double score, absl::string_view member);

  // Of the item, or of where it belongs: in a block, or behind the last item of
  // the last one.
  Place Find(double score, absl::string_view member) const;
  // Requires: rank < size().
  Place PlaceOf(size_t rank) const;
  size_t RankAt(Place place) const;

  void InsertInOrder(double score, absl::string_view member);
  void EraseInOrder(double score, absl::string_view member);
  // Items of one block.
  void EraseFrom(size_t block, size_t offset, size_t count);
  // Of a block that has lost items: keeps blocks from becoming many and small.
  void Tidy(size_t block);

  Members members_;
  std::vector<Block> blocks_;  // None is empty.
  uint64_t hash_ = 0;
};

template <class Predicate>
size_t SortedSetValue::CountWhile(Predicate&& belongs) const {
  const auto block =
      std::partition_point(blocks_.begin(), blocks_.end(),
                           [&](const Block& b) { return belongs(b.back()); });
  size_t count = RankAt(
      {.block = static_cast<size_t>(block - blocks_.begin()), .offset = 0});
  if (block == blocks_.end()) return count;
  const auto item = std::partition_point(block->begin(), block->end(), belongs);
  return count + static_cast<size_t>(item - block->begin());
}

template <class Visit>
void SortedSetValue::Walk(size_t rank, size_t count, Visit&& visit) const {
  if (count == 0) return;
  auto [block, offset] = PlaceOf(rank);
  for (; count > 0; --count) {
    visit(blocks_[block][offset]);
    if (++offset < blocks_[block].size()) continue;
    ++block;
    offset = 0;
  }
}

template <class Visit>
void SortedSetValue::WalkBack(size_t rank, size_t count, Visit&& visit) const {
  if (count == 0) return;
  auto [block, offset] = PlaceOf(rank);
  for (; count > 0; --count) {
    visit(blocks_[block][offset]);
    if (offset-- > 0 || block == 0) continue;
    --block;
    offset = blocks_[block].size() - 1;
  }
}

}  // namespace kv

#endif  // KV_VALUES_SORTED_SET_VALUE_H_
