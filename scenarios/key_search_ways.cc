// Which ways a search keeps: how two of them compare, and which few of many.

#include <algorithm>
#include <tuple>
#include <utility>

#include "scenarios/key_search.h"

namespace scenarios {

bool KeySearch::Group::operator<(const Group& other) const {
  return std::tie(state, unseen, settled, done) <
         std::tie(other.state, other.unseen, other.settled, other.done);
}

bool KeySearch::IsNoWorse(const Spent& a, const Spent& b) {
  steps_ += 1 + a.used.size() / 4;
  for (size_t word = 0; word < a.free.size(); ++word) {
    const uint64_t differs = b.free[word] | (a.done[word] ^ b.done[word]);
    if ((~a.free[word] & differs) != 0) return false;
  }
  auto other = b.used.begin();
  for (const auto& [effect, count] : a.used) {
    while (other != b.used.end() && other->first < effect) ++other;
    if (other == b.used.end() || other->first != effect) return false;
    if (other->second < count) return false;
  }
  return true;
}

bool KeySearch::Insert(Thriftiest& thriftiest,
                       const Configuration& configuration) {
  Group group{configuration.state, configuration.unseen, configuration.settled,
              configuration.done};
  Spent spent{configuration.done, configuration.free, configuration.used};
  for (size_t word = 0; word < blind_.size(); ++word) {
    group.done[word] &= ~blind_[word];
    spent.done[word] &= blind_[word];
  }
  std::vector<Spent>& others = thriftiest.groups[std::move(group)];
  for (const Spent& other : others) {
    if (IsNoWorse(other, spent)) return false;
  }
  const size_t dropped = std::erase_if(
      others, [&](const Spent& other) { return IsNoWorse(spent, other); });
  others.push_back(std::move(spent));
  thriftiest.size += 1;
  thriftiest.size -= dropped;
  return true;
}

void KeySearch::TakeAll(const Thriftiest& accepted,
                        std::vector<Configuration>& next) {
  for (const auto& [group, all_spent] : accepted.groups) {
    for (const Spent& spent : all_spent) {
      Configuration& configuration = next.emplace_back();
      configuration.state = group.state;
      configuration.done = group.done;
      for (size_t word = 0; word < spent.done.size(); ++word) {
        configuration.done[word] |= spent.done[word];
      }
      configuration.free = spent.free;
      configuration.used = spent.used;
    }
  }
}

void KeySearch::Prune(std::vector<Configuration>& next) {
  if (next.size() <= limits_.kept_max) return;
  cut_ = true;
  struct Ranked {
    uint64_t among_equals;  // Of one state: the how manieth thriftiest.
    uint64_t spent;
    size_t number;
  };
  std::vector<std::pair<std::pair<State, uint64_t>, size_t>> by_state;
  for (size_t i = 0; i < next.size(); ++i) {
    uint64_t spent = 0;
    for (const auto& [effect, count] : next[i].used) spent += 4 * count;
    for (size_t word = 0; word < blind_.size(); ++word) {
      const uint64_t bound = blind_[word] & ~next[i].free[word];
      spent += static_cast<uint64_t>(__builtin_popcountll(bound));
    }
    by_state.push_back({{next[i].state, spent}, i});
  }
  std::sort(by_state.begin(), by_state.end());
  std::vector<Ranked> ranked;
  for (const auto& [key, number] : by_state) {
    const bool first =
        ranked.empty() || next[ranked.back().number].state != key.first;
    ranked.push_back(
        {first ? 0 : ranked.back().among_equals + 1, key.second, number});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tie(a.among_equals, a.spent, a.number) <
           std::tie(b.among_equals, b.spent, b.number);
  });
  std::vector<Configuration> kept;
  for (size_t i = 0; i < limits_.kept_max; ++i) {
    kept.push_back(std::move(next[ranked[i].number]));
  }
  next = std::move(kept);
}

void KeySearch::ForgetCommonUse(std::vector<Configuration>& next) {
  Used common = next[0].used;
  for (const Configuration& configuration : next) {
    Used both;
    auto other = configuration.used.begin();
    for (const auto& [effect, count] : common) {
      while (other != configuration.used.end() && other->first < effect) {
        ++other;
      }
      if (other == configuration.used.end()) break;
      if (other->first != effect) continue;
      both.emplace_back(effect, std::min(count, other->second));
    }
    common = std::move(both);
    if (common.empty()) return;
  }
  for (const auto& [effect, count] : common) effects_[effect].used += count;
  for (Configuration& configuration : next) {
    Used left;
    auto other = common.begin();
    for (const auto& [effect, count] : configuration.used) {
      while (other != common.end() && other->first < effect) ++other;
      const bool shared = other != common.end() && other->first == effect;
      const uint32_t rest = shared ? count - other->second : count;
      if (rest > 0) left.emplace_back(effect, rest);
    }
    configuration.used = std::move(left);
  }
}

}  // namespace scenarios
