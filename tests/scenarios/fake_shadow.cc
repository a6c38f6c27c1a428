#include "tests/scenarios/fake_shadow.h"

#include <algorithm>

#include "runtime/bytes.h"
#include "runtime/crc32c.h"

namespace scenarios {
namespace {

runtime::Bytes PayloadOf(uint64_t term) {
  return runtime::Bytes::Copy(std::string(term, 'x'));
}

}  // namespace

ShadowReader FakeShadow::Reader() {
  return {
      .read = [this](const std::string& path, uint64_t offset,
                     std::span<std::byte> out) -> size_t {
        const auto found = files_.find(path);
        if (found == files_.end() || offset >= found->second.size()) return 0;
        const size_t size =
            std::min<size_t>(out.size(), found->second.size() - offset);
        std::copy_n(found->second.begin() + static_cast<ptrdiff_t>(offset),
                    size, out.begin());
        return size;
      },
      .file_version = [this](const std::string&) { return version_; },
      .version = [this] { return version_; },
  };
}

LogMirror::Facts FakeShadow::FactsOf(uint64_t term) {
  const runtime::Bytes payload = PayloadOf(term);
  return {.term = persist::Term(term),
          .kind = 1,
          .payload_crc32c = runtime::Crc32c(payload.span()),
          .payload_bytes = payload.size()};
}

void FakeShadow::Found() { BeginSegment(); }

void FakeShadow::SetIncarnation(uint64_t incarnation) {
  superblock_.incarnation = runtime::Incarnation(incarnation);
  WriteSuperblock();
}

void FakeShadow::WriteSuperblock() {
  ++superblock_.sequence;
  files_[std::string(persist::kSuperblockPath)] =
      persist::EncodeSuperblock(superblock_);
  ++version_;
}

void FakeShadow::Roll() { BeginSegment(); }

void FakeShadow::RollBackTo(uint64_t lsn) {
  frames_.resize(lsn + 1);
  BeginSegment();
}

void FakeShadow::BeginSegment() {
  segment_.id = segment_.id.Next();
  segment_.first_lsn = persist::Lsn(frames_.size());
  segment_.previous_chain = frames_.back().chain;
  segment_.salt = persist::SegmentSalt(segment_);
  files_[persist::SegmentPath(segment_.id)] =
      persist::EncodeSegmentHeader(segment_);
  superblock_.segments.push_back({.id = segment_.id,
                                  .first_lsn = segment_.first_lsn,
                                  .salt = segment_.salt});
  WriteSuperblock();
}

void FakeShadow::Store(persist::HardState hard_state,
                       const std::vector<uint64_t>& terms,
                       persist::Index truncate_from) {
  uint64_t log_size = truncate_from.value() == 0 ? frames_.back().log_size
                                                 : truncate_from.value() - 1;
  persist::FrameGroup group;
  group.group = kGroup;
  group.hard_state = hard_state;
  group.truncate_from = truncate_from;
  std::vector<std::byte> payloads;
  for (const uint64_t term : terms) {
    persist::Record record;
    record.index = persist::Index(++log_size);
    record.term = persist::Term(term);
    record.kind = 1;
    record.payload = PayloadOf(term);
    record.payload_crc32c = runtime::Crc32c(record.payload.span());
    const auto bytes = record.payload.span();
    payloads.insert(payloads.end(), bytes.begin(), bytes.end());
    group.records.push_back(std::move(record));
  }
  group.last_index = persist::Index(log_size);
  persist::Frame frame;
  frame.lsn = persist::Lsn(frames_.size());
  frame.previous_chain = frames_.back().chain;
  frame.watermark = frame.lsn.Previous();
  frame.groups.push_back(std::move(group));
  std::vector<std::byte> bytes;
  const uint32_t chain = persist::EncodeFrameHead(frame, segment_.salt, bytes);
  frames_.push_back({.chain = chain, .log_size = log_size});
  bytes.insert(bytes.end(), payloads.begin(), payloads.end());
  std::vector<std::byte>& file = files_[persist::SegmentPath(segment_.id)];
  file.resize(persist::PaddedBytes(file.size()));
  file.insert(file.end(), bytes.begin(), bytes.end());
  ++version_;
}

void FakeShadow::DamageLastByte() {
  files_[persist::SegmentPath(segment_.id)].back() ^= std::byte{1};
  ++version_;
}

}  // namespace scenarios
