#include "net/frame.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/little_endian.h"
#include "runtime/crc32c.h"
#include "runtime/random.h"

namespace net {
namespace {

using Outcome = FrameReader::Outcome;

std::string OneFrame(uint8_t kind, absl::string_view payload) {
  FrameBatch batch;
  const runtime::Bytes piece = runtime::Bytes::Copy(payload);
  batch.Add(kind, {}, {&piece, 1});
  std::string bytes;
  for (const auto span : batch.Spans()) {
    absl::StrAppend(&bytes, runtime::AsText(span));
  }
  return bytes;
}

// A payload that no two offsets of have in common, so that a shifted one shows.
std::string Payload(size_t size, uint64_t seed) {
  runtime::Random dice(runtime::StreamSeed(seed, "payload"));
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(dice.Below(256));
  return text;
}

struct Heard {
  std::vector<std::pair<uint8_t, std::string>> frames;
  absl::Status defect;
  uint64_t damaged = 0;
};

void Feed(FrameReader& reader, absl::string_view bytes, Heard& heard) {
  while (!bytes.empty()) {
    const std::span<std::byte> room = reader.Buffer();
    ASSERT_FALSE(room.empty());
    const size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    reader.Commit(size);
    bytes.remove_prefix(size);
    Frame frame;
    while (reader.Next(&frame) == Outcome::kFrame) {
      heard.frames.emplace_back(frame.kind, std::string(frame.payload.text()));
    }
  }
}

Heard Read(Framing framing, const std::vector<absl::string_view>& chunks,
           size_t slab_bytes = 256) {
  FrameReader reader({.framing = framing,
                      .payload_bytes_max = 1 << 20,
                      .slab_bytes = slab_bytes});
  Heard heard;
  for (const absl::string_view chunk : chunks) Feed(reader, chunk, heard);
  heard.defect = reader.defect();
  heard.damaged = reader.damaged();
  return heard;
}

TEST(FrameTest, PiecesArriveAsOnePayload) {
  FrameBatch batch;
  const std::vector<runtime::Bytes> pieces = {runtime::Bytes::Copy("one "),
                                              runtime::Bytes(),
                                              runtime::Bytes::Copy("two")};
  batch.Add(7, runtime::AsBytes("head "), pieces);
  batch.Add(8, {}, {});
  std::string bytes;
  for (const auto span : batch.Spans()) {
    absl::StrAppend(&bytes, runtime::AsText(span));
  }
  EXPECT_EQ(bytes.size(), batch.bytes());
  EXPECT_EQ(batch.frames(), 2u);

  const Heard heard = Read(Framing::kBytes, {bytes});
  ASSERT_EQ(heard.frames.size(), 2u);
  EXPECT_EQ(heard.frames[0].first, 7);
  EXPECT_EQ(heard.frames[0].second, "head one two");
  EXPECT_EQ(heard.frames[1].first, 8);
  EXPECT_EQ(heard.frames[1].second, "");
}

TEST(FrameTest, PayloadsAreSentFromWhereTheyLie) {
  FrameBatch batch;
  const runtime::Bytes piece = runtime::Bytes::Copy(Payload(1000, 1));
  batch.Add(1, {}, {&piece, 1});
  EXPECT_EQ(batch.Spans()[1].data(), piece.data());
}

TEST(FrameTest, FramesSurviveEverySplitPoint) {
  const std::string a = Payload(100, 1);
  const std::string b = Payload(300, 2);  // Larger than a slab.
  const std::string bytes = OneFrame(1, a) + OneFrame(2, b) + OneFrame(3, "");
  for (size_t split = 0; split <= bytes.size(); ++split) {
    const absl::string_view all(bytes);
    const Heard heard =
        Read(Framing::kBytes, {all.substr(0, split), all.substr(split)});
    ASSERT_TRUE(heard.defect.ok()) << heard.defect;
    ASSERT_EQ(heard.frames.size(), 3u) << "split at " << split;
    EXPECT_EQ(heard.frames[0].second, a);
    EXPECT_EQ(heard.frames[1].second, b);
    EXPECT_EQ(heard.frames[2].second, "");
  }
}

TEST(FrameTest, FramesSurviveByteByByteReading) {
  const std::string payload = Payload(500, 3);
  const std::string bytes = OneFrame(1, payload) + OneFrame(2, payload);
  std::vector<absl::string_view> chunks;
  for (size_t i = 0; i < bytes.size(); ++i) {
    chunks.push_back(absl::string_view(bytes).substr(i, 1));
  }
  for (const size_t slab_bytes : {20u, 21u, 64u, 4096u}) {
    const Heard heard = Read(Framing::kBytes, chunks, slab_bytes);
    ASSERT_EQ(heard.frames.size(), 2u);
    EXPECT_EQ(heard.frames[0].second, payload);
    EXPECT_EQ(heard.frames[1].second, payload);
  }
}

TEST(FrameTest, EveryFlippedBitOfAFrameIsDetected) {
  const std::string good = OneFrame(1, Payload(40, 4));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    // What follows makes up for a length that now claims more.
    const Heard heard = Read(Framing::kBytes, {bad + OneFrame(2, "after")});
    EXPECT_EQ(heard.frames.size(), 0u) << "bit " << bit;
    EXPECT_EQ(heard.defect.code(), absl::StatusCode::kDataLoss);
  }
}

TEST(FrameTest, ADefectNamesItsOffsetAndIsFinal) {
  const std::string first = OneFrame(1, "first");
  FrameReader reader({.framing = Framing::kBytes});
  Heard heard;
  Feed(reader, first + "XXXXXXXXXXXXXXXXXXXXXXXX", heard);
  EXPECT_EQ(heard.frames.size(), 1u);
  EXPECT_NE(reader.defect().message().find(absl::StrCat("byte ", first.size())),
            absl::string_view::npos)
      << reader.defect();
  Feed(reader, OneFrame(2, "second"), heard);
  EXPECT_EQ(heard.frames.size(), 1u);
  Frame frame;
  EXPECT_EQ(reader.Next(&frame), Outcome::kDefect);
}

TEST(FrameTest, AFrameStreamGoesOnBehindEveryDamagedByte) {
  const std::string good = OneFrame(1, Payload(40, 5));
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    const Heard heard = Read(
        Framing::kFrames, {OneFrame(0, "before"), bad, OneFrame(2, "after")});
    ASSERT_EQ(heard.frames.size(), 2u) << "byte " << at;
    EXPECT_EQ(heard.frames[0].second, "before");
    EXPECT_EQ(heard.frames[1].second, "after");
    EXPECT_EQ(heard.damaged, 1u) << "byte " << at;
    EXPECT_TRUE(heard.defect.ok());
  }
}

TEST(FrameTest, AFrameStreamGoesOnBehindGarbageOfAnyLength) {
  for (size_t length = 1; length < 600; ++length) {
    std::string garbage = Payload(length, length);
    // Pieces of a magic in the garbage must not confuse the search.
    garbage.replace(garbage.size() / 2, std::min<size_t>(3, garbage.size() / 2),
                    "TWR", std::min<size_t>(3, garbage.size() / 2));
    const Heard heard = Read(Framing::kFrames, {garbage, OneFrame(2, "after")});
    ASSERT_EQ(heard.frames.size(), 1u) << "length " << length;
    EXPECT_EQ(heard.frames[0].second, "after");
    EXPECT_EQ(heard.damaged, 1u);
  }
}

TEST(FrameTest, ALengthBeyondTheLimitIsRefusedBeforeItIsAllocated) {
  std::string header = OneFrame(1, "x").substr(0, kFrameHeaderBytes);
  std::byte* const raw = reinterpret_cast<std::byte*>(header.data());
  StoreLittleEndian<uint32_t>(raw + 8, 0xffffffff);
  StoreLittleEndian<uint32_t>(raw + 16, runtime::Crc32c({raw, 16}));
  FrameReader reader({.framing = Framing::kBytes, .payload_bytes_max = 100});
  Heard heard;
  Feed(reader, header, heard);
  EXPECT_EQ(reader.defect().code(), absl::StatusCode::kDataLoss);

  const Heard resync = Read(Framing::kFrames, {header, OneFrame(2, "after")});
  ASSERT_EQ(resync.frames.size(), 1u);
  EXPECT_EQ(resync.damaged, 1u);
}

TEST(FrameTest, AFrameIsSetAsideAsItComesNotAsItIsAnnounced) {
  const std::string payload = Payload(20 << 20, 3);
  const std::string bytes =
      absl::StrCat(OneFrame(1, "small"), OneFrame(2, payload), OneFrame(3, ""));
  FrameReader reader({.framing = Framing::kBytes,
                      .payload_bytes_max = 32 << 20,
                      .slab_bytes = 64 << 10});
  Heard heard;
  size_t fed = 0;
  for (const size_t step : {100, 100'000, 5'000'000, 10'000'000}) {
    Feed(reader, absl::string_view(bytes).substr(fed, step), heard);
    fed += step;
    EXPECT_LE(reader.Buffer().size(), std::max<size_t>(4 << 20, fed));
  }
  Feed(reader, absl::string_view(bytes).substr(fed), heard);
  ASSERT_EQ(heard.frames.size(), 3u);
  EXPECT_EQ(heard.frames[1].second, payload);
  EXPECT_EQ(heard.frames[2].first, 3);
}

TEST(FrameTest, PayloadsStayWholeWhileTheSlabIsReused) {
  // Kept payloads of all sizes, small (copied) and large (shared).
  FrameReader reader({.framing = Framing::kBytes, .slab_bytes = 1024});
  std::vector<std::string> sent;
  std::string bytes;
  for (size_t i = 0; i < 200; ++i) {
    sent.push_back(Payload((i * 37) % 1500, i));
    bytes += OneFrame(1, sent.back());
  }
  std::vector<runtime::Bytes> kept;
  for (size_t at = 0; at < bytes.size();) {
    const std::span<std::byte> room = reader.Buffer();
    const size_t size = std::min({room.size(), bytes.size() - at, size_t{333}});
    std::memcpy(room.data(), bytes.data() + at, size);
    reader.Commit(size);
    at += size;
    Frame frame;
    while (reader.Next(&frame) == Outcome::kFrame) {
      kept.push_back(frame.payload);
    }
  }
  ASSERT_EQ(kept.size(), sent.size());
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].text(), sent[i]);
}

TEST(FrameTest, RandomDamageNeverYieldsAFrameThatWasNotSent) {
  const uint64_t seed = 20240607;
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  runtime::Random dice(runtime::StreamSeed(seed, "damage"));
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> sent;
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
      const size_t size = dice.Below(80);
      sent.push_back(Payload(size, dice.Next()));
      std::string frame = OneFrame(1, sent.back());
      const uint64_t fate = dice.Below(10);
      if (fate == 0) continue;        // Lost.
      if (fate == 1) bytes += frame;  // Repeated.
      if (fate == 2) {
        const size_t at = dice.Below(frame.size());
        frame[at] = static_cast<char>(frame[at] ^ 0x10);
      }
      if (fate == 3) frame.resize(dice.Below(frame.size()));
      bytes += frame;
    }
    const Heard heard = Read(Framing::kFrames, {bytes});
    for (const auto& [kind, payload] : heard.frames) {
      EXPECT_NE(std::find(sent.begin(), sent.end(), payload), sent.end());
    }
  }
}

}  // namespace
}  // namespace net
