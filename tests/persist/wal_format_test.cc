#include "persist/wal_format.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "persist/little_endian.h"
#include "runtime/crc32c.h"
#include "tests/persist/log_story.h"
#include "tests/tree.h"

namespace persist {
namespace {

constexpr uint32_t kSalt = 0x5a17c0de;

std::vector<std::byte> EncodeWhole(const Frame& frame, uint32_t salt) {
  std::vector<std::byte> bytes;
  EncodeFrameHead(frame, salt, bytes);
  for (const FrameGroup& group : frame.groups) {
    for (const Record& record : group.records) {
      const auto payload = record.payload.span();
      bytes.insert(bytes.end(), payload.begin(), payload.end());
    }
  }
  return bytes;
}

absl::StatusOr<Frame> DecodeWhole(std::span<const std::byte> bytes,
                                  uint32_t salt) {
  absl::StatusOr<FrameHead> head = DecodeFrameHead(bytes, salt);
  if (!head.ok()) return head.status();
  const absl::Status payloads = DecodeFramePayloads(bytes, *head);
  if (!payloads.ok()) return payloads;
  return std::move(head->frame);
}

FrameGroup MakeGroup(uint64_t id, uint64_t last, std::vector<Record> records) {
  FrameGroup group;
  group.group = runtime::GroupId(id);
  group.hard_state = {
      .term = Term(6), .vote = runtime::NodeId(2), .commit = Index(1)};
  group.truncate_from = Index(last);
  group.last_index = Index(last);
  group.records = std::move(records);
  return group;
}

Frame MakeFrame() {
  Frame frame;
  frame.lsn = Lsn(9);
  frame.previous_chain = 0xabcdef01;
  frame.watermark = Lsn(8);
  frame.groups.push_back(
      MakeGroup(1, 4, {MakeRecord(3, 5, "three"), MakeRecord(4, 6, "")}));
  frame.groups.push_back(MakeGroup(5, 2, {}));
  frame.groups.push_back(MakeGroup(7, 1, {MakeRecord(1, 6, "seven")}));
  return frame;
}

// The checksum made right again, after a forgery.
void Reseal(std::vector<std::byte>& frame, size_t head_bytes, uint32_t salt) {
  std::vector<std::byte> covered;
  ByteSink(covered).PutU32(salt);
  covered.insert(covered.end(), frame.begin() + 8,
                 frame.begin() + static_cast<std::ptrdiff_t>(head_bytes));
  ByteSink(frame).PatchU32(4, runtime::Crc32c(covered));
}

TEST(WalFormatTest, FrameComesBackAsItWas) {
  const Frame frame = MakeFrame();
  std::vector<std::byte> bytes = EncodeWhole(frame, kSalt);
  EXPECT_EQ(bytes.size(), FrameBytes(frame));
  bytes.resize(PaddedBytes(bytes.size()), std::byte{0xff});
  const absl::StatusOr<Frame> back = DecodeWhole(bytes, kSalt);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->lsn, frame.lsn);
  EXPECT_EQ(back->watermark, frame.watermark);
  EXPECT_EQ(back->previous_chain, frame.previous_chain);
  ASSERT_EQ(back->groups.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const FrameGroup& in = frame.groups[i];
    const FrameGroup& out = back->groups[i];
    EXPECT_EQ(out.group, in.group);
    EXPECT_EQ(out.hard_state, in.hard_state);
    EXPECT_EQ(out.truncate_from, in.truncate_from);
    EXPECT_EQ(out.last_index, in.last_index);
    ASSERT_EQ(out.records.size(), in.records.size());
    for (size_t r = 0; r < in.records.size(); ++r) {
      EXPECT_EQ(out.records[r].index, in.records[r].index);
      EXPECT_EQ(out.records[r].term, in.records[r].term);
      EXPECT_EQ(out.records[r].kind, in.records[r].kind);
      EXPECT_EQ(out.records[r].payload, in.records[r].payload);
    }
  }
}

TEST(WalFormatTest, EveryBitFlipInAFrameIsRejected) {
  const std::vector<std::byte> good = EncodeWhole(MakeFrame(), kSalt);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::vector<std::byte> bad = good;
    bad[bit / 8] ^= std::byte{static_cast<uint8_t>(1u << (bit % 8))};
    const absl::Status status = DecodeWhole(bad, kSalt).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << "bit " << bit << ": " << status;
  }
}

TEST(WalFormatTest, EveryTruncatedFrameIsRejected) {
  const std::vector<std::byte> good = EncodeWhole(MakeFrame(), kSalt);
  for (size_t size = 0; size < good.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read behind the end.
    const std::vector<std::byte> part(
        good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(DecodeWhole(part, kSalt).ok()) << size;
  }
}

TEST(WalFormatTest, FrameOfAnotherSegmentIsRejected) {
  const std::vector<std::byte> bytes = EncodeWhole(MakeFrame(), kSalt);
  EXPECT_FALSE(DecodeWhole(bytes, kSalt + 1).ok());
  // Also if somebody made the magic number fit: the checksum is salted too.
  std::vector<std::byte> forged = bytes;
  const uint32_t difference = kSalt ^ (kSalt + 1);
  forged[0] ^= static_cast<std::byte>(difference);
  forged[1] ^= static_cast<std::byte>(difference >> 8);
  EXPECT_FALSE(DecodeWhole(forged, kSalt + 1).ok());
}

TEST(WalFormatTest, ForgedSizesAreRejectedBeforeTheyAllocate) {
  const std::vector<std::byte> good = EncodeWhole(MakeFrame(), kSalt);
  constexpr size_t kFrameBytesAt = 24;
  constexpr size_t kGroupCountAt = 32;
  constexpr size_t kRecordCountAt = 36;
  for (const size_t field : {kFrameBytesAt, kGroupCountAt, kRecordCountAt}) {
    for (const uint32_t value : {0u, 1u, 4u, 0x7fffffffu, 0xffffffffu}) {
      std::vector<std::byte> forged = good;
      ByteSink(forged).PatchU32(field, value);
      Reseal(forged, FrameHeadBytes(MakeFrame()), kSalt);
      EXPECT_FALSE(DecodeWhole(forged, kSalt).ok())
          << "field at " << field << " = " << value;
    }
  }
  // A record that claims more bytes than the frame has.
  const size_t payload_bytes_at =
      kFrameFixedBytes + 3 * kFrameGroupBytes + sizeof(uint64_t);
  std::vector<std::byte> forged = good;
  ByteSink(forged).PatchU32(payload_bytes_at, 0xfffffff0);
  Reseal(forged, FrameHeadBytes(MakeFrame()), kSalt);
  EXPECT_FALSE(DecodeWhole(forged, kSalt).ok());
}

TEST(WalFormatTest, ResealingAnUntouchedFrameKeepsItValid) {
  std::vector<std::byte> bytes = EncodeWhole(MakeFrame(), kSalt);
  Reseal(bytes, FrameHeadBytes(MakeFrame()), kSalt);
  EXPECT_TRUE(DecodeWhole(bytes, kSalt).ok());
}

TEST(WalFormatTest, BadPayloadIsNamedByGroupAndIndex) {
  std::vector<std::byte> bytes = EncodeWhole(MakeFrame(), kSalt);
  bytes.back() ^= std::byte{1};
  const absl::Status status = DecodeWhole(bytes, kSalt).status();
  EXPECT_EQ(status.message(), "checksum of the payload of group 7 index 1");
}

SegmentHeader MakeHeader() {
  SegmentHeader header;
  header.id = SegmentId(0xa1);
  header.first_lsn = Lsn(77);
  header.previous_chain = 5;
  header.incarnation = runtime::Incarnation(4);
  header.cluster = runtime::ClusterId(7);
  header.node = runtime::NodeId(3);
  header.durable = Lsn(80);
  header.file_bytes = 4096;
  header.salt = SegmentSalt(header);
  return header;
}

TEST(WalFormatTest, SegmentHeaderComesBackAndNoBitOfItMayFlip) {
  const std::vector<std::byte> good = EncodeSegmentHeader(MakeHeader());
  ASSERT_EQ(good.size(), kSegmentHeaderBytes);
  const absl::StatusOr<SegmentHeader> back = DecodeSegmentHeader(good);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, MakeHeader());
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::vector<std::byte> bad = good;
    bad[bit / 8] ^= std::byte{static_cast<uint8_t>(1u << (bit % 8))};
    EXPECT_FALSE(DecodeSegmentHeader(bad).ok()) << "bit " << bit;
  }
}

// An older version left zeros where a header now says what its segment had from
// the beginning, and how large its file is.
TEST(WalFormatTest, ASegmentOfAnOlderVersionPromisesLess) {
  SegmentHeader header = MakeHeader();
  header.durable = Lsn(0);
  header.file_bytes = 0;
  const absl::StatusOr<SegmentHeader> back =
      DecodeSegmentHeader(EncodeSegmentHeader(header));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->durable, header.first_lsn.Previous());
  EXPECT_EQ(back->file_bytes, 0u);
}

TEST(WalFormatTest, SaltsOfDifferentSegmentsDiffer) {
  const SegmentHeader header = MakeHeader();
  SegmentHeader next = header;
  next.id = next.id.Next();
  SegmentHeader life = header;
  ++life.incarnation;
  SegmentHeader node = header;
  ++node.node;
  for (const SegmentHeader& other : {next, life, node}) {
    EXPECT_NE(SegmentSalt(header), SegmentSalt(other));
  }
}

TEST(WalFormatTest, SegmentNamesAreReadAsTheyAreWritten) {
  EXPECT_EQ(SegmentPath(SegmentId(0xa1)), "00000000000000a1.wal");
  EXPECT_EQ(UnfinishedSegmentPath(SegmentId(0xa1)), "00000000000000a1.new");
  const auto finished = ParseSegmentName("00000000000000a1.wal");
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->id, SegmentId(0xa1));
  EXPECT_TRUE(finished->finished);
  const auto unfinished = ParseSegmentName("ffffffffffffffff.new");
  ASSERT_TRUE(unfinished.has_value());
  EXPECT_FALSE(unfinished->finished);
  for (const char* other : {"", "a1.wal", "00000000000000A1.wal", "lost+found",
                            "00000000000000a1.tmp", "x0000000000000a1.wal",
                            "00000000000000a1.walx"}) {
    EXPECT_FALSE(ParseSegmentName(other).has_value()) << other;
  }
}

// The example of docs/wal_format.md, byte by byte.
TEST(WalFormatTest, WorkedExampleOfTheDocumentIsTrue) {
  Frame frame;
  frame.lsn = Lsn(1);
  FrameGroup group;
  group.group = runtime::GroupId(1);
  group.hard_state = {
      .term = Term(2), .vote = runtime::NodeId(3), .commit = Index(0)};
  group.last_index = Index(1);
  Record record = MakeRecord(1, 2, "hello");
  record.kind = 0;
  group.records.push_back(record);
  frame.groups.push_back(group);
  SegmentHeader header;
  header.id = SegmentId(1);
  header.first_lsn = Lsn(1);
  header.incarnation = runtime::Incarnation(1);
  header.cluster = runtime::ClusterId(7);
  header.node = runtime::NodeId(3);
  const std::vector<std::byte> bytes = EncodeWhole(frame, SegmentSalt(header));
  std::string dump;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) dump += i % 16 == 0 ? "\n" : " ";
    absl::StrAppend(
        &dump, absl::Hex(std::to_integer<unsigned>(bytes[i]), absl::kZeroPad2));
  }
  const std::string path =
      absl::StrCat(TWINRAFT_SOURCE_DIR, "/docs/wal_format.md");
  FILE* file = fopen(path.c_str(), "r");
  ASSERT_NE(file, nullptr) << path;
  std::string document;
  char chunk[4096];
  size_t got = 0;
  while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0) {
    document.append(chunk, got);
  }
  fclose(file);
  std::string marked = "```hex\n" + dump + "\n```";
  EXPECT_NE(document.find(marked), std::string::npos)
      << "the document must contain\n"
      << marked << "\nsalt " << absl::StrCat(absl::Hex(SegmentSalt(header)));
}

}  // namespace
}  // namespace persist
