#include "persist/wal_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

// Drops what `truncate_from` takes away, from the records that wait first: what
// this frame would add and remove again is never written.
void TruncateFrameGroup(Index truncate_from, FrameGroup& merged) {
  CHECK_LE(Index(1), truncate_from);
  CHECK_LE(truncate_from, merged.last_index.Next(), "a hole in the log of ",
           merged.group.value());
  if (truncate_from > merged.last_index) return;
  const uint64_t dropped = merged.last_index.Next() - truncate_from;
  if (dropped <= merged.records.size()) {
    merged.records.resize(merged.records.size() - dropped);
  } else {
    merged.records.clear();
    const bool first = merged.truncate_from == Index(0);
    merged.truncate_from =
        first ? truncate_from : std::min(merged.truncate_from, truncate_from);
  }
  merged.last_index = truncate_from.Previous();
}

}  // namespace

void WalBatch::Add(Store store, const GroupTails& tails) {
  auto [it, added] = groups_.try_emplace(store.group);
  FrameGroup& merged = it->second;
  if (added) {
    merged.group = store.group;
    if (const auto tail = tails.find(store.group); tail != tails.end()) {
      merged.hard_state = tail->second.hard_state;
      merged.last_index = tail->second.last_index;
    }
  }
  if (store.hard_state.has_value()) {
    CHECK_LE(merged.hard_state.term, store.hard_state->term,
             "the term of group ", store.group.value(), " goes back");
    merged.hard_state = *store.hard_state;
  }
  if (store.truncate_from.has_value()) {
    TruncateFrameGroup(*store.truncate_from, merged);
  }
  for (const Record& record : store.entries) {
    CHECK_EQ(record.index, merged.last_index.Next(), "the log of group ",
             store.group.value(), " is contiguous");
    CHECK_EQ(record.payload_crc32c, runtime::Crc32c(record.payload.span()),
             "a payload changed on its way to the log");
    merged.last_index = record.index;
    payload_bytes_ += record.payload.size();
  }
  merged.records.insert(merged.records.end(),
                        std::make_move_iterator(store.entries.begin()),
                        std::make_move_iterator(store.entries.end()));
  ++stores_;
}

std::vector<FrameGroup> WalBatch::TakeGroups() {
  std::vector<FrameGroup> groups;
  groups.reserve(groups_.size());
  for (auto& [id, group] : groups_) groups.push_back(std::move(group));
  groups_.clear();
  stores_ = 0;
  payload_bytes_ = 0;
  return groups;
}

std::vector<SuperblockGroup> SuperblockGroups(const GroupTails& tails) {
  std::vector<SuperblockGroup> groups;
  groups.reserve(tails.size());
  for (const auto& [id, tail] : tails) {
    SuperblockGroup group;
    group.group = id;
    group.hard_state = tail.hard_state;
    groups.push_back(group);
  }
  return groups;
}

WalWriter::WalWriter(Disk& disk, const WalOptions& options,
                     std::unique_ptr<SuperblockFile> superblock,
                     std::unique_ptr<WalSegment> segment, GroupTails tails)
    : disk_(disk),
      options_(options),
      superblock_(std::move(superblock)),
      segment_(std::move(segment)),
      tails_(std::move(tails)),
      durable_(segment_->next_lsn().Previous()) {
  CHECK(segment_->clean());
}

absl::Status WalWriter::Append(WalBatch& batch) {
  CHECK(!batch.empty());
  Frame frame;
  frame.groups = batch.TakeGroups();
  RETURN_IF_ERROR(Write(std::move(frame)));
  unsealed_ = true;
  return absl::OkStatus();
}

absl::Status WalWriter::Seal() {
  REACHABLE("wal.sealed");
  return Publish(superblock_->newest().segments, /*stopped_clean=*/false);
}

absl::Status WalWriter::Close() {
  for (int slot = 0; slot < 2; ++slot) {
    RETURN_IF_ERROR(
        Publish(superblock_->newest().segments, /*stopped_clean=*/true));
  }
  REACHABLE("wal.stopped_clean");
  return absl::OkStatus();
}

absl::Status WalWriter::KeepFounding(uint64_t fingerprint) {
  Superblock superblock = Known();
  superblock.founding = fingerprint;
  RETURN_IF_ERROR(superblock_->Write(std::move(superblock)));
  unsealed_ = false;
  return absl::OkStatus();
}

uint64_t WalWriter::bytes_written() const {
  return bytes_in_left_segments_ + segment_->bytes_appended();
}

absl::Status WalWriter::Write(Frame frame) {
  const size_t frame_bytes = FrameBytes(frame);
  const bool early = !segment_->empty() && BUGGIFY("wal.early_roll");
  if (early || !segment_->Fits(frame_bytes)) {
    RETURN_IF_ERROR(Roll(frame_bytes));
  }
  frame.watermark = durable_;
  RETURN_IF_ERROR(segment_->Append(frame));
  RETURN_IF_ERROR(segment_->Sync());
  durable_ = frame.lsn;
  for (const FrameGroup& group : frame.groups) {
    tails_[group.group] = {.hard_state = group.hard_state,
                           .last_index = group.last_index};
  }
  return absl::OkStatus();
}

absl::Status WalWriter::Roll(size_t frame_bytes) {
  // Nothing is left behind unsynced: each frame was synced when it was written.
  CHECK(segment_->clean());
  CHECK_EQ(segment_->next_lsn(), durable_.Next());
  const uint64_t bytes =
      std::max<uint64_t>(options_.segment_bytes, PaddedBytes(frame_bytes));
  SOMETIMES(bytes > options_.segment_bytes, "wal.oversize_segment");
  std::vector<SuperblockSegment> segments = superblock_->newest().segments;
  // Asked before a file is made that could not be listed.
  RETURN_IF_ERROR(
      SuperblockFile::CheckRoom(segments.size() + 1, tails_.size()));
  SegmentHeader header = segment_->header();
  header.id = header.id.Next();
  header.first_lsn = segment_->next_lsn();
  header.previous_chain = segment_->chain();
  header.durable = durable_;
  ASSIGN_OR_RETURN(std::unique_ptr<WalSegment> next,
                   WalSegment::Create(disk_, header, bytes));
  RETURN_IF_ERROR(next->Finish());
  segments.push_back({.id = next->header().id,
                      .first_lsn = next->header().first_lsn,
                      .salt = next->header().salt});
  RETURN_IF_ERROR(Publish(std::move(segments), /*stopped_clean=*/false));
  bytes_in_left_segments_ += segment_->bytes_appended();
  segment_ = std::move(next);
  REACHABLE("wal.segment_rolled");
  return absl::OkStatus();
}

Superblock WalWriter::Known() const {
  Superblock superblock = superblock_->newest();
  superblock.watermark = durable_;
  superblock.groups = SuperblockGroups(tails_);
  return superblock;
}

absl::Status WalWriter::Publish(std::vector<SuperblockSegment> segments,
                                bool stopped_clean) {
  Superblock superblock = Known();
  superblock.stopped_clean = stopped_clean;
  superblock.segments = std::move(segments);
  RETURN_IF_ERROR(superblock_->Write(std::move(superblock)));
  unsealed_ = false;
  return absl::OkStatus();
}

}  // namespace persist
