#include "kv/values/sorted_set_value.h"

#include <bit>
#include <cmath>
#include <utility>

#include "kv/state_hash.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace kv {

using runtime::MixHash;

namespace {

// From a tree, with two texts to free.
constexpr size_t kStepsPerRemoval = 3;

}  // namespace

uint64_t SortedSetValue::HashOf(absl::string_view member, double score) {
  return MixHash(MixHash(0x73636f7265u, HashBytes(member)),
                 std::bit_cast<uint64_t>(score));
}

bool SortedSetValue::Less(const Item& item, double score,
                          absl::string_view member) {
  if (item.score != score) return item.score < score;
  return absl::string_view(item.member) < member;
}

std::optional<double> SortedSetValue::ScoreOf(absl::string_view member) const {
  const Members::Item* const found = members_.Find(member);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

std::optional<size_t> SortedSetValue::RankOf(absl::string_view member) const {
  const Members::Item* const found = members_.Find(member);
  if (found == nullptr) return std::nullopt;
  return RankAt(Find(found->value, member));
}

const SortedSetValue::Item& SortedSetValue::At(size_t rank) const {
  const Place place = PlaceOf(rank);
  return blocks_[place.block][place.offset];
}

bool SortedSetValue::Set(absl::string_view member, double score) {
  CHECK(!std::isnan(score), "what is not a number has no place in the order");
  if (score == 0) score = 0;
  const auto [entry, fresh] = members_.Insert(member);
  if (!fresh) {
    if (entry.value == score) return false;
    hash_ -= HashOf(member, entry.value);
    EraseInOrder(entry.value, member);
  }
  entry.value = score;
  hash_ += HashOf(member, score);
  InsertInOrder(score, member);
  return fresh;
}

void SortedSetValue::FillByHash(uint64_t order, absl::string_view member,
                                double score) {
  if (score == 0) score = 0;
  members_.Append(order, member).value = score;
  hash_ += HashOf(member, score);
}

void SortedSetValue::FillInOrder(absl::string_view member, double score) {
  if (score == 0) score = 0;
  if (blocks_.empty() || blocks_.back().size() == kBlockItemsMax) {
    blocks_.emplace_back();
  }
  blocks_.back().push_back({.score = score, .member = std::string(member)});
}

bool SortedSetValue::Remove(absl::string_view member) {
  Members::Item* const found = members_.Find(member);
  if (found == nullptr) return false;
  hash_ -= HashOf(member, found->value);
  EraseInOrder(found->value, member);
  members_.Erase(*found);
  return true;
}

void SortedSetValue::RemoveRange(size_t rank, size_t count, Steps steps) {
  if (count == 0) return;
  Walk(rank, count, [&](const Item& item) {
    steps(kStepsPerRemoval);
    hash_ -= HashOf(item.member, item.score);
    members_.Erase(item.member);
  });
  const auto [first, begin] = PlaceOf(rank);
  const auto [last, end] = PlaceOf(rank + count - 1);
  if (first == last) return EraseFrom(first, begin, count);
  const auto at = [](auto& items, size_t place) {
    return items.begin() + static_cast<std::ptrdiff_t>(place);
  };
  Block& head = blocks_[first];
  head.erase(at(head, begin), head.end());
  Block& tail = blocks_[last];
  tail.erase(tail.begin(), at(tail, end + 1));
  std::vector<Block> between(std::make_move_iterator(at(blocks_, first + 1)),
                             std::make_move_iterator(at(blocks_, last)));
  blocks_.erase(at(blocks_, first + 1), at(blocks_, last));
  Tidy(first + 1);
  Tidy(first);
  for (Block& block : between) {
    steps(block.size());
    block = Block();
  }
}

SortedSetValue SortedSetValue::Copy(Steps steps) const {
  SortedSetValue copy;
  copy.members_ = members_.Copy(steps);
  copy.blocks_.reserve(blocks_.size());
  for (const Block& block : blocks_) {
    steps(block.size());
    copy.blocks_.push_back(block);
  }
  copy.hash_ = hash_;
  return copy;
}

SortedSetValue::Place SortedSetValue::Find(double score,
                                           absl::string_view member) const {
  if (blocks_.empty()) return {.block = 0, .offset = 0};
  const auto less = [&](const Item& item) { return Less(item, score, member); };
  auto block =
      std::partition_point(blocks_.begin(), blocks_.end(),
                           [&](const Block& b) { return less(b.back()); });
  if (block == blocks_.end()) --block;
  const auto item = std::partition_point(block->begin(), block->end(), less);
  return {.block = static_cast<size_t>(block - blocks_.begin()),
          .offset = static_cast<size_t>(item - block->begin())};
}

SortedSetValue::Place SortedSetValue::PlaceOf(size_t rank) const {
  for (size_t block = 0; block < blocks_.size(); ++block) {
    if (rank < blocks_[block].size()) return {.block = block, .offset = rank};
    rank -= blocks_[block].size();
  }
  CHECK(false, "a rank beyond the last item");
}

size_t SortedSetValue::RankAt(Place place) const {
  size_t rank = place.offset;
  for (size_t i = 0; i < place.block; ++i) rank += blocks_[i].size();
  return rank;
}

void SortedSetValue::InsertInOrder(double score, absl::string_view member) {
  Item item{.score = score, .member = std::string(member)};
  if (blocks_.empty()) {
    blocks_.emplace_back().push_back(std::move(item));
    return;
  }
  const auto [place, offset] = Find(score, member);
  Block& block = blocks_[place];
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(offset),
               std::move(item));
  if (block.size() <= kBlockItemsMax) return;
  // Items often come in order: what is appended fills its block.
  const bool appended =
      place + 1 == blocks_.size() && offset + 1 == block.size();
  const auto middle = block.end() - static_cast<std::ptrdiff_t>(
                                        appended ? 1 : block.size() / 2);
  Block upper(std::make_move_iterator(middle),
              std::make_move_iterator(block.end()));
  block.erase(middle, block.end());
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                 std::move(upper));
}

void SortedSetValue::EraseInOrder(double score, absl::string_view member) {
  const auto [block, offset] = Find(score, member);
  CHECK(
      offset < blocks_[block].size() && blocks_[block][offset].member == member,
      "a member has no place in the order");
  EraseFrom(block, offset, 1);
}

void SortedSetValue::EraseFrom(size_t block, size_t offset, size_t count) {
  Block& items = blocks_[block];
  const auto first = items.begin() + static_cast<std::ptrdiff_t>(offset);
  items.erase(first, first + static_cast<std::ptrdiff_t>(count));
  Tidy(block);
}

void SortedSetValue::Tidy(size_t block) {
  const auto here = blocks_.begin() + static_cast<std::ptrdiff_t>(block);
  if (here->empty()) {
    blocks_.erase(here);
    return;
  }
  // It goes into the one before, or the one behind goes into it.
  for (const auto upper : {here, here + 1}) {
    if (upper == blocks_.begin() || upper == blocks_.end()) continue;
    Block& lower = *std::prev(upper);
    if (lower.size() + upper->size() > kMergedItemsMax) continue;
    lower.insert(lower.end(), std::make_move_iterator(upper->begin()),
                 std::make_move_iterator(upper->end()));
    blocks_.erase(upper);
    return;
  }
}

bool SortedSetValue::FreeSome(size_t count) {
  for (size_t freed = 0; freed < count && !blocks_.empty();) {
    freed += blocks_.back().size();
    blocks_.pop_back();
  }
  const bool none_left = members_.FreeSome(count);
  return none_left && blocks_.empty();
}

}  // namespace kv
