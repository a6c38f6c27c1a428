#include "net/frame.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"

#include "net/little_endian.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace net {
namespace {

constexpr size_t kChecksummedBytes = kFrameHeaderBytes - 4;

// With less room than this it is better to begin a new slab than to read.
constexpr size_t kReadBytesMin = 4 << 10;

// A header of twenty bytes may announce this much and is taken at its word.
constexpr size_t kBelievedBytes = 4 << 20;

// A payload below this part of its slab is copied out.
constexpr size_t kShareDivisor = 16;

void WriteHeader(std::byte* to, uint8_t kind, uint32_t payload_bytes,
                 uint32_t payload_crc32c) {
  StoreLittleEndian<uint32_t>(to, kFrameMagic);
  StoreLittleEndian<uint8_t>(to + 4, kFrameVersion);
  StoreLittleEndian<uint8_t>(to + 5, kind);
  StoreLittleEndian<uint16_t>(to + 6, 0);
  StoreLittleEndian<uint32_t>(to + 8, payload_bytes);
  StoreLittleEndian<uint32_t>(to + 12, payload_crc32c);
  StoreLittleEndian<uint32_t>(to + 16,
                              runtime::Crc32c({to, kChecksummedBytes}));
}

}  // namespace

void FrameBatch::Add(uint8_t kind, std::span<const std::byte> prologue,
                     std::span<const runtime::Bytes> pieces) {
  size_t payload_bytes = prologue.size();
  uint32_t crc = runtime::Crc32c(prologue);
  for (const runtime::Bytes& piece : pieces) {
    payload_bytes += piece.size();
    crc = runtime::ExtendCrc32c(crc, piece.span());
  }
  CHECK_LE(payload_bytes, std::numeric_limits<uint32_t>::max());

  const size_t head = heads_.size();
  const size_t head_bytes = kFrameHeaderBytes + prologue.size();
  heads_.resize(head + head_bytes);
  WriteHeader(heads_.data() + head, kind, static_cast<uint32_t>(payload_bytes),
              crc);
  std::copy(prologue.begin(), prologue.end(),
            heads_.begin() + static_cast<ptrdiff_t>(head + kFrameHeaderBytes));
  parts_.push_back({head, head_bytes, true});
  for (const runtime::Bytes& piece : pieces) {
    if (piece.empty()) continue;
    parts_.push_back({payloads_.size(), piece.size(), false});
    payloads_.push_back(piece);
  }
  ++frames_;
  bytes_ += kFrameHeaderBytes + payload_bytes;
}

std::span<const std::span<const std::byte>> FrameBatch::Spans() {
  spans_.clear();
  for (const Part& part : parts_) {
    spans_.push_back(part.is_head ? std::span<const std::byte>(
                                        heads_.data() + part.offset, part.size)
                                  : payloads_[part.offset].span());
  }
  return spans_;
}

void FrameBatch::Clear() {
  heads_.clear();
  payloads_.clear();
  parts_.clear();
  spans_.clear();
  frames_ = 0;
  bytes_ = 0;
}

FrameReader::FrameReader(FrameReaderOptions options) : options_(options) {
  CHECK_GE(options_.slab_bytes, kFrameHeaderBytes);
  CHECK_LE(options_.payload_bytes_max, std::numeric_limits<uint32_t>::max());
}

std::span<std::byte> FrameReader::Buffer() {
  MakeRoom();
  return {slab_data_ + end_, slab_.size() - end_};
}

void FrameReader::MakeRoom() {
  const size_t wanted =
      header_found_ ? kFrameHeaderBytes + payload_bytes_ : kFrameHeaderBytes;
  const size_t room = slab_.size() - end_;
  const bool fits =
      room > 0 && (begin_ + wanted <= slab_.size() || begin_ == 0);
  const bool cramped =
      room < std::min(kReadBytesMin, options_.slab_bytes / 4) &&
      !header_found_ && begin_ > 0;
  if (fits && !cramped) return;

  // One relocation at the most for most frames: the new place has room for all
  // of it. What is larger is set aside as it comes, not as it is announced.
  const size_t kept = unread();
  const size_t believed = std::max(kBelievedBytes, 2 * kept);
  const size_t size = std::max(options_.slab_bytes, std::min(wanted, believed));
  if (!slab_shared_ && size <= slab_.size()) {
    if (kept > 0) std::memmove(slab_data_, slab_data_ + begin_, kept);
  } else {
    std::byte* data = nullptr;
    runtime::Bytes slab = runtime::Bytes::Build(
        size, [&](std::span<std::byte> out) { data = out.data(); });
    if (kept > 0) std::memcpy(data, slab_data_ + begin_, kept);
    slab_ = std::move(slab);
    slab_data_ = data;
    slab_shared_ = false;
  }
  begin_ = 0;
  end_ = kept;
}

void FrameReader::Commit(size_t size) {
  CHECK_LE(size, slab_.size() - end_);
  end_ += size;
}

FrameReader::Outcome FrameReader::Next(Frame* frame) {
  while (true) {
    if (!header_found_ && !FindHeader()) {
      return defect_.ok() ? Outcome::kNeedMore : Outcome::kDefect;
    }
    if (unread() < kFrameHeaderBytes + payload_bytes_) {
      return Outcome::kNeedMore;
    }
    const std::span<const std::byte> payload{
        slab_data_ + begin_ + kFrameHeaderBytes, payload_bytes_};
    const bool whole = runtime::Crc32c(payload) == payload_crc32c_;
    if (!whole && options_.framing == Framing::kBytes) {
      SetDefect("payload checksum");
      return Outcome::kDefect;
    }
    header_found_ = false;
    if (whole) {
      frame->kind = kind_;
      frame->payload = TakePayload();
      Consume(kFrameHeaderBytes + payload_bytes_);
      skipping_ = false;
      return Outcome::kFrame;
    }
    // The length is proved, so the next frame begins behind it.
    Skip(kFrameHeaderBytes + payload_bytes_);
    skipping_ = false;
  }
}

runtime::Bytes FrameReader::TakePayload() {
  const size_t offset = begin_ + kFrameHeaderBytes;
  if (payload_bytes_ < slab_.size() / kShareDivisor) {
    return runtime::Bytes::Copy(
        std::span<const std::byte>(slab_data_ + offset, payload_bytes_));
  }
  slab_shared_ = true;
  return slab_.Slice(offset, payload_bytes_);
}

bool FrameReader::FindHeader() {
  if (!defect_.ok()) return false;
  while (unread() >= kFrameHeaderBytes) {
    const char* const what = HeaderDefect();
    if (what == nullptr) {
      const std::byte* const header = slab_data_ + begin_;
      kind_ = LoadLittleEndian<uint8_t>(header + 5);
      payload_bytes_ = LoadLittleEndian<uint32_t>(header + 8);
      payload_crc32c_ = LoadLittleEndian<uint32_t>(header + 12);
      header_found_ = true;
      return true;
    }
    if (options_.framing == Framing::kBytes) {
      SetDefect(what);
      return false;
    }
    SkipToMagic();
  }
  return false;
}

const char* FrameReader::HeaderDefect() const {
  const std::byte* const header = slab_data_ + begin_;
  if (LoadLittleEndian<uint32_t>(header) != kFrameMagic) return "magic";
  if (LoadLittleEndian<uint32_t>(header + 16) !=
      runtime::Crc32c({header, kChecksummedBytes})) {
    return "header checksum";
  }
  if (LoadLittleEndian<uint8_t>(header + 4) != kFrameVersion) {
    return "format version";
  }
  if (LoadLittleEndian<uint16_t>(header + 6) != 0) return "reserved field";
  if (LoadLittleEndian<uint32_t>(header + 8) > options_.payload_bytes_max) {
    return "payload length beyond the limit";
  }
  return nullptr;
}

// Moves to the next place where a magic begins, or may begin.
void FrameReader::SkipToMagic() {
  std::byte magic[4];
  StoreLittleEndian(magic, kFrameMagic);
  const absl::string_view here =
      runtime::AsText({slab_data_ + begin_, unread()});
  const size_t found = here.find(runtime::AsText(magic), 1);
  Skip(found != absl::string_view::npos ? found
                                        : unread() - (sizeof(magic) - 1));
}

void FrameReader::Skip(size_t size) {
  if (!skipping_) ++damaged_;
  skipping_ = true;
  bytes_skipped_ += size;
  Consume(size);
}

void FrameReader::Consume(size_t size) {
  begin_ += size;
  consumed_ += size;
}

void FrameReader::SetDefect(const char* what) {
  defect_ = absl::DataLossError(
      absl::StrCat("bad frame at byte ", consumed_, ": ", what));
}

}  // namespace net
