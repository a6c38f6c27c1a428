#include "raft/core/quorum.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/ids.h"
#include "runtime/random.h"

namespace raft {
namespace {

using runtime::NodeId;

VoterSet Voters(size_t count, uint64_t first = 1) {
  VoterSet voters;
  for (uint64_t i = 0; i < count; ++i) voters.emplace_back(first + i);
  return voters;
}

// Counts, for every number there is, whether a majority of each set is there.
uint64_t SlowQuorumValue(const std::vector<VoterSet>& sets,
                         const std::map<NodeId, uint64_t>& values) {
  std::vector<uint64_t> candidates = {0};
  for (const auto& [node, value] : values) candidates.push_back(value);
  uint64_t best = 0;
  for (const uint64_t candidate : candidates) {
    const bool reached =
        std::all_of(sets.begin(), sets.end(), [&](const VoterSet& set) {
          const auto there = std::count_if(
              set.begin(), set.end(),
              [&](NodeId node) { return values.at(node) >= candidate; });
          return 2 * static_cast<size_t>(there) > set.size();
        });
    if (reached) best = std::max(best, candidate);
  }
  return best;
}

uint64_t QuorumOf(const std::vector<uint64_t>& values) {
  const std::vector<VoterSet> sets = {Voters(values.size())};
  return QuorumValue(sets,
                     [&](NodeId node) { return values[node.value() - 1]; });
}

TEST(QuorumTest, ValueIsWhatAMajorityHasReached) {
  EXPECT_EQ(QuorumOf({7}), 7u);
  EXPECT_EQ(QuorumOf({7, 3}), 3u);
  EXPECT_EQ(QuorumOf({7, 3, 5}), 5u);
  EXPECT_EQ(QuorumOf({9, 9, 1, 1}), 1u);  // Two of four are no majority.
  EXPECT_EQ(QuorumOf({9, 9, 9, 1}), 9u);
  EXPECT_EQ(QuorumOf({1, 2, 3, 4, 5}), 3u);
}

TEST(QuorumTest, ValueEqualsACountByHandForAnySets) {
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "quorum"));
    std::vector<VoterSet> sets;
    const uint64_t set_count = 1 + dice.Below(2);
    for (uint64_t i = 0; i < set_count; ++i) {
      const uint64_t size = 1 + dice.Below(9);
      const uint64_t first = 1 + dice.Below(4);
      sets.push_back(Voters(size, first));
    }
    std::map<NodeId, uint64_t> values;
    for (uint64_t n = 1; n <= 16; ++n) values[NodeId(n)] = dice.Below(12);
    EXPECT_EQ(QuorumValue(sets, [&](NodeId node) { return values.at(node); }),
              SlowQuorumValue(sets, values))
        << "seed " << seed;
  }
}

// Every vote of every voter, for one set of up to six and for two sets.
TEST(QuorumTest, VotesAreDecidedExactlyWhenNoOpenVoteCanChangeThem) {
  for (size_t size = 1; size <= 6; ++size) {
    size_t combinations = 1;
    for (size_t i = 0; i < size; ++i) combinations *= 3;
    for (size_t code = 0; code < combinations; ++code) {
      std::vector<std::optional<bool>> votes;
      size_t yes = 0;
      size_t no = 0;
      for (size_t rest = code; votes.size() < size; rest /= 3) {
        const size_t digit = rest % 3;
        votes.push_back(digit == 0   ? std::nullopt
                        : digit == 1 ? std::optional(true)
                                     : std::optional(false));
        yes += digit == 1;
        no += digit == 2;
      }
      const VoteResult expected = 2 * yes > size ? VoteResult::kWon
                                  : 2 * (size - no) > size
                                      ? VoteResult::kPending
                                      : VoteResult::kLost;
      const std::vector<VoterSet> sets = {Voters(size)};
      EXPECT_EQ(CountVotes(
                    sets, [&](NodeId node) { return votes[node.value() - 1]; }),
                expected)
          << size << " voters, votes " << code;
    }
  }
}

TEST(QuorumTest, TwoSetsNeedAMajorityOfEach) {
  // Old 1 2 3, new 3 4 5. All of the union but for one half is not enough.
  const std::vector<VoterSet> sets = {Voters(3, 1), Voters(3, 3)};
  const auto count = [&](std::vector<uint64_t> yes) {
    return CountVotes(sets, [&](NodeId node) -> std::optional<bool> {
      if (std::count(yes.begin(), yes.end(), node.value()) > 0) return true;
      return std::nullopt;
    });
  };
  EXPECT_EQ(count({1, 2, 3}), VoteResult::kPending);
  EXPECT_EQ(count({3, 4, 5}), VoteResult::kPending);
  EXPECT_EQ(count({1, 2, 4}), VoteResult::kPending);
  EXPECT_EQ(count({1, 3, 4}), VoteResult::kWon);
  EXPECT_EQ(count({1, 2, 4, 5}), VoteResult::kWon);
}

}  // namespace
}  // namespace raft
