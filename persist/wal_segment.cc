#include "persist/wal_segment.h"

#include <array>
#include <string>
#include <utility>

#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

// What fills the last sector of a frame.
constexpr std::array<std::byte, kSectorBytes> kPadding{};

}  // namespace

absl::StatusOr<std::unique_ptr<WalSegment>> WalSegment::Create(
    Disk& disk, SegmentHeader header, uint64_t bytes) {
  header.salt = SegmentSalt(header);
  ASSIGN_OR_RETURN(
      std::unique_ptr<File> file,
      disk.Open(UnfinishedSegmentPath(header.id), OpenMode::kCreateExclusive));
  const uint64_t size = PaddedBytes(kSegmentHeaderBytes + bytes);
  header.file_bytes = size;
  RETURN_IF_ERROR(file->Preallocate(size));
  RETURN_IF_ERROR(file->WriteAt(0, EncodeSegmentHeader(header)));
  return std::unique_ptr<WalSegment>(
      new WalSegment(disk, std::move(file), header, size));
}

WalSegment::WalSegment(Disk& disk, std::unique_ptr<File> file,
                       SegmentHeader header, uint64_t size)
    : disk_(disk),
      file_(std::move(file)),
      header_(header),
      size_(size),
      next_lsn_(header.first_lsn),
      chain_(header.previous_chain) {}

absl::Status WalSegment::Finish() {
  RETURN_IF_ERROR(Sync());
  RETURN_IF_ERROR(
      disk_.Rename(UnfinishedSegmentPath(header_.id), SegmentPath(header_.id)));
  return disk_.SyncDirectory(kWalDirectory);
}

bool WalSegment::Fits(size_t frame_bytes) const {
  return PaddedBytes(frame_bytes) <= size_ - offset_;
}

absl::Status WalSegment::Append(Frame& frame) {
  frame.lsn = next_lsn_;
  frame.previous_chain = chain_;
  const size_t frame_bytes = FrameBytes(frame);
  CHECK(Fits(frame_bytes), "a frame behind the end of its segment");
  const uint32_t chain = EncodeFrameHead(frame, header_.salt, head_);
  pieces_.clear();
  pieces_.push_back(head_);
  for (const FrameGroup& group : frame.groups) {
    for (const Record& record : group.records) {
      if (!record.payload.empty()) pieces_.push_back(record.payload.span());
    }
  }
  const size_t padded = PaddedBytes(frame_bytes);
  if (padded > frame_bytes) {
    pieces_.push_back(std::span(kPadding).first(padded - frame_bytes));
  }
  clean_ = false;
  RETURN_IF_ERROR(file_->WriteAt(offset_, pieces_));
  offset_ += padded;
  chain_ = chain;
  ++next_lsn_;
  return absl::OkStatus();
}

absl::Status WalSegment::Sync() {
  RETURN_IF_ERROR(file_->SyncData());
  clean_ = true;
  return absl::OkStatus();
}

}  // namespace persist
