// The ordered map against a plain one: with few keys and with many, through
// growth and removal, so that the table beside the tree is never wrong.

#include "kv/values/hash_ordered.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace kv {
namespace {

using Map = HashOrdered<uint64_t>;
using Model = std::map<std::string, uint64_t>;

std::string KeyOf(uint64_t number) { return absl::StrCat("key:", number); }

// Everything in order, each key once, and found.
void ExpectSame(const Map& map, const Model& model) {
  ASSERT_EQ(map.size(), model.size());
  uint64_t last = 0;
  size_t met = 0;
  for (const Map::Item& item : map) {
    EXPECT_GE(item.order, last);
    EXPECT_EQ(item.order, OrderOf(item.key));
    last = item.order;
    const auto it = model.find(item.key);
    ASSERT_NE(it, model.end()) << item.key;
    EXPECT_EQ(item.value, it->second);
    EXPECT_EQ(map.Find(item.key), &item);
    ++met;
  }
  EXPECT_EQ(met, model.size());
}

class HashOrderedTest : public testing::TestWithParam<uint64_t> {};

TEST_P(HashOrderedTest, IsWhatAPlainMapIs) {
  const uint64_t keys = GetParam();
  runtime::Random dice(keys);
  Map map;
  Model model;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = KeyOf(dice.Below(keys));
    switch (dice.Below(4)) {
      case 0: {
        const auto [item, fresh] = map.Insert(key);
        EXPECT_EQ(fresh, !model.contains(key));
        item.value = model[key] = dice.Below(1'000'000);
        break;
      }
      case 1:
        EXPECT_EQ(map.Erase(key), model.erase(key) == 1);
        break;
      case 2:
        if (Map::Item* item = map.Find(key); item != nullptr) {
          ASSERT_TRUE(model.contains(key));
          EXPECT_EQ(item->value, model[key]);
          EXPECT_EQ(item->key, key);
        } else {
          EXPECT_FALSE(model.contains(key));
        }
        break;
      default: {
        const std::vector<std::string> names = {key, KeyOf(dice.Below(keys))};
        const std::vector<absl::string_view> expected(names.begin(),
                                                      names.end());
        map.Expect(expected, [](uint64_t) {});
        EXPECT_EQ(map.Contains(key), model.contains(key));
      }
    }
  }
  ExpectSame(map, model);

  const Map copy = map.Copy(AtOnce);
  if (!map.empty()) map.Erase(map.begin()->key);
  ExpectSame(copy, model);
  map.Clear();
  ExpectSame(map, {});
  map = copy.Copy(AtOnce);
  ExpectSame(map, model);
}

INSTANTIATE_TEST_SUITE_P(, HashOrderedTest,
                         testing::Values(1, 10, 127, 129, 300, 5'000, 100'000));

// An item that is gone must not be found where it stood.
TEST(HashOrderedItemTest, AKeyThatComesBackIsAnotherItem) {
  Map map;
  for (uint64_t i = 0; i < 1'000; ++i) map.Insert(KeyOf(i)).first.value = i;
  for (uint64_t i = 0; i < 1'000; ++i) {
    Map::Item* const item = map.Find(KeyOf(i));
    ASSERT_NE(item, nullptr);
    map.Erase(*item);
    EXPECT_EQ(map.Find(KeyOf(i)), nullptr);
    EXPECT_TRUE(map.Insert(KeyOf(i)).second);
    EXPECT_EQ(map.Find(KeyOf(i))->value, 0u);
  }
}

}  // namespace
}  // namespace kv
