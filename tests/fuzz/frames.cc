// The first byte says how the stream is read: bit 0 which framing, bit 1
// whether checksums are put right first (or no guess would ever get past them),
// the rest how large its chunks are. All chunkings must give the same frames.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "net/frame.h"
#include "net/little_endian.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

constexpr size_t kPayloadMax = 4096;

struct Heard {
  std::vector<std::pair<uint8_t, std::string>> frames;
  bool defect = false;

  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard Read(net::Framing framing, Input bytes, size_t chunk) {
  net::FrameReader reader(
      {.framing = framing, .payload_bytes_max = kPayloadMax, .slab_bytes = 64});
  Heard heard;
  while (!bytes.empty()) {
    const std::span<std::byte> room = reader.Buffer();
    CHECK(!room.empty());
    CHECK_LE(room.size(), kPayloadMax + net::kFrameHeaderBytes + 64);
    const size_t size = std::min({room.size(), bytes.size(), chunk});
    std::memcpy(room.data(), bytes.data(), size);
    reader.Commit(size);
    bytes = bytes.subspan(size);
    net::Frame frame;
    net::FrameReader::Outcome outcome = reader.Next(&frame);
    for (; outcome == net::FrameReader::Outcome::kFrame;
         outcome = reader.Next(&frame)) {
      CHECK_LE(frame.payload.size(), kPayloadMax);
      heard.frames.emplace_back(frame.kind, std::string(frame.payload.text()));
    }
    if (outcome != net::FrameReader::Outcome::kDefect) continue;
    CHECK(framing == net::Framing::kBytes);
    CHECK(!reader.defect().ok());
    heard.defect = true;
    break;
  }
  return heard;
}

// Makes a proper header of whatever stands behind each magic.
void PutChecksumsRight(std::vector<std::byte>& bytes) {
  size_t at = 0;
  while (at + net::kFrameHeaderBytes <= bytes.size()) {
    std::byte* const head = bytes.data() + at;
    if (net::LoadLittleEndian<uint32_t>(head) != net::kFrameMagic) {
      ++at;
      continue;
    }
    const size_t room = bytes.size() - at - net::kFrameHeaderBytes;
    const size_t size = net::LoadLittleEndian<uint32_t>(head + 8) % (room + 1);
    head[4] = std::byte{net::kFrameVersion};
    head[6] = head[7] = std::byte{0};
    net::StoreLittleEndian<uint32_t>(head + 8, static_cast<uint32_t>(size));
    net::StoreLittleEndian<uint32_t>(
        head + 12, runtime::Crc32c({head + net::kFrameHeaderBytes, size}));
    net::StoreLittleEndian<uint32_t>(head + 16, runtime::Crc32c({head, 16}));
    at += net::kFrameHeaderBytes + size;
  }
}

// What was read can be written, and is then read again.
void CheckRoundTrip(const Heard& heard) {
  net::FrameBatch batch;
  for (const auto& [kind, payload] : heard.frames) {
    const runtime::Bytes piece = runtime::Bytes::Copy(payload);
    batch.Add(kind, {}, {&piece, 1});
  }
  std::string bytes;
  for (const std::span<const std::byte> span : batch.Spans()) {
    bytes.append(runtime::AsText(span).data(), span.size());
  }
  const Heard again = Read(net::Framing::kBytes, runtime::AsBytes(bytes), 999);
  CHECK(!again.defect);
  CHECK(again.frames == heard.frames);
}

}  // namespace

void RunFrames(Input input) {
  if (input.empty()) return;
  const auto how = static_cast<unsigned>(input[0]);
  const net::Framing framing =
      (how & 1) != 0 ? net::Framing::kFrames : net::Framing::kBytes;
  std::vector<std::byte> bytes(input.begin() + 1, input.end());
  if ((how & 2) != 0) PutChecksumsRight(bytes);
  const Heard whole = Read(framing, bytes, bytes.size() + 1);
  const Heard pieces = Read(framing, bytes, 1 + how / 4);
  CHECK(whole == pieces, "the chunks of a stream mean something");
  CheckRoundTrip(whole);
}

}  // namespace fuzz
