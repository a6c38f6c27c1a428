#include "raft/codec.h"

#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

#include "raft/core/membership.h"
#include "runtime/crc32c.h"
#include "runtime/random.h"

namespace raft {
namespace {

runtime::Bytes Flat(const Message& message) {
  std::string text;
  for (const runtime::Bytes& piece : EncodeMessage(message)) {
    text.append(piece.text().data(), piece.text().size());
  }
  return runtime::Bytes::Copy(text);
}

Record Entry(uint64_t index, uint64_t term, EntryKind kind,
             const std::string& text) {
  return {.index = Index(index),
          .term = Term(term),
          .kind = static_cast<uint8_t>(kind),
          .payload_crc32c = runtime::Crc32c(runtime::AsBytes(text)),
          .payload = runtime::Bytes::Copy(text)};
}

AppendRequest Append() {
  Record configuration = BootstrapEntry({NodeId(1), NodeId(2)});
  configuration.index = Index(9);
  configuration.term = Term(5);
  return {
      .term = Term(6),
      .session = 3,
      .previous_index = Index(6),
      .previous_term = Term(4),
      .commit = Index(5),
      .read_round = 17,
      .entries = {Entry(7, 4, EntryKind::kCommand, "set a 1"),
                  Entry(8, 5, EntryKind::kNoop, ""), configuration,
                  Entry(10, 6, EntryKind::kCommand, std::string(5000, 'v'))}};
}

std::vector<Message> AllKinds() {
  return {
      PreVoteRequest{Term(7), Index(3), Term(2)},
      PreVoteReply{Term(7), Term(6), true},
      VoteRequest{Term(7), Index(3), Term(2), true},
      VoteReply{Term(7), true},
      Append(),
      AppendReply{Term(7), 3, 9, false, Index(4), Index(3), Term(2), Index(1)},
      HeartbeatRequest{Term(7), Index(3), 12},
      HeartbeatReply{Term(7), 12},
      TimeoutNow{Term(7), Index(3)}};
}

TEST(CodecTest, EveryKindOfMessageComesBackAsItWas) {
  ASSERT_EQ(AllKinds().size(), std::variant_size_v<Message>);
  for (const Message& message : AllKinds()) {
    const runtime::Bytes bytes = Flat(message);
    const auto back = DecodeMessage(bytes);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(Flat(*back), bytes);
  }
}

TEST(CodecTest, AppendedEntriesComeBackAsTheyWere) {
  const AppendRequest sent = Append();
  const auto back = DecodeMessage(Flat(sent));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& got = std::get<AppendRequest>(*back);
  EXPECT_EQ(got.term, sent.term);
  EXPECT_EQ(got.session, sent.session);
  EXPECT_EQ(got.previous_index, sent.previous_index);
  EXPECT_EQ(got.previous_term, sent.previous_term);
  EXPECT_EQ(got.commit, sent.commit);
  EXPECT_EQ(got.read_round, sent.read_round);
  ASSERT_EQ(got.entries.size(), sent.entries.size());
  for (size_t i = 0; i < sent.entries.size(); ++i) {
    EXPECT_EQ(got.entries[i].index, sent.entries[i].index);
    EXPECT_EQ(got.entries[i].term, sent.entries[i].term);
    EXPECT_EQ(got.entries[i].kind, sent.entries[i].kind);
    EXPECT_EQ(got.entries[i].payload_crc32c, sent.entries[i].payload_crc32c);
    EXPECT_EQ(got.entries[i].payload, sent.entries[i].payload);
  }
}

TEST(CodecTest, PayloadsAreSharedInBothDirections) {
  const AppendRequest sent = Append();
  bool shared = false;
  for (const runtime::Bytes& piece : EncodeMessage(sent)) {
    shared = shared || piece.data() == sent.entries[3].payload.data();
  }
  EXPECT_TRUE(shared);

  const runtime::Bytes bytes = Flat(sent);
  const auto back = DecodeMessage(bytes);
  ASSERT_TRUE(back.ok());
  for (const Record& record : std::get<AppendRequest>(*back).entries) {
    if (record.payload.empty()) continue;
    EXPECT_GE(record.payload.data(), bytes.data());
    EXPECT_LE(record.payload.data() + record.payload.size(),
              bytes.data() + bytes.size());
  }
}

TEST(CodecTest, APayloadThatDoesNotMatchItsChecksumIsDataLoss) {
  AppendRequest request = Append();
  request.entries[0].payload = runtime::Bytes::Copy("set a 2");
  EXPECT_EQ(DecodeMessage(Flat(request)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(CodecTest, AConfigurationThatIsNoneIsDataLoss) {
  AppendRequest request = Append();
  request.entries[2] = Entry(9, 5, EntryKind::kConfiguration, "nonsense");
  EXPECT_EQ(DecodeMessage(Flat(request)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(CodecTest, WhatNoLeaderWouldSayIsInvalid) {
  const auto code = [](const AppendRequest& request) {
    return DecodeMessage(Flat(request)).status().code();
  };
  AppendRequest unknown_kind = Append();
  unknown_kind.entries[0].kind = 77;
  EXPECT_EQ(code(unknown_kind), absl::StatusCode::kInvalidArgument);

  AppendRequest falling_terms = Append();
  falling_terms.entries[1].term = Term(3);
  EXPECT_EQ(code(falling_terms), absl::StatusCode::kInvalidArgument);

  AppendRequest from_the_future = Append();
  from_the_future.entries[3].term = Term(7);
  EXPECT_EQ(code(from_the_future), absl::StatusCode::kInvalidArgument);

  AppendRequest endless = Append();
  endless.entries.clear();
  endless.previous_index = Index(~uint64_t{0});
  EXPECT_EQ(code(endless), absl::StatusCode::kInvalidArgument);
}

TEST(CodecTest, EveryPrefixAndEverythingLongerIsRefused) {
  for (const Message& message : AllKinds()) {
    const runtime::Bytes bytes = Flat(message);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeMessage(bytes.Slice(0, size)).ok()) << size;
    }
    const std::string longer = std::string(bytes.text()) + "x";
    EXPECT_FALSE(DecodeMessage(runtime::Bytes::Copy(longer)).ok());
  }
}

// Whatever the bytes, the answer is a message or an error; and a message that
// is accepted encodes to the very bytes it came from.
TEST(CodecTest, DamagedBytesAreRefusedOrMeanWhatTheySay) {
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "codec"));
    const std::vector<Message> kinds = AllKinds();
    const uint64_t kind = dice.Below(kinds.size());
    std::string text(Flat(kinds[kind]).text());
    const uint64_t strikes = 1 + dice.Below(4);
    for (uint64_t i = 0; i < strikes; ++i) {
      const uint64_t at = dice.Below(text.size());
      const uint64_t bit = dice.Below(8);
      text[at] = static_cast<char>(text[at] ^ (1 << bit));
    }
    const runtime::Bytes bytes = runtime::Bytes::Copy(text);
    const auto message = DecodeMessage(bytes);
    if (message.ok()) {
      EXPECT_EQ(Flat(*message), bytes) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace raft
