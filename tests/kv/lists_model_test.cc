// Lists against plain vectors, and their hash against that of a list which has
// no history.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "kv/values/list_value.h"
#include "runtime/random.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

// Plain vectors, which do what the commands say.
class Model {
 public:
  explicit Model(runtime::Random& dice) : dice_(dice) {}

  // A random command, carried out here. `expected` is the reply.
  std::string Next(std::string& expected) {
    const std::string key = absl::StrCat("l", dice_.Below(3));
    const std::string item(1, static_cast<char>('a' + dice_.Below(6)));
    auto& list = lists_[key];
    const size_t size = list.size();
    switch (dice_.Below(9)) {
      case 0:
        list.insert(list.begin(), item);
        expected = absl::StrCat(size + 1);
        return absl::StrCat("LPUSH ", key, " ", item);
      case 1:
        list.push_back(item);
        expected = absl::StrCat(size + 1);
        return absl::StrCat("RPUSH ", key, " ", item);
      case 2:
        expected = size == 0 ? "(nil)" : absl::StrCat("\"", list[0], "\"");
        if (size > 0) list.erase(list.begin());
        return absl::StrCat("LPOP ", key);
      case 3: {
        const auto count = static_cast<size_t>(dice_.Below(3));
        const auto kept = size - std::min(count, size);
        expected = size == 0 ? "(null array)"
                             : Show({list.rbegin(), list.rend() - Steps(kept)});
        list.resize(kept);
        return absl::StrCat("RPOP ", key, " ", count);
      }
      case 4: {
        const auto place = std::find(list.begin(), list.end(), item);
        const bool found = place != list.end();
        if (found) list.insert(place + 1, "x");
        expected = size == 0 ? "0" : found ? absl::StrCat(size + 1) : "-1";
        return absl::StrCat("LINSERT ", key, " AFTER ", item, " x");
      }
      case 5: {
        const bool one = dice_.Below(2) == 0;
        const auto first = std::find(list.begin(), list.end(), item);
        if (one && first != list.end()) {
          list.erase(first);
        } else if (!one) {
          std::erase(list, item);
        }
        expected = absl::StrCat(size - list.size());
        return absl::StrCat("LREM ", key, " ", one ? 1 : 0, " ", item);
      }
      case 6: {
        const auto begin = static_cast<size_t>(dice_.Below(3));
        const auto end = static_cast<size_t>(dice_.Below(3));
        if (begin + end >= size) {
          list.clear();
        } else {
          list.erase(list.begin(), list.begin() + Steps(begin));
          list.resize(list.size() - end);
        }
        expected = "OK";
        return absl::StrCat("LTRIM ", key, " ", begin, " -", end + 1);
      }
      case 7:
        if (size == 0) break;
        {
          const auto place = static_cast<size_t>(dice_.Below(size));
          list[place] = item;
          expected = "OK";
          return absl::StrCat("LSET ", key, " ", place, " ", item);
        }
      default:
        break;
    }
    expected = Show(list);
    return absl::StrCat("LRANGE ", key, " 0 -1");
  }

  const std::map<std::string, std::vector<std::string>>& lists() const {
    return lists_;
  }

 private:
  static std::ptrdiff_t Steps(size_t count) {
    return static_cast<std::ptrdiff_t>(count);
  }
  static std::string Show(const std::vector<std::string>& list) {
    return absl::StrCat("[", absl::StrJoin(list, ", "), "]");
  }

  runtime::Random& dice_;
  std::map<std::string, std::vector<std::string>> lists_;
};

TEST(ListsModelTest, RandomCommandsAgreeWithAModel) {
  const uint64_t seed = 7102;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "lists"));
  Model model(dice);
  CommandRunner run;
  for (int round = 0; round < 20000; ++round) {
    std::string expected;
    const std::string command = model.Next(expected);
    ASSERT_EQ(run(command), expected) << command << " in round " << round;
  }
  CommandRunner fresh;
  for (const auto& [key, items] : model.lists()) {
    for (const std::string& item : items) fresh.Run({"RPUSH", key, item});
  }
  EXPECT_EQ(fresh.StateHash(), run.StateHash());
}

// The hash is kept up by steps of many kinds, from both ends.
TEST(ListsModelTest, TheHashOfAListIsThatOfItsItems) {
  const uint64_t seed = 7104;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "list value"));
  ListValue list;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = absl::StrCat("item ", dice.Below(50));
    const auto place = static_cast<size_t>(dice.Below(list.size() + 1));
    const auto end =
        dice.Below(2) == 0 ? ListValue::End::kHead : ListValue::End::kTail;
    switch (dice.Below(5)) {
      case 0:
        list.Push(end, text);
        break;
      case 1:
        list.Insert(place, text, AtOnce);
        break;
      case 2:
        if (list.size() > 0) list.Pop(end);
        break;
      case 3:
        if (place < list.size()) list.Remove(place, AtOnce);
        break;
      default:
        if (place < list.size()) list.Set(place, text);
    }
    ListValue fresh;
    for (size_t i = 0; i < list.size(); ++i) {
      fresh.Push(ListValue::End::kTail, list.At(i));
    }
    ASSERT_EQ(list.hash(), fresh.hash()) << "round " << round;
  }
}

}  // namespace
}  // namespace kv
