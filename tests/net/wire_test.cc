#include "net/wire.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/ids.h"
#include "runtime/random.h"

namespace net {
namespace {

enum class Colour : uint16_t { kRed = 1, kBlue = 0x1234 };

struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};

struct Inner {
  runtime::NodeId node;
  std::optional<std::string> name;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(node, name);
  }
  friend bool operator==(const Inner&, const Inner&) = default;
};

struct Outer {
  bool yes = false;
  int8_t small = 0;
  uint64_t large = 0;
  double ratio = 0;
  Colour colour = Colour::kRed;
  std::string text;
  runtime::Bytes bytes;
  std::vector<Inner> inners;
  std::vector<uint32_t> numbers;
  std::vector<std::vector<std::string>> nested;
  std::pair<int, std::string> pair;
  std::variant<uint64_t, std::string, Inner> variant;
  Empty empty;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(yes, small, large, ratio, colour, text, bytes, inners, numbers,
            nested, pair, variant, empty);
  }
  friend bool operator==(const Outer&, const Outer&) = default;
};

Outer Sample() {
  Outer outer;
  outer.yes = true;
  outer.small = -5;
  outer.large = std::numeric_limits<uint64_t>::max();
  outer.ratio = 0.1;
  outer.colour = Colour::kBlue;
  outer.text = std::string("nul \0 inside", 12);
  outer.bytes = runtime::Bytes::Copy(std::string(1000, 'b'));
  outer.inners = {{runtime::NodeId(3), "three"}, {runtime::NodeId(4), {}}};
  outer.numbers = {1, 2, 3};
  outer.nested = {{}, {"a"}, {"b", ""}};
  outer.pair = {-1, "one"};
  outer.variant = Inner{runtime::NodeId(9), "nine"};
  return outer;
}

TEST(WireTest, WhatIsEncodedIsDecoded) {
  const Outer outer = Sample();
  const runtime::Bytes bytes = Encode(outer);
  const absl::StatusOr<Outer> from_bytes = Decode<Outer>(bytes);
  ASSERT_TRUE(from_bytes.ok()) << from_bytes.status();
  EXPECT_EQ(*from_bytes, outer);
  const absl::StatusOr<Outer> from_span = Decode<Outer>(bytes.span());
  ASSERT_TRUE(from_span.ok()) << from_span.status();
  EXPECT_EQ(*from_span, outer);
}

TEST(WireTest, TheLayoutIsFixedWidthLittleEndian) {
  const std::pair<uint16_t, std::string> value(0x0102, "ab");
  EXPECT_EQ(Encode(value).text(), absl::string_view("\x02\x01\x02\x00\x00\x00"
                                                    "ab",
                                                    8));
  EXPECT_EQ(Encode(Empty{}).size(), 0u);
  EXPECT_TRUE(Decode<Empty>(runtime::Bytes()).ok());
}

TEST(WireTest, BytesShareTheMemoryTheyWereDecodedFrom) {
  const runtime::Bytes bytes = Encode(Sample());
  const absl::StatusOr<Outer> outer = Decode<Outer>(bytes);
  ASSERT_TRUE(outer.ok());
  EXPECT_GE(outer->bytes.data(), bytes.data());
  EXPECT_LT(outer->bytes.data(), bytes.data() + bytes.size());
}

TEST(WireTest, PiecesAreTheSameBytesWithoutCopyingTheLargeOnes) {
  const Outer outer = Sample();
  const std::vector<runtime::Bytes> pieces = EncodePieces(outer);
  std::string joined;
  bool shares = false;
  for (const runtime::Bytes& piece : pieces) {
    absl::StrAppend(&joined, piece.text());
    shares = shares || piece.data() == outer.bytes.data();
  }
  EXPECT_EQ(joined, Encode(outer).text());
  EXPECT_TRUE(shares);
}

TEST(WireTest, EveryShorterMessageIsRefused) {
  const runtime::Bytes bytes = Encode(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::StatusOr<Outer> cut = Decode<Outer>(bytes.Slice(0, size));
    EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST(WireTest, BytesLeftOverAreRefusedWithTheirOffset) {
  const std::string longer =
      absl::StrCat(Encode(Sample()).text(), absl::string_view("\0", 1));
  const absl::Status status = Decode<Outer>(runtime::AsBytes(longer)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find(absl::StrCat("byte ", longer.size() - 1)),
            absl::string_view::npos)
      << status;
}

TEST(WireTest, ForgedCountsAreRefusedBeforeTheyAllocate) {
  // Had any of these been believed, the allocation alone would be 4 to 32 GB.
  const std::string forged("\xff\xff\xff\xff\x00\x00\x00\x00", 8);
  const auto bytes = runtime::AsBytes(forged);
  EXPECT_EQ(Decode<std::string>(bytes).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode<runtime::Bytes>(bytes).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode<std::vector<uint64_t>>(bytes).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode<std::vector<Inner>>(bytes).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode<std::vector<std::string>>(bytes).status().code(),
            absl::StatusCode::kDataLoss);
  // Two 8-byte numbers do not fit into the 8 bytes that are left.
  const std::string two("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 12);
  EXPECT_NE(Decode<std::vector<uint64_t>>(runtime::AsBytes(two))
                .status()
                .message()
                .find("count"),
            absl::string_view::npos);
}

TEST(WireTest, ImpossibleValuesAreRefused) {
  EXPECT_EQ(Decode<bool>(runtime::AsBytes("\x02")).status().code(),
            absl::StatusCode::kInvalidArgument);
  using Choice = std::variant<uint8_t, bool>;
  EXPECT_EQ(Decode<Choice>(runtime::AsBytes("\x02\x01")).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Decode<Choice>(runtime::AsBytes("\x01\x01")).ok());
}

TEST(WireTest, AnEnumMayHoldWhatTheCallerMustCheck) {
  const absl::StatusOr<Colour> colour =
      Decode<Colour>(runtime::AsBytes("\x07\x07"));
  ASSERT_TRUE(colour.ok());
  EXPECT_EQ(static_cast<uint16_t>(*colour), 0x0707);
}

struct Tree {
  std::vector<Tree> children;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
};

TEST(WireTest, TheSenderDoesNotChooseTheDepthOfOurStack) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    absl::StrAppend(&deep, absl::string_view("\x01\x00\x00\x00", 4));
  }
  EXPECT_EQ(Decode<Tree>(runtime::AsBytes(deep)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

struct Checked {
  uint8_t percent = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(percent);
    if constexpr (Archive::is_loading::value) {
      if (percent > 100) archive.Fail("more than all");
    }
  }
};

TEST(WireTest, AStructMayRefuseItsOwnFields) {
  EXPECT_TRUE(Decode<Checked>(runtime::AsBytes("\x64")).ok());
  EXPECT_EQ(Decode<Checked>(runtime::AsBytes("\x65")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

struct Throws {
  template <class Archive>
  void serialize(Archive&) {
    if constexpr (Archive::is_loading::value) throw cereal::Exception("no");
  }
  int unused = 0;
};

TEST(WireTest, CerealsExceptionsEndInTheCodec) {
  EXPECT_FALSE(Decode<Throws>(runtime::AsBytes("x")).ok());
}

TEST(WireTest, RandomBytesNeverCrashTheReader) {
  const uint64_t seed = 7;
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  runtime::Random dice(runtime::StreamSeed(seed, "wire"));
  const std::string good(Encode(Sample()).text());
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    const uint64_t changes = dice.Below(4) + 1;
    for (uint64_t i = 0; i < changes; ++i) {
      const size_t at = dice.Below(bad.size());
      bad[at] = static_cast<char>(dice.Below(256));
    }
    refused += Decode<Outer>(runtime::AsBytes(bad)).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace net
