#include "scenarios/wal_map.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "absl/status/statusor.h"

#include "persist/superblock.h"

namespace scenarios {
namespace {

// More than any segment of a scenario has.
constexpr size_t kSegmentBytesMax = size_t{64} << 20;

persist::Superblock ReadSuperblock(const ShadowReader& shadow, WalMap* map) {
  persist::Superblock newest;
  std::vector<std::byte> slot(persist::kSuperblockSlotBytes);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{slot.size()}}) {
    const size_t size =
        shadow.read(std::string(persist::kSuperblockPath), offset, slot);
    absl::StatusOr<persist::Superblock> decoded =
        persist::DecodeSuperblock(std::span(slot).first(size));
    if (!decoded.ok() || decoded->sequence < newest.sequence) continue;
    newest = *std::move(decoded);
    map->slot_offset = offset;
    map->slot_bytes = persist::EncodeSuperblock(newest).size();
  }
  return newest;
}

std::vector<std::byte> ReadWhole(const ShadowReader& shadow,
                                 const std::string& path) {
  std::vector<std::byte> bytes(size_t{64} << 10);
  for (;;) {
    const size_t size = shadow.read(path, 0, bytes);
    if (size < bytes.size() || size >= kSegmentBytesMax) {
      bytes.resize(size);
      return bytes;
    }
    bytes.resize(2 * bytes.size());
  }
}

void MapSegment(const std::string& path, std::span<const std::byte> image,
                runtime::GroupId group, std::optional<persist::Lsn> end,
                std::vector<WalFrame>* frames) {
  const absl::StatusOr<persist::SegmentHeader> header =
      persist::DecodeSegmentHeader(image);
  if (!header.ok()) return;
  persist::Lsn next = header->first_lsn;
  const auto vouch = [frames](persist::Lsn durable) {
    for (auto at = frames->rbegin(); at != frames->rend() && !at->vouched;
         ++at) {
      at->vouched = at->lsn <= durable;
    }
  };
  vouch(header->first_lsn.Previous());
  uint64_t offset = persist::kSegmentHeaderBytes;
  while (offset < image.size() && (!end.has_value() || next < *end)) {
    const absl::StatusOr<persist::FrameHead> head =
        persist::DecodeFrameHead(image.subspan(offset), header->salt);
    if (!head.ok() || head->frame.lsn != next) break;
    WalFrame frame;
    frame.path = path;
    frame.offset = offset;
    frame.bytes = head->frame_bytes;
    frame.lsn = next;
    for (const persist::FrameGroup& one : head->frame.groups) {
      if (one.group == group) frame.last_index = one.last_index;
    }
    frames->push_back(std::move(frame));
    vouch(head->frame.watermark);
    next = next.Next();
    offset += persist::PaddedBytes(head->frame_bytes);
  }
  vouch(header->durable);  // Also for frames that it had from the beginning.
}

}  // namespace

WalMap MapWal(const ShadowReader& shadow, runtime::GroupId group) {
  WalMap map;
  const persist::Superblock superblock = ReadSuperblock(shadow, &map);
  for (size_t i = 0; i < superblock.segments.size(); ++i) {
    std::optional<persist::Lsn> end;
    if (i + 1 < superblock.segments.size()) {
      end = superblock.segments[i + 1].first_lsn;
    }
    const std::string path = persist::SegmentPath(superblock.segments[i].id);
    map.live_path = path;
    MapSegment(path, ReadWhole(shadow, path), group, end, &map.frames);
  }
  return map;
}

}  // namespace scenarios
