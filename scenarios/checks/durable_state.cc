#include "scenarios/checks/durable_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"

#include "persist/little_endian.h"
#include "runtime/crc32c.h"

namespace scenarios {
namespace {

// Of a frame's fixed head: the length of the whole frame. docs/wal_format.md.
constexpr size_t kFrameBytesOffset = 24;
// How much of a segment is read at a time: a few frames of a line or two.
constexpr size_t kWindowBytes = 4096;

}  // namespace

DurableState::DurableState(ShadowReader shadow, runtime::GroupId group)
    : shadow_(std::move(shadow)), group_(group) {}

void DurableState::Update() {
  const uint64_t version = shadow_.version();
  if (version_ == version) return;
  version_ = version;
  window_begin_ = window_bytes_ = 0;
  ReadSuperblock();
  // A boot may have moved the frames that were read last into a segment of its
  // own: then begin again. On a disk that was wiped there is no list: what it
  // held was on it.
  if (segment_.has_value() && !superblock_.segments.empty() &&
      !IsListed(segment_->id)) {
    Reread();
    return;
  }
  // A later segment takes over at its first frame, whatever else stands behind
  // the last one of the segment before it.
  while (EnterNextSegment() || TakeFrame()) {
  }
}

void DurableState::Reread() {
  version_.reset();
  segment_.reset();
  offset_ = 0;
  last_ = persist::Lsn(0);
  chain_ = 0;
  hard_state_ = persist::HardState();
  const LogMirror before = std::exchange(log_, LogMirror());
  Update();
  NoteLoss(before, log_.last().Next());
}

void DurableState::OnBoot() {
  ++boots_;
  ReadSuperblock();
  if (std::has_single_bit(boots_) || !GoesOn()) {
    Reread();
  } else {
    Update();
  }
}

bool DurableState::IsListed(persist::SegmentId id) const {
  return std::any_of(superblock_.segments.begin(), superblock_.segments.end(),
                     [id](const auto& listed) { return listed.id == id; });
}

bool DurableState::GoesOn() const {
  if (!segment_.has_value()) return false;
  const auto current = std::find_if(
      superblock_.segments.begin(), superblock_.segments.end(),
      [this](const auto& listed) { return listed.id == segment_->id; });
  if (current == superblock_.segments.end()) return false;
  const auto next = std::next(current);
  return next == superblock_.segments.end() || next->first_lsn == last_.Next();
}

void DurableState::ReadSuperblock() {
  static const std::string path(persist::kSuperblockPath);
  const uint64_t version = shadow_.file_version(path);
  if (superblock_version_ == version) return;
  superblock_version_ = version;
  superblock_ = persist::Superblock();
  std::vector<std::byte> slot(persist::kSuperblockSlotBytes);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{slot.size()}}) {
    const size_t size = shadow_.read(path, offset, slot);
    absl::StatusOr<persist::Superblock> decoded =
        persist::DecodeSuperblock(std::span(slot).first(size));
    if (decoded.ok() && decoded->sequence >= superblock_.sequence) {
      superblock_ = *std::move(decoded);
    }
  }
}

std::span<const std::byte> DurableState::BytesAhead(size_t size) {
  if (window_begin_ + window_bytes_ < offset_ + size) {
    window_.resize(std::max(size, kWindowBytes));
    window_begin_ = offset_;
    window_bytes_ = shadow_.read(segment_path_, offset_, window_);
  }
  const std::span<const std::byte> read(window_.data(), window_bytes_);
  return read.subspan(std::min(offset_ - window_begin_, read.size()));
}

std::span<const std::byte> DurableState::FrameAhead() {
  const std::span<const std::byte> fixed =
      BytesAhead(persist::kFrameFixedBytes);
  if (fixed.size() < persist::kFrameFixedBytes) return {};
  persist::ByteSource length(fixed.subspan(kFrameBytesOffset));
  const uint32_t frame_bytes = length.TakeU32();
  if (frame_bytes < persist::kFrameFixedBytes ||
      frame_bytes > persist::kFrameBytesMax) {
    return {};
  }
  // What would end behind the file is no frame: ask before allocating.
  std::array<std::byte, 1> last_byte;
  if (frame_bytes > fixed.size() &&
      shadow_.read(segment_path_, offset_ + frame_bytes - 1, last_byte) != 1) {
    return {};
  }
  return BytesAhead(frame_bytes).first(frame_bytes);
}

bool DurableState::TakeFrame() {
  if (!segment_.has_value()) return false;
  const std::span<const std::byte> bytes = FrameAhead();
  if (bytes.empty()) return false;
  const absl::StatusOr<persist::FrameHead> head =
      persist::DecodeFrameHead(bytes, segment_->salt);
  if (!head.ok() || head->frame.lsn != last_.Next() ||
      head->frame.previous_chain != chain_ || !PayloadsAreWhole(*head, bytes)) {
    return false;
  }
  Apply(*head);
  offset_ += persist::PaddedBytes(bytes.size());
  return true;
}

void DurableState::NoteLoss(const LogMirror& log, persist::Index from) {
  if (!log.Has(from) || (loss_.has_value() && loss_->index <= from)) return;
  loss_ = {from, log.At(from)};
}

bool DurableState::PayloadsAreWhole(const persist::FrameHead& head,
                                    std::span<const std::byte> bytes) {
  size_t at = head.head_bytes;
  size_t record_number = 0;
  for (const persist::FrameGroup& group : head.frame.groups) {
    for (const persist::Record& record : group.records) {
      const size_t size = head.payload_bytes[record_number++];
      const auto payload = bytes.subspan(at, size);
      if (runtime::Crc32c(payload) != record.payload_crc32c) return false;
      at += size;
    }
  }
  return true;
}

void DurableState::Apply(const persist::FrameHead& head) {
  size_t record_number = 0;
  for (const persist::FrameGroup& group : head.frame.groups) {
    const bool ours = group.group == group_;
    if (ours) {
      hard_state_ = group.hard_state;
      if (group.truncate_from.value() != 0) {
        NoteLoss(log_, group.truncate_from);
        log_.TruncateFrom(group.truncate_from);
      }
    }
    for (const persist::Record& record : group.records) {
      const uint32_t size = head.payload_bytes[record_number++];
      if (!ours) continue;
      log_.AppendFacts({.term = record.term,
                        .kind = record.kind,
                        .payload_crc32c = record.payload_crc32c,
                        .payload_bytes = size});
    }
  }
  last_ = head.frame.lsn;
  chain_ = head.chain;
}

bool DurableState::EnterNextSegment() {
  const persist::SegmentId current =
      segment_.has_value() ? segment_->id : persist::SegmentId(0);
  const auto next = std::find_if(
      superblock_.segments.begin(), superblock_.segments.end(),
      [current](const auto& listed) { return listed.id > current; });
  if (next == superblock_.segments.end() || next->first_lsn != last_.Next()) {
    return false;
  }
  std::vector<std::byte> bytes(persist::kSegmentHeaderBytes);
  std::string path = persist::SegmentPath(next->id);
  shadow_.read(path, 0, bytes);
  const absl::StatusOr<persist::SegmentHeader> header =
      persist::DecodeSegmentHeader(bytes);
  if (!header.ok() || header->previous_chain != chain_) return false;
  segment_ = *header;
  segment_path_ = std::move(path);
  window_begin_ = window_bytes_ = 0;
  offset_ = persist::kSegmentHeaderBytes;
  return true;
}

size_t HoldersOf(persist::Index index, const LogMirror::Entry& entry,
                 const Disks& disks) {
  size_t holders = 0;
  for (const auto& disk : disks) {
    disk->Update();
    if (disk->log().Has(index) && disk->log().At(index) == entry) ++holders;
  }
  return holders;
}

}  // namespace scenarios
