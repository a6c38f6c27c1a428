#include "kv/command.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "kv/integer.h"
#include "kv/varint.h"
#include "runtime/random.h"

namespace kv {
namespace {

using absl::string_view;

std::string Encoded(const SessionStamp& stamp, const CommandBatch& batch,
                    const Decisions& decisions = {}) {
  return std::string(EncodeEntry(stamp, decisions, batch).text());
}

absl::Status TryDecode(string_view bytes) {
  SessionStamp stamp;
  Decisions decisions;
  CommandBatch batch;
  return DecodeEntry(bytes, stamp, decisions, batch);
}

std::string SampleEntry() {
  CommandBatch batch;
  batch.Add(Operation::kSet, {"key", string_view("a\0b", 3), "NX"});
  batch.Add(Operation::kGet, {""});
  batch.Add(Operation::kIncrement, {"n", "-7"});
  return Encoded({.session = 300, .sequence = 70000, .first_pending = 12},
                 batch, {.now_ms = 1'700'000'000'000, .dice = 99});
}

TEST(CommandTest, AnEntryReadsBackAsItWasWritten) {
  const std::string bytes = SampleEntry();
  SessionStamp stamp;
  Decisions decisions;
  CommandBatch batch;
  ASSERT_TRUE(DecodeEntry(bytes, stamp, decisions, batch).ok());
  EXPECT_EQ(decisions, (Decisions{1'700'000'000'000, 99}));
  EXPECT_EQ(stamp, (SessionStamp{300, 70000, 12}));
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_FALSE(batch.read_only());
  EXPECT_EQ(batch[0].operation, Operation::kSet);
  ASSERT_EQ(batch[0].args.size(), 3u);
  EXPECT_EQ(batch[0].args[1], string_view("a\0b", 3));
  EXPECT_EQ(batch[1].operation, Operation::kGet);
  EXPECT_EQ(batch[1].args[0], "");
  EXPECT_EQ(batch[2].args[1], "-7");
  EXPECT_EQ(Encoded(stamp, batch, decisions), bytes);
}

TEST(CommandTest, EntriesOfTheFirstVersionAreRead) {
  // Written before entries carried decisions: SET k v.
  const std::string bytes("\x01\x05\x07\x06\x01\x02\x02\x01k\x01v", 11);
  SessionStamp stamp;
  Decisions decisions{1, 1};
  CommandBatch batch;
  ASSERT_TRUE(DecodeEntry(bytes, stamp, decisions, batch).ok());
  EXPECT_EQ(stamp, (SessionStamp{5, 7, 6}));
  EXPECT_EQ(decisions, Decisions());
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch[0].operation, Operation::kSet);
  EXPECT_EQ(batch[0].args[1], "v");
}

TEST(CommandTest, TheRestOfABatchCanBeEncodedAlone) {
  CommandBatch batch;
  batch.Add(Operation::kPut, {"a", "1"});
  batch.Add(Operation::kGet, {"b"});
  const runtime::Bytes rest = EncodeEntry({}, {}, batch, 1);
  SessionStamp stamp;
  Decisions decisions;
  CommandBatch decoded;
  ASSERT_TRUE(DecodeEntry(rest.text(), stamp, decisions, decoded).ok());
  ASSERT_EQ(decoded.size(), 1u);
  EXPECT_EQ(decoded[0].args[0], "b");
  EXPECT_TRUE(decoded.read_only());
}

TEST(CommandTest, NoCutEntryDecodes) {
  const std::string bytes = SampleEntry();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(TryDecode(string_view(bytes).substr(0, size))))
        << size;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(TryDecode(bytes + '\0')));
}

TEST(CommandTest, DamagedEntriesAreRefusedOrMeanSomethingWellFormed) {
  const uint64_t seed = 20240611;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "damage"));
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = SampleEntry();
    const uint64_t changes = 1 + dice.Below(3);
    for (uint64_t i = 0; i < changes; ++i) {
      const uint64_t place = dice.Below(bytes.size());
      const uint64_t byte = dice.Below(256);
      bytes[place] = static_cast<char>(byte);
    }
    SessionStamp stamp;
    Decisions decisions;
    CommandBatch batch;
    if (!DecodeEntry(bytes, stamp, decisions, batch).ok()) continue;
    // Equal entries have equal bytes: nothing is decoded leniently.
    if (bytes[0] == 2) {
      EXPECT_EQ(Encoded(stamp, batch, decisions), bytes);
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      EXPECT_TRUE(CheckCommand(batch[i]).ok());
    }
  }
}

TEST(CommandTest, ForgedCountsAllocateNothing) {
  std::string bytes = {2, 0, 0, 0,
                       0, 0, 1, static_cast<char>(Operation::kDelete)};
  char digits[kVarintBytesMax];
  const char* end = PutVarint(digits, uint64_t{1} << 60);
  bytes.append(digits, static_cast<size_t>(end - digits));
  EXPECT_TRUE(absl::IsInvalidArgument(TryDecode(bytes)));
}

TEST(CommandTest, ASessionIsOpenedAloneAndByNobody) {
  CommandBatch open;
  open.Add(Operation::kOpenSession, {});
  EXPECT_TRUE(TryDecode(Encoded({}, open)).ok());
  EXPECT_FALSE(TryDecode(Encoded({5, 1, 1}, open)).ok());
  open.Add(Operation::kOpenSession, {});
  EXPECT_FALSE(TryDecode(Encoded({}, open)).ok());
}

TEST(CommandTest, ArgumentsAreCountedByOperation) {
  const auto check = [](Operation operation, std::vector<string_view> args) {
    return CheckCommand({operation, args}).ok();
  };
  EXPECT_TRUE(check(Operation::kGet, {"k"}));
  EXPECT_FALSE(check(Operation::kGet, {}));
  EXPECT_FALSE(check(Operation::kGet, {"k", "l"}));
  EXPECT_TRUE(check(Operation::kSet, {"k", "v", "XX"}));
  EXPECT_FALSE(check(Operation::kSet, {"k"}));
  EXPECT_TRUE(check(Operation::kMultiSet, {"a", "1", "b", "2"}));
  EXPECT_FALSE(check(Operation::kMultiSet, {"a"}));
  EXPECT_FALSE(check(static_cast<Operation>(0), {}));
  EXPECT_FALSE(check(static_cast<Operation>(255), {}));
  EXPECT_FALSE(check(static_cast<Operation>(65535), {}));
}

TEST(IntegerTest, OnlyTheCanonicalFormIsAnInteger) {
  EXPECT_EQ(ParseInteger("0"), 0);
  EXPECT_EQ(ParseInteger("-1"), -1);
  EXPECT_EQ(ParseInteger("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "0x1",
                           "9223372036854775808", "-9223372036854775809",
                           "18446744073709551616"}) {
    EXPECT_FALSE(ParseInteger(text).has_value()) << text;
  }
}

TEST(VarintTest, EveryWidthReadsBackAndLongFormsAreRefused) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t value = (uint64_t{1} << bit) | 1;
    char digits[kVarintBytesMax];
    const char* end = PutVarint(digits, value);
    const auto size = static_cast<size_t>(end - digits);
    EXPECT_EQ(size, VarintSize(value));
    FieldReader reader(string_view(digits, size));
    uint64_t back = 0;
    EXPECT_TRUE(reader.Varint(back));
    EXPECT_EQ(back, value);
    EXPECT_EQ(reader.left(), 0u);
  }
  uint64_t value = 0;
  EXPECT_FALSE(FieldReader(string_view("\x80\x00", 2)).Varint(value));
  EXPECT_FALSE(
      FieldReader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").Varint(value));
  EXPECT_FALSE(FieldReader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
                   .Varint(value));
}

}  // namespace
}  // namespace kv
