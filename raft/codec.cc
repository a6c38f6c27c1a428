#include "raft/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "net/wire.h"
#include "raft/core/membership.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace raft {
namespace {

// Term, kind, checksum and the length of the payload.
constexpr size_t kEntryBytesMin = 8 + 1 + 4 + 4;

// No group gets that far; a message that says so would make indexes wrap.
constexpr Index kIndexMax{std::numeric_limits<uint64_t>::max() / 2};

}  // namespace

// ---- what cereal finds by argument-dependent look-up

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, PreVoteRequest& m) {
  archive(m.campaign_term, m.last_index, m.last_term, m.question);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, PreVoteReply& m) {
  archive(m.campaign_term, m.term, m.granted, m.question);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, VoteRequest& m) {
  archive(m.term, m.last_index, m.last_term, m.by_leader);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, VoteReply& m) {
  archive(m.term, m.granted);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, AppendReply& m) {
  archive(m.term, m.session, m.read_round, m.accepted, m.match, m.hint_index,
          m.hint_term, m.hint_first_index);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, HeartbeatRequest& m) {
  archive(m.term, m.commit, m.read_round);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, HeartbeatReply& m) {
  archive(m.term, m.read_round);
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, TimeoutNow& m) {
  archive(m.term, m.last_index);
}

void CEREAL_SAVE_FUNCTION_NAME(net::WireWriter& archive,
                               const AppendRequest& m) {
  archive(m.term, m.session, m.previous_index, m.previous_term, m.commit,
          m.read_round);
  archive.PutCount(m.entries.size());
  Index index = m.previous_index;
  for (const Record& record : m.entries) {
    CHECK_EQ(record.index, ++index, "an append has no gaps");
    archive(record.term, record.kind, record.payload_crc32c, record.payload);
  }
}

void CEREAL_LOAD_FUNCTION_NAME(net::WireReader& archive, AppendRequest& m) {
  archive(m.term, m.session, m.previous_index, m.previous_term, m.commit,
          m.read_round);
  if (m.previous_index > kIndexMax) {
    archive.Fail("an index nobody reaches");
    return;
  }
  const size_t count = archive.TakeCount(kEntryBytesMin);
  // A record is larger in memory than the least it takes on the wire: what is
  // reserved ahead never exceeds the bytes that are left.
  m.entries.reserve(std::min(count, archive.left() / sizeof(Record) + 1));
  Index index = m.previous_index;
  for (size_t i = 0; i < count && !archive.failed(); ++i) {
    Record& record = m.entries.emplace_back();
    record.index = ++index;
    archive(record.term, record.kind, record.payload_crc32c, record.payload);
  }
}

namespace {

absl::Status ValidateEntry(const Record& record) {
  const uint64_t index = record.index.value();
  if (runtime::Crc32c(record.payload.span()) != record.payload_crc32c) {
    return absl::DataLossError(
        absl::StrCat("entry ", index, ": payload does not match its checksum"));
  }
  switch (static_cast<EntryKind>(record.kind)) {
    case EntryKind::kNoop:
    case EntryKind::kCommand:
      return absl::OkStatus();
    case EntryKind::kConfiguration: {
      const absl::Status status =
          DecodeConfiguration(record.payload.span()).status();
      if (status.ok()) return status;
      return absl::DataLossError(
          absl::StrCat("entry ", index, ": ", status.message()));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("entry ", index, ": unknown kind ", record.kind));
}

absl::Status ValidateEntries(const AppendRequest& request) {
  Term term = request.previous_term;
  for (const Record& record : request.entries) {
    if (record.term < term || record.term > request.term) {
      return absl::InvalidArgumentError(
          absl::StrCat("entry ", record.index.value(), ": term ",
                       record.term.value(), " is out of order"));
    }
    term = record.term;
    absl::Status status = ValidateEntry(record);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<runtime::Bytes> EncodeMessage(const Message& message) {
  return net::EncodePieces(message);
}

absl::StatusOr<Message> DecodeMessage(const runtime::Bytes& bytes) {
  absl::StatusOr<Message> message = net::Decode<Message>(bytes);
  if (!message.ok()) return message;
  if (const auto* request = std::get_if<AppendRequest>(&*message)) {
    absl::Status status = ValidateEntries(*request);
    if (!status.ok()) return status;
  }
  return message;
}

}  // namespace raft
