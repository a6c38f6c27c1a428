#include "kv/values/sorted_set_value.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"

namespace kv {
namespace {

using Item = SortedSetValue::Item;
using Pairs = std::vector<std::pair<double, std::string>>;

Pairs Contents(const SortedSetValue& set) {
  Pairs pairs;
  set.Walk(0, set.size(), [&](const Item& item) {
    pairs.emplace_back(item.score, item.member);
  });
  return pairs;
}

// What a sorted set is, in so many words.
class Model {
 public:
  void Set(const std::string& member, double score) {
    Remove(member);
    scores_[member] = score;
    order_.emplace(score, member);
  }

  void Remove(const std::string& member) {
    const auto it = scores_.find(member);
    if (it == scores_.end()) return;
    order_.erase({it->second, member});
    scores_.erase(it);
  }

  void RemoveRange(size_t rank, size_t count) {
    const Pairs pairs(order_.begin(), order_.end());
    for (size_t i = rank; i < rank + count; ++i) Remove(pairs[i].second);
  }

  void ExpectEqual(const SortedSetValue& set) const {
    ASSERT_EQ(set.size(), order_.size());
    ASSERT_EQ(set.vanishes(), order_.empty());
    size_t rank = 0;
    for (const auto& [score, member] : order_) {
      ASSERT_EQ(set.At(rank).member, member);
      ASSERT_EQ(set.At(rank).score, score);
      ASSERT_EQ(set.RankOf(member), rank);
      ASSERT_EQ(set.ScoreOf(member), score);
      ++rank;
    }
    ASSERT_EQ(Contents(set), Pairs(order_.begin(), order_.end()));
    Pairs back;
    if (rank > 0) {
      set.WalkBack(rank - 1, rank, [&](const Item& item) {
        back.emplace_back(item.score, item.member);
      });
    }
    ASSERT_EQ(back, Pairs(order_.rbegin(), order_.rend()));
  }

  size_t CountBelow(double score) const {
    size_t count = 0;
    for (const auto& [one, member] : order_) count += one < score ? 1 : 0;
    return count;
  }

 private:
  std::map<std::string, double> scores_;
  std::set<std::pair<double, std::string>> order_;
};

// Few scores make many ties, and few members make many changes.
void RunAgainstModel(uint64_t seed, uint64_t members, uint64_t scores) {
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  runtime::Random dice(runtime::StreamSeed(seed, "sorted set"));
  SortedSetValue set;
  Model model;
  for (int step = 0; step < 6000; ++step) {
    const std::string member = absl::StrCat("m", dice.Below(members));
    const double score = static_cast<double>(dice.Below(scores)) / 4;
    const uint64_t act = dice.Below(100);
    if (act < 70) {
      const bool fresh = !set.Contains(member);
      EXPECT_EQ(set.Set(member, score), fresh);
      model.Set(member, score);
    } else if (act < 99) {
      const bool there = set.Contains(member);
      EXPECT_EQ(set.Remove(member), there);
      model.Remove(member);
    } else if (set.size() > 0) {
      const size_t rank = dice.Below(set.size());
      const size_t most = dice.Below(4) == 0 ? set.size() - rank : 20;
      const size_t count = dice.Below(std::min(most, set.size() - rank) + 1);
      set.RemoveRange(rank, count, AtOnce);
      model.RemoveRange(rank, count);
    }
    EXPECT_EQ(set.CountWhile([&](const Item& i) { return i.score < score; }),
              model.CountBelow(score));
    if (step % 500 == 0) model.ExpectEqual(set);
  }
  model.ExpectEqual(set);
}

TEST(SortedSetValueTest, IsWhatItsModelIs) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    RunAgainstModel(seed, 20, 5);
    RunAgainstModel(seed, 2000, 5);
    RunAgainstModel(seed, 100'000, 100'000);
  }
}

TEST(SortedSetValueTest, ItsHashKnowsNoHistory) {
  SortedSetValue up;
  SortedSetValue down;
  for (int i = 0; i < 1000; ++i) {
    up.Set(absl::StrCat(i), i % 7);
    down.Set(absl::StrCat(999 - i), 1);
    down.Set(absl::StrCat("gone", i), i);
  }
  EXPECT_NE(up.hash(), down.hash());
  for (int i = 0; i < 1000; ++i) {
    down.Set(absl::StrCat(i), i % 7);
    EXPECT_TRUE(down.Remove(absl::StrCat("gone", i)));
  }
  EXPECT_EQ(up.hash(), down.hash());
  EXPECT_EQ(Contents(up), Contents(down));
}

TEST(SortedSetValueTest, ItsHashTellsMembersAndScoresApart) {
  SortedSetValue a;
  a.Set("x", 1);
  a.Set("y", 2);
  SortedSetValue b;
  b.Set("x", 2);
  b.Set("y", 1);
  EXPECT_NE(a.hash(), b.hash());
  b.RemoveRange(0, 2, AtOnce);
  EXPECT_EQ(b.hash(), SortedSetValue().hash());
}

TEST(SortedSetValueTest, ZeroHasOneSign) {
  SortedSetValue a;
  a.Set("x", 0.0);
  SortedSetValue b;
  b.Set("x", -0.0);
  EXPECT_EQ(a.hash(), b.hash());
}

TEST(SortedSetValueTest, InfinitiesAreTheEnds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  SortedSetValue set;
  set.Set("high", kInfinity);
  set.Set("low", -kInfinity);
  set.Set("middle", 0);
  EXPECT_EQ(set.RankOf("low"), 0u);
  EXPECT_EQ(set.RankOf("middle"), 1u);
  EXPECT_EQ(set.RankOf("high"), 2u);
}

TEST(SortedSetValueTest, MembersAreOrderedByUnsignedBytes) {
  SortedSetValue set;
  for (const char* member : {"\xff", "a", "", "B", "aa"}) set.Set(member, 1);
  EXPECT_EQ(Contents(set),
            (Pairs{{1, ""}, {1, "B"}, {1, "a"}, {1, "aa"}, {1, "\xff"}}));
}

TEST(SortedSetValueTest, ACopyLivesAlone) {
  SortedSetValue set;
  for (int i = 0; i < 600; ++i) set.Set(absl::StrCat(i), i);
  const SortedSetValue copy = set.Copy(AtOnce);
  set.RemoveRange(0, 600, AtOnce);
  EXPECT_TRUE(set.vanishes());
  EXPECT_EQ(copy.size(), 600u);
  EXPECT_EQ(copy.RankOf("599"), 599u);
}

}  // namespace
}  // namespace kv
