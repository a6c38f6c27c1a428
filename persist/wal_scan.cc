#include "persist/wal_scan.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"

#include "persist/log_fold.h"
#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

absl::Status Damaged(absl::string_view path, const absl::Status& defect) {
  return absl::DataLossError(absl::StrCat(path, ": ", defect.message()));
}

// The medium could not read all of `file`: finds out where.
absl::Status Unreadable(absl::string_view path, File& file,
                        const absl::Status& defect) {
  std::vector<std::byte> sector(kSectorBytes);
  for (uint64_t offset = 0;; offset += sector.size()) {
    const absl::StatusOr<size_t> read = file.ReadAt(offset, sector);
    if (absl::IsDataLoss(read.status())) {
      return absl::DataLossError(absl::StrCat(path, " offset ", offset, ": ",
                                              read.status().message()));
    }
    if (!read.ok()) return read.status();
    if (*read < sector.size()) return Damaged(path, defect);
  }
}

}  // namespace

WalScan::WalScan(Disk& disk, const Superblock& superblock)
    : disk_(disk),
      superblock_(superblock),
      incarnation_(superblock.incarnation) {}

absl::Status WalScan::Run() {
  RETURN_IF_ERROR(ListSegments());
  watermark_ = superblock_.watermark;
  for (size_t i = 0; i < segments_.size(); ++i) {
    RETURN_IF_ERROR(ScanSegment(i));
  }
  return CheckHardStates();
}

std::vector<Frame> WalScan::TakeUnproved() {
  std::vector<Frame> frames;
  for (Unproved& unproved : unproved_) {
    frames.push_back(std::move(unproved.frame));
  }
  unproved_.clear();
  return frames;
}

std::vector<RecoveredGroup> WalScan::TakeGroups() {
  std::vector<RecoveredGroup> groups;
  for (auto& [id, group] : groups_) groups.push_back(std::move(group));
  groups_.clear();
  return groups;
}

absl::Status WalScan::ListSegments() {
  for (const SuperblockSegment& facts : superblock_.segments) {
    segments_.push_back({.facts = facts});
  }
  const SegmentId last_listed =
      segments_.empty() ? SegmentId(0) : segments_.back().facts.id;
  largest_id_ = last_listed;
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   disk_.List(kWalDirectory));
  // Sorted, so ids come in order.
  for (const std::string& name : names) {
    const std::optional<SegmentName> segment = ParseSegmentName(name);
    if (!segment.has_value()) continue;  // Not ours: leave it alone.
    largest_id_ = std::max(largest_id_, segment->id);
    const bool listed = std::any_of(
        superblock_.segments.begin(), superblock_.segments.end(),
        [&](const SuperblockSegment& s) { return s.id == segment->id; });
    if (segment->finished && listed) continue;
    if (segment->finished && segment->id > last_listed) {
      RETURN_IF_ERROR(AdoptSegment(segment->id));
      continue;
    }
    SOMETIMES(!segment->finished, "wal.unfinished_segment_removed");
    strays_.push_back(
        {.path = name, .id = segment->id, .finished = segment->finished});
  }
  return absl::OkStatus();
}

absl::Status WalScan::AdoptSegment(SegmentId id) {
  const std::string path = SegmentPath(id);
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   disk_.Open(path, OpenMode::kRead));
  std::vector<std::byte> sector(kSegmentHeaderBytes);
  const absl::StatusOr<size_t> size = file->ReadAt(0, sector);
  if (absl::IsDataLoss(size.status())) return Damaged(path, size.status());
  if (!size.ok()) return size.status();
  sector.resize(*size);
  absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(sector);
  // Its name became durable after its header: this is no torn write.
  if (!header.ok()) return Damaged(path, header.status());
  incarnation_ = std::max(incarnation_, header->incarnation);
  while (!segments_.empty() &&
         segments_.back().facts.first_lsn >= header->first_lsn) {
    const SegmentId replaced = segments_.back().facts.id;
    strays_.push_back(
        {.path = SegmentPath(replaced), .id = replaced, .finished = true});
    segments_.pop_back();
  }
  segments_.push_back({.facts = {.id = id,
                                 .first_lsn = header->first_lsn,
                                 .salt = header->salt},
                       .adopted = true});
  any_adopted_ = true;
  REACHABLE("wal.unlisted_segment_adopted");
  return absl::OkStatus();
}

absl::StatusOr<WalScan::Image> WalScan::ReadSegment(SegmentId id) {
  Image image;
  image.path = SegmentPath(id);
  absl::StatusOr<std::unique_ptr<File>> file =
      disk_.Open(image.path, OpenMode::kRead);
  if (absl::IsNotFound(file.status())) {
    return absl::DataLossError(
        absl::StrCat(image.path, ": the superblock lists it, it is missing"));
  }
  if (!file.ok()) return file.status();
  ASSIGN_OR_RETURN(const uint64_t bytes, (*file)->Size());
  image.bytes.resize(bytes);
  // A sector that cannot be read could be the last one that was acknowledged:
  // it is never taken for a torn one.
  absl::StatusOr<size_t> read = (*file)->ReadAt(0, image.bytes);
  if (absl::IsDataLoss(read.status())) {
    REACHABLE("wal.segment_unreadable");
    return Unreadable(image.path, **file, read.status());
  }
  if (!read.ok()) return read.status();
  image.bytes.resize(*read);
  absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(image.bytes);
  if (!header.ok()) return Damaged(image.path, header.status());
  image.header = *header;
  return image;
}

absl::Status WalScan::CheckHeader(const Image& image, size_t position) {
  const SuperblockSegment& facts = segments_[position].facts;
  const SegmentHeader& header = image.header;
  if (header.cluster != superblock_.cluster ||
      header.node != superblock_.node) {
    return absl::DataLossError(absl::StrCat(image.path, ": a segment of node ",
                                            header.node.value(), " of cluster ",
                                            header.cluster.value()));
  }
  if (header.id != facts.id || header.first_lsn != facts.first_lsn ||
      header.salt != facts.salt) {
    return absl::DataLossError(absl::StrCat(
        image.path, ": another segment (", header.id.value(), ", first lsn ",
        header.first_lsn.value(), ") than the one that belongs here"));
  }
  if (header.first_lsn != last_.Next() || header.previous_chain != chain_) {
    return absl::DataLossError(
        absl::StrCat(image.path, ": begins at lsn ", header.first_lsn.value(),
                     " chain ", header.previous_chain, " where lsn ",
                     last_.Next().value(), " chain ", chain_, " must follow"));
  }
  return absl::OkStatus();
}

absl::Status WalScan::ScanSegment(size_t position) {
  Segment& segment = segments_[position];
  ASSIGN_OR_RETURN(const Image image, ReadSegment(segment.facts.id));
  RETURN_IF_ERROR(CheckHeader(image, position));
  segment.file_bytes = image.bytes.size();
  segment.end_offset = kSegmentHeaderBytes;
  segment.previous_chain = image.header.previous_chain;
  incarnation_ = std::max(incarnation_, image.header.incarnation);
  // It got its name after all this was synced.
  Prove(image.header.durable);
  const bool is_last = position + 1 == segments_.size();
  uint64_t offset = kSegmentHeaderBytes;
  // A later segment takes over at its first lsn, whatever else stands here.
  while (is_last || last_.Next() < segments_[position + 1].facts.first_lsn) {
    absl::StatusOr<FrameHead> frame =
        NextFrame(image, {.last = last_, .chain = chain_, .offset = offset});
    if (!frame.ok()) {
      return JudgeTail(image, offset, position, frame.status());
    }
    if (IsBehindCleanEnd(frame->frame.lsn)) {
      return Corruption(image, offset, "a frame behind the end of the log",
                        absl::StrCat("the last life ended in good order with "
                                     "frame ",
                                     superblock_.watermark.value()));
    }
    const size_t padded = PaddedBytes(frame->frame_bytes);
    RETURN_IF_ERROR(TakeFrame(image, offset, position, *std::move(frame)));
    offset += padded;
  }
  return absl::OkStatus();
}

bool WalScan::IsBehindCleanEnd(Lsn lsn) const {
  // Where there is an unlisted segment, the superblock is not of the last life.
  return superblock_.stopped_clean && !any_adopted_ &&
         lsn > superblock_.watermark;
}

absl::StatusOr<FrameHead> WalScan::NextFrame(const Image& image,
                                             const Cursor& cursor) {
  const std::span<const std::byte> all(image.bytes);
  const auto bytes = all.subspan(std::min<size_t>(cursor.offset, all.size()));
  absl::StatusOr<FrameHead> head = DecodeFrameHead(bytes, image.header.salt);
  if (!head.ok()) return head.status();
  if (head->frame.lsn != cursor.last.Next()) {
    return absl::DataLossError(
        absl::StrCat("here stands the frame ", head->frame.lsn.value()));
  }
  if (head->frame.previous_chain != cursor.chain) {
    return absl::DataLossError("it does not continue the frame before it");
  }
  const absl::Status payloads = DecodeFramePayloads(bytes, *head);
  if (!payloads.ok()) return payloads;
  return head;
}

uint32_t WalScan::ChainBefore(size_t position) const {
  return position < segments_.size() ? segments_[position].previous_chain
                                     : watermark_chain_;
}

absl::StatusOr<std::vector<Frame>> WalScan::ReadProvedAgain(size_t from) {
  std::vector<Frame> frames;
  if (from >= segments_.size()) return frames;
  Cursor cursor = {.last = segments_[from].facts.first_lsn.Previous(),
                   .chain = ChainBefore(from)};
  for (size_t position = from; position < segments_.size(); ++position) {
    const Segment& segment = segments_[position];
    ASSIGN_OR_RETURN(const Image image, ReadSegment(segment.facts.id));
    cursor.offset = kSegmentHeaderBytes;
    while (cursor.offset < segment.end_offset) {
      absl::StatusOr<FrameHead> head = NextFrame(image, cursor);
      if (!head.ok()) {
        return Corruption(image, cursor.offset, head.status().message(),
                          "it was whole when it was read before");
      }
      cursor.last = head->frame.lsn;
      cursor.chain = head->chain;
      cursor.offset += PaddedBytes(head->frame_bytes);
      frames.push_back(std::move(head->frame));
    }
  }
  if (cursor.last != watermark_ || cursor.chain != watermark_chain_) {
    return absl::DataLossError(
        absl::StrCat(SegmentPath(segments_[from].facts.id),
                     ": the log from here on was another one when it was read "
                     "before"));
  }
  return frames;
}

absl::Status WalScan::TakeFrame(const Image& image, uint64_t offset,
                                size_t position, FrameHead head) {
  for (const FrameGroup& change : head.frame.groups) {
    RecoveredGroup& group = groups_[change.group];
    group.group = change.group;
    group.hard_state = change.hard_state;
    absl::Status folded =
        FoldRecords(change.truncate_from, change.records, group.entries);
    if (folded.ok() && group.entries.size() != change.last_index.value()) {
      folded = absl::DataLossError(
          absl::StrCat("the log ends at index ", group.entries.size(),
                       " where ", change.last_index.value(), " was written"));
    }
    if (!folded.ok()) {
      return Corruption(image, offset, folded.message(),
                        absl::StrCat("group ", change.group.value()));
    }
  }
  last_ = head.frame.lsn;
  chain_ = head.chain;
  const Lsn durable = head.frame.watermark;
  unproved_.push_back({.frame = std::move(head.frame),
                       .chain = head.chain,
                       .segment = position,
                       .end_offset = offset + PaddedBytes(head.frame_bytes)});
  Prove(durable);
  return absl::OkStatus();
}

void WalScan::Prove(Lsn durable) {
  watermark_ = std::max(watermark_, durable);
  while (!unproved_.empty() && unproved_.front().frame.lsn <= watermark_) {
    const Unproved& proved = unproved_.front();
    watermark_chain_ = proved.chain;
    segments_[proved.segment].end_offset = proved.end_offset;
    unproved_.pop_front();
  }
}

absl::Status WalScan::JudgeTail(const Image& image, uint64_t offset,
                                size_t position,
                                const absl::Status& defect) const {
  const std::string evidence = EvidenceOfDurability(image, offset, position);
  if (!evidence.empty()) {
    return Corruption(image, offset, defect.message(), evidence);
  }
  const auto rest = std::span<const std::byte>(image.bytes)
                        .subspan(std::min<size_t>(offset, image.bytes.size()));
  SOMETIMES(std::any_of(rest.begin(), rest.end(),
                        [](std::byte b) { return b != std::byte{0}; }),
            "wal.torn_tail_dropped");
  return absl::OkStatus();
}

std::string WalScan::EvidenceOfDurability(const Image& image, uint64_t offset,
                                          size_t position) const {
  const Lsn lsn = last_.Next();
  if (lsn <= watermark_) {
    return absl::StrCat("it was durable: the watermark is ",
                        watermark_.value());
  }
  if (position + 1 < segments_.size()) {
    return absl::StrCat("the next segment begins at lsn ",
                        segments_[position + 1].facts.first_lsn.value());
  }
  const std::span<const std::byte> all(image.bytes);
  if (all.size() < image.header.file_bytes) {
    REACHABLE("wal.short_segment_refused");
    return absl::StrCat("the file ends at offset ", all.size(), ", ",
                        image.header.file_bytes,
                        " bytes were set aside for it");
  }
  for (uint64_t at = offset; at < all.size(); at += kSectorBytes) {
    const absl::StatusOr<FrameHead> later =
        DecodeFrameHead(all.subspan(at), image.header.salt);
    if (later.ok() && later->frame.watermark >= lsn) {
      return absl::StrCat("it was durable: frame ", later->frame.lsn.value(),
                          " at offset ", at, " says so");
    }
  }
  return "";
}

absl::Status WalScan::Corruption(const Image& image, uint64_t offset,
                                 absl::string_view defect,
                                 absl::string_view evidence) const {
  REACHABLE("wal.corruption_refused");
  std::string groups;
  const auto begin = std::span<const std::byte>(image.bytes)
                         .subspan(std::min<size_t>(offset, image.bytes.size()));
  const absl::StatusOr<FrameHead> head =
      DecodeFrameHead(begin, image.header.salt);
  if (head.ok()) {
    for (const FrameGroup& group : head->frame.groups) {
      absl::StrAppend(&groups, " ", group.group.value());
    }
  } else {
    groups = " unknown, its head is damaged";
  }
  return absl::DataLossError(absl::StrCat(
      image.path, " offset ", offset, ": frame ", last_.Next().value(),
      " of group", groups, ": ", defect, "; ", evidence));
}

absl::Status WalScan::CheckHardStates() const {
  for (const SuperblockGroup& known : superblock_.groups) {
    const auto found = groups_.find(known.group);
    const Term term =
        found == groups_.end() ? Term(0) : found->second.hard_state.term;
    if (term < known.hard_state.term) {
      return absl::DataLossError(absl::StrCat(
          "the log of group ", known.group.value(), " ends in term ",
          term.value(), ", the superblock knows term ",
          known.hard_state.term.value()));
    }
  }
  return absl::OkStatus();
}

}  // namespace persist
