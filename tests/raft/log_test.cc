#include "raft/core/log.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

#include "raft/core/membership.h"
#include "raft/core/unsynced.h"
#include "runtime/crc32c.h"
#include "runtime/random.h"

namespace raft {
namespace {

constexpr runtime::Instant kNow;

Record Entry(uint64_t index, uint64_t term, size_t size = 3) {
  return {.index = Index(index),
          .term = Term(term),
          .kind = static_cast<uint8_t>(EntryKind::kCommand),
          .payload_crc32c = 0,
          .payload = runtime::Bytes::Copy(std::string(size, 'x'))};
}

Record ConfigurationEntry(uint64_t index, uint64_t term, VoterSet voters) {
  Record record = Entry(index, term);
  record.kind = static_cast<uint8_t>(EntryKind::kConfiguration);
  record.payload = EncodeConfiguration({.voters = std::move(voters)});
  return record;
}

// A log whose entries have these terms; the first is the bootstrap's.
Log LogOf(const std::vector<uint64_t>& terms) {
  std::vector<Record> entries = {BootstrapEntry({NodeId(1)})};
  for (size_t i = 1; i < terms.size(); ++i) {
    entries.push_back(Entry(i + 1, terms[i]));
  }
  return Log(std::move(entries));
}

TEST(LogTest, KnowsItsEndAndItsTerms) {
  const Log log = LogOf({1, 2, 2, 5});
  EXPECT_EQ(log.last_index(), Index(4));
  EXPECT_EQ(log.last_term(), Term(5));
  EXPECT_EQ(log.TermAt(Index(3)), Term(2));
  EXPECT_EQ(log.TermAt(Index(0)), Term(0));
  EXPECT_TRUE(log.Holds(Index(0), Term(0)));
  EXPECT_TRUE(log.Holds(Index(4), Term(5)));
  EXPECT_FALSE(log.Holds(Index(4), Term(2)));
  EXPECT_FALSE(log.Holds(Index(5), Term(5)));
}

// Raft §5.4.1: the later last term wins, whatever the length.
TEST(LogTest, IsUpToDateComparesTermsBeforeLengths) {
  const Log log = LogOf({1, 2, 3});
  EXPECT_TRUE(log.IsUpToDate(Index(3), Term(3)));
  EXPECT_TRUE(log.IsUpToDate(Index(2), Term(4)));
  EXPECT_TRUE(log.IsUpToDate(Index(9), Term(3)));
  EXPECT_FALSE(log.IsUpToDate(Index(2), Term(3)));
  EXPECT_FALSE(log.IsUpToDate(Index(9), Term(2)));
}

TEST(LogTest, SkipsWholeTermsAsALinearSearchWould) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "log"));
    std::vector<uint64_t> terms = {1};
    const uint64_t size = 1 + dice.Below(20);
    while (terms.size() < size) terms.push_back(terms.back() + dice.Below(3));
    Log log = LogOf(terms);
    if (size > 2 && dice.Chance(500'000)) {
      const uint64_t cut = 2 + dice.Below(size - 1);
      log.TruncateFrom(Index(cut));
      terms.resize(cut - 1);
    }
    for (uint64_t upto = 0; upto <= terms.size() + 2; ++upto) {
      for (uint64_t term = 0; term <= terms.back() + 1; ++term) {
        uint64_t expected = std::min<uint64_t>(upto, terms.size());
        while (expected > 0 && terms[expected - 1] > term) --expected;
        ASSERT_EQ(log.LastWithTermAtMost(Index(upto), Term(term)),
                  Index(expected))
            << "seed " << seed << " upto " << upto << " term " << term;
      }
      if (upto > terms.size()) continue;
      uint64_t first = upto;
      while (first > 1 && terms[first - 2] == terms[upto - 1]) --first;
      ASSERT_EQ(log.FirstOfTermAt(Index(upto)), Index(first))
          << "seed " << seed;
    }
  }
}

TEST(LogTest, TruncationBringsTheFormerConfigurationBack) {
  Log log = LogOf({1, 2});
  const Configuration founding = log.configuration();
  log.Append(ConfigurationEntry(3, 2, {NodeId(1), NodeId(2)}));
  log.Append(Entry(4, 2));
  log.Append(ConfigurationEntry(5, 3, {NodeId(1), NodeId(2), NodeId(3)}));
  EXPECT_EQ(log.configuration_index(), Index(5));
  log.TruncateFrom(Index(5));
  EXPECT_EQ(log.configuration_index(), Index(3));
  EXPECT_EQ(log.configuration().voters.size(), 2u);
  log.TruncateFrom(Index(2));
  EXPECT_EQ(log.configuration(), founding);
  EXPECT_EQ(log.last_term(), Term(1));
}

TEST(LogTest, CopiesAreBoundedButNeverEmpty) {
  Log log = LogOf({1});
  for (uint64_t i = 2; i <= 9; ++i) log.Append(Entry(i, 2, 100));
  std::vector<Record> out;
  EXPECT_EQ(log.CopyTo(out, Index(2), 100, 250), 200u);
  EXPECT_EQ(out.size(), 2u);
  out.clear();
  EXPECT_EQ(log.CopyTo(out, Index(2), 100, 10), 100u);
  EXPECT_EQ(out.size(), 1u);
  out.clear();
  EXPECT_EQ(log.CopyTo(out, Index(7), 100, 10'000), 300u);
  EXPECT_EQ(out.front().index, Index(7));
  EXPECT_EQ(out.size(), 3u);
  // Shared with the log, not copied.
  EXPECT_EQ(out.front().payload.data(), log.At(Index(7)).payload.data());
}

// ------------------------------------------------------------- membership

TEST(MembershipTest, FoundersWriteTheSameEntryInWhateverOrder) {
  const Record a = BootstrapEntry({NodeId(3), NodeId(1), NodeId(2)});
  const Record b = BootstrapEntry({NodeId(2), NodeId(3), NodeId(1)});
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.payload_crc32c, runtime::Crc32c(a.payload.span()));
  EXPECT_EQ(a.index, kBootstrapIndex);
  EXPECT_EQ(a.term, kBootstrapTerm);
  const auto decoded = DecodeConfiguration(a.payload.span());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->voters, (VoterSet{NodeId(1), NodeId(2), NodeId(3)}));
}

TEST(MembershipTest, NoOtherBytesAreAConfiguration) {
  const runtime::Bytes good =
      EncodeConfiguration({.voters = {NodeId(1), NodeId(2)}});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeConfiguration(good.Slice(0, size).span()).ok()) << size;
  }
  const auto with = [&](size_t at, char value) {
    std::string text(good.text());
    text[at] = value;
    return DecodeConfiguration(runtime::AsBytes(text)).ok();
  };
  EXPECT_TRUE(with(5, 1));
  EXPECT_FALSE(with(0, 9));    // Another format.
  EXPECT_FALSE(with(1, 1));    // A count that does not fit.
  EXPECT_FALSE(with(5, 0));    // Nobody votes.
  EXPECT_FALSE(with(5, 2));    // Twice the same.
  EXPECT_FALSE(with(5, 3));    // Out of order.
  EXPECT_FALSE(with(4, 127));  // A forged count.
}

// --------------------------------------------------------------- unsynced

TEST(UnsyncedTest, ReportsWhatEachStoreCompletes) {
  Unsynced unsynced(Index(1));
  unsynced.Begin(Sequence(1), kNow);
  unsynced.AppendedUpTo(Index(3));
  unsynced.Begin(Sequence(2), kNow + absl::Seconds(1));  // Hard state only.
  unsynced.Begin(Sequence(3), kNow + absl::Seconds(2));
  unsynced.AppendedUpTo(Index(5));
  EXPECT_EQ(unsynced.DurableAfter(Index(1)), Sequence(0));
  EXPECT_EQ(unsynced.DurableAfter(Index(2)), Sequence(1));
  EXPECT_EQ(unsynced.DurableAfter(Index(4)), Sequence(3));
  EXPECT_EQ(unsynced.oldest(), kNow);
  unsynced.SyncedUpTo(Sequence(2));
  EXPECT_EQ(unsynced.durable_index(), Index(3));
  EXPECT_EQ(unsynced.oldest(), kNow + absl::Seconds(2));
  unsynced.SyncedUpTo(Sequence(3));
  EXPECT_EQ(unsynced.durable_index(), Index(5));
  EXPECT_EQ(unsynced.oldest(), std::nullopt);
}

// A sync under way speaks of the entries that were cut, not of those that
// stand in their place now.
TEST(UnsyncedTest, ASyncOfWhatWasCutMakesNothingNewDurable) {
  Unsynced unsynced(Index(1));
  unsynced.Begin(Sequence(1), kNow);
  unsynced.AppendedUpTo(Index(8));
  unsynced.Begin(Sequence(2), kNow);
  unsynced.TruncatedFrom(Index(4));
  unsynced.AppendedUpTo(Index(9));
  unsynced.SyncedUpTo(Sequence(1));
  EXPECT_EQ(unsynced.durable_index(), Index(3));
  EXPECT_EQ(unsynced.DurableAfter(Index(8)), Sequence(2));
  unsynced.SyncedUpTo(Sequence(2));
  EXPECT_EQ(unsynced.durable_index(), Index(9));
}

TEST(UnsyncedTest, ACutTakesDurabilityBack) {
  Unsynced unsynced(Index(6));
  unsynced.Begin(Sequence(1), kNow);
  unsynced.TruncatedFrom(Index(3));
  EXPECT_EQ(unsynced.durable_index(), Index(2));
  unsynced.AppendedUpTo(Index(4));
  EXPECT_EQ(unsynced.durable_index(), Index(2));
  unsynced.SyncedUpTo(Sequence(1));
  EXPECT_EQ(unsynced.durable_index(), Index(4));
}

}  // namespace
}  // namespace raft
