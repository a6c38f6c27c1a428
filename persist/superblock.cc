#include "persist/superblock.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "persist/little_endian.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

constexpr uint64_t kSuperblockMagic = 0x525055534e495754;  // "TWINSUPR"
constexpr absl::string_view kUnfinishedPath = "superblock.new";

constexpr uint32_t kVersionWithoutIdentity = 1;
constexpr uint32_t kVersionWithoutFounding = 2;
// What precedes the tables, by version.
constexpr std::array<size_t, kSuperblockVersion + 1> kFixedBytesOf = {0, 72, 96,
                                                                      104};
constexpr size_t kFixedBytes = kFixedBytesOf[kSuperblockVersion];
constexpr size_t kSegmentBytes = 24;
constexpr size_t kGroupBytes = 48;
constexpr size_t kCrcBytes = 4;
constexpr size_t kSlots = 2;

constexpr uint32_t kStoppedCleanFlag = 1;

static_assert(kFixedBytes + kSuperblockSegmentsMax * kSegmentBytes +
                  kSuperblockGroupsMax * kGroupBytes + kCrcBytes <=
              kSuperblockSlotBytes);

uint64_t SlotOffset(uint64_t sequence) {
  return sequence % kSlots * kSuperblockSlotBytes;
}

absl::Status WriteSlot(File& file, const Superblock& superblock) {
  std::vector<std::byte> bytes = EncodeSuperblock(superblock);
  bytes.resize(PaddedBytes(bytes.size()));
  RETURN_IF_ERROR(file.WriteAt(SlotOffset(superblock.sequence), bytes));
  return file.SyncData();
}

// What the head of a slot says about the size of its superblock; not checked.
size_t EncodedSuperblockBytes(std::span<const std::byte> slot) {
  constexpr size_t kSizeOffset = 12;
  return ByteSource(slot.subspan(kSizeOffset)).TakeU32();
}

absl::Status DecodeWhoWeAre(uint32_t version, ByteSource& source,
                            Superblock& superblock) {
  if (version == kVersionWithoutIdentity) return absl::OkStatus();
  superblock.identity.high = source.TakeU64();
  superblock.identity.low = source.TakeU64();
  const uint32_t flags = source.TakeU32();
  source.TakeZeros(4);
  if (!source.ok() || flags > kStoppedCleanFlag) {
    return absl::DataLossError("unknown flags of the superblock");
  }
  superblock.stopped_clean = flags == kStoppedCleanFlag;
  if (version == kVersionWithoutFounding) return absl::OkStatus();
  superblock.founding = source.TakeU64();
  return absl::OkStatus();
}

absl::Status DecodeTables(ByteSource source, size_t segments, size_t groups,
                          Superblock& superblock) {
  superblock.segments.resize(segments);
  for (SuperblockSegment& segment : superblock.segments) {
    segment.id = SegmentId(source.TakeU64());
    segment.first_lsn = Lsn(source.TakeU64());
    segment.salt = source.TakeU32();
    source.TakeZeros(4);
  }
  superblock.groups.resize(groups);
  for (SuperblockGroup& group : superblock.groups) {
    group.group = runtime::GroupId(source.TakeU64());
    group.head_index = Index(source.TakeU64());
    group.head_term = Term(source.TakeU64());
    group.hard_state.term = Term(source.TakeU64());
    group.hard_state.vote = runtime::NodeId(source.TakeU64());
    group.hard_state.commit = Index(source.TakeU64());
  }
  if (!source.ok()) return absl::DataLossError("malformed superblock");
  return absl::OkStatus();
}

}  // namespace

std::vector<std::byte> EncodeSuperblock(const Superblock& superblock) {
  CHECK_LE(superblock.segments.size(), kSuperblockSegmentsMax);
  CHECK_LE(superblock.groups.size(), kSuperblockGroupsMax);
  std::vector<std::byte> bytes;
  ByteSink sink(bytes);
  sink.PutU64(kSuperblockMagic);
  sink.PutU32(kSuperblockVersion);
  const size_t size = kFixedBytes + superblock.segments.size() * kSegmentBytes +
                      superblock.groups.size() * kGroupBytes + kCrcBytes;
  sink.PutU32(static_cast<uint32_t>(size));
  sink.PutU64(superblock.sequence);
  sink.PutU64(superblock.cluster.value());
  sink.PutU64(superblock.node.value());
  sink.PutU64(superblock.incarnation.value());
  sink.PutU64(superblock.watermark.value());
  sink.PutU64(superblock.segments.size());
  sink.PutU64(superblock.groups.size());
  sink.PutU64(superblock.identity.high);
  sink.PutU64(superblock.identity.low);
  sink.PutU32(superblock.stopped_clean ? kStoppedCleanFlag : 0);
  sink.PutZeros(4);
  sink.PutU64(superblock.founding);
  CHECK_EQ(sink.size(), kFixedBytes);
  for (const SuperblockSegment& segment : superblock.segments) {
    sink.PutU64(segment.id.value());
    sink.PutU64(segment.first_lsn.value());
    sink.PutU32(segment.salt);
    sink.PutZeros(4);
  }
  for (const SuperblockGroup& group : superblock.groups) {
    sink.PutU64(group.group.value());
    sink.PutU64(group.head_index.value());
    sink.PutU64(group.head_term.value());
    sink.PutU64(group.hard_state.term.value());
    sink.PutU64(group.hard_state.vote.value());
    sink.PutU64(group.hard_state.commit.value());
  }
  sink.PutU32(runtime::Crc32c(bytes));
  return bytes;
}

absl::StatusOr<Superblock> DecodeSuperblock(std::span<const std::byte> slot) {
  ByteSource source(slot);
  const uint64_t magic = source.TakeU64();
  const uint32_t version = source.TakeU32();
  const size_t size = source.TakeU32();
  if (!source.ok() || magic != kSuperblockMagic) {
    return absl::DataLossError("no superblock here");
  }
  if (size < kFixedBytesOf[kVersionWithoutIdentity] + kCrcBytes ||
      size > slot.size()) {
    return absl::DataLossError("impossible size of the superblock");
  }
  const auto covered = slot.first(size - kCrcBytes);
  ByteSource crc(slot.subspan(covered.size()));
  if (crc.TakeU32() != runtime::Crc32c(covered)) {
    return absl::DataLossError("checksum of the superblock");
  }
  if (version == 0 || version > kSuperblockVersion) {
    return absl::DataLossError(
        absl::StrCat("unknown version ", version, " of the superblock"));
  }
  Superblock superblock;
  superblock.sequence = source.TakeU64();
  superblock.cluster = runtime::ClusterId(source.TakeU64());
  superblock.node = runtime::NodeId(source.TakeU64());
  superblock.incarnation = runtime::Incarnation(source.TakeU64());
  superblock.watermark = Lsn(source.TakeU64());
  const uint64_t segments = source.TakeU64();
  const uint64_t groups = source.TakeU64();
  const size_t fixed_bytes = kFixedBytesOf[version];
  if (segments > kSuperblockSegmentsMax || groups > kSuperblockGroupsMax ||
      fixed_bytes + segments * kSegmentBytes + groups * kGroupBytes +
              kCrcBytes !=
          size) {
    return absl::DataLossError("impossible counts in the superblock");
  }
  RETURN_IF_ERROR(DecodeWhoWeAre(version, source, superblock));
  absl::Status read = DecodeTables(ByteSource(covered.subspan(fixed_bytes)),
                                   static_cast<size_t>(segments),
                                   static_cast<size_t>(groups), superblock);
  if (!read.ok()) return read;
  return superblock;
}

namespace {

// Nothing if the slot does not validate: also if the medium cannot read it, so
// that the other one still counts. Reads no more than is in use: what cannot be
// read behind that is no loss.
absl::StatusOr<std::optional<Superblock>> ReadSlot(File& file, size_t slot) {
  const uint64_t offset = slot * kSuperblockSlotBytes;
  std::vector<std::byte> bytes(kSectorBytes);
  size_t wanted = bytes.size();
  for (size_t at = 0; at < wanted;) {
    absl::StatusOr<size_t> read =
        file.ReadAt(offset + at, std::span(bytes).subspan(at));
    if (absl::IsDataLoss(read.status())) {
      REACHABLE("wal.superblock_slot_unreadable");
      return std::nullopt;
    }
    if (!read.ok()) return read.status();
    if (*read < bytes.size() - at) return std::nullopt;  // A short file.
    at = bytes.size();
    const size_t whole = PaddedBytes(EncodedSuperblockBytes(bytes));
    wanted = std::clamp(whole, wanted, kSuperblockSlotBytes);
    bytes.resize(wanted);
  }
  absl::StatusOr<Superblock> decoded = DecodeSuperblock(bytes);
  if (!decoded.ok() || decoded->sequence % kSlots != slot) return std::nullopt;
  return *std::move(decoded);
}

}  // namespace

SuperblockFile::SuperblockFile(std::unique_ptr<File> file, Superblock newest,
                               std::optional<Superblock> older)
    : file_(std::move(file)),
      newest_(std::move(newest)),
      older_(std::move(older)) {}

absl::StatusOr<std::unique_ptr<SuperblockFile>> SuperblockFile::Open(
    Disk& disk) {
  return OpenAs(disk, OpenMode::kReadWrite);
}

absl::StatusOr<Superblock> SuperblockFile::Read(Disk& disk) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SuperblockFile> file,
                   OpenAs(disk, OpenMode::kRead));
  return file->newest();
}

absl::StatusOr<std::unique_ptr<SuperblockFile>> SuperblockFile::OpenAs(
    Disk& disk, OpenMode mode) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   disk.Open(kSuperblockPath, mode));
  std::array<std::optional<Superblock>, kSlots> found;
  for (size_t i = 0; i < kSlots; ++i) {
    ASSIGN_OR_RETURN(found[i], ReadSlot(*file, i));
  }
  const bool second_wins =
      found[1].has_value() &&
      (!found[0].has_value() || found[1]->sequence > found[0]->sequence);
  std::optional<Superblock>& newest = found[second_wins ? 1 : 0];
  if (!newest.has_value()) {
    return absl::DataLossError(
        absl::StrCat(kSuperblockPath, ": neither slot validates"));
  }
  std::optional<Superblock>& older = found[second_wins ? 0 : 1];
  SOMETIMES(!older.has_value() && newest->sequence > 1,
            "wal.superblock_slot_bad");
  return std::unique_ptr<SuperblockFile>(new SuperblockFile(
      std::move(file), *std::move(newest), std::move(older)));
}

absl::StatusOr<std::unique_ptr<SuperblockFile>> SuperblockFile::Create(
    Disk& disk, Superblock first) {
  // A crash may have left the start of an earlier attempt.
  const absl::Status removed = disk.Remove(kUnfinishedPath);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   disk.Open(kUnfinishedPath, OpenMode::kCreateExclusive));
  RETURN_IF_ERROR(file->Preallocate(kSlots * kSuperblockSlotBytes));
  first.sequence = 1;
  RETURN_IF_ERROR(WriteSlot(*file, first));
  // Under its real name it is always whole.
  RETURN_IF_ERROR(disk.Rename(kUnfinishedPath, kSuperblockPath));
  RETURN_IF_ERROR(disk.SyncDirectory(""));
  return std::unique_ptr<SuperblockFile>(
      new SuperblockFile(std::move(file), std::move(first), std::nullopt));
}

absl::Status SuperblockFile::CheckRoom(size_t segments, size_t groups) {
  if (segments <= kSuperblockSegmentsMax && groups <= kSuperblockGroupsMax) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(kSuperblockPath, ": no room for ", segments,
                   " segments and ", groups, " groups"));
}

absl::Status SuperblockFile::Write(Superblock next) {
  RETURN_IF_ERROR(CheckRoom(next.segments.size(), next.groups.size()));
  next.sequence = newest_.sequence + 1;
  RETURN_IF_ERROR(WriteSlot(*file_, next));
  older_ = std::exchange(newest_, std::move(next));
  return absl::OkStatus();
}

}  // namespace persist
