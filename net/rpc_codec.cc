#include "net/rpc_codec.h"

#include <array>
#include <cstring>
#include <limits>

#include "net/little_endian.h"
#include "net/wire.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace net {
namespace {

constexpr size_t kLengthBytes = sizeof(uint32_t);

// The heads as they travel.
struct WireCallHead {
  uint64_t id = 0;
  int64_t remaining_nanos = 0;
  std::string method;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, remaining_nanos, method);
  }
};

struct WireReplyHead {
  uint64_t id = 0;
  bool executed = false;
  uint8_t code = 0;
  std::string message;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, executed, code, message);
  }
};

template <class Head>
void AddWithHead(FrameBatch& batch, RpcFrame kind, const Head& head,
                 std::span<const runtime::Bytes> body) {
  WireWriter writer(std::numeric_limits<size_t>::max());
  writer(head);
  const std::span<const std::byte> written = writer.written();
  std::array<std::byte, kRpcHeadBytesMax> prologue;
  CHECK_LE(kLengthBytes + written.size(), prologue.size());
  StoreLittleEndian(prologue.data(), static_cast<uint32_t>(written.size()));
  std::memcpy(prologue.data() + kLengthBytes, written.data(), written.size());
  batch.Add(static_cast<uint8_t>(kind),
            {prologue.data(), kLengthBytes + written.size()}, body);
}

template <class Head>
absl::StatusOr<std::pair<Head, runtime::Bytes>> Split(
    const runtime::Bytes& payload) {
  if (payload.size() < kLengthBytes) {
    return absl::DataLossError("no room for a head");
  }
  const size_t head_bytes = LoadLittleEndian<uint32_t>(payload.data());
  if (head_bytes > payload.size() - kLengthBytes) {
    return absl::DataLossError("a head beyond its frame");
  }
  ASSIGN_OR_RETURN(Head head,
                   Decode<Head>(payload.Slice(kLengthBytes, head_bytes)));
  const size_t body = kLengthBytes + head_bytes;
  return std::pair(std::move(head), payload.Slice(body, payload.size() - body));
}

// Codes above those that we know may come from a newer version.
absl::StatusCode KnownCode(uint8_t code) {
  return code <= static_cast<uint8_t>(absl::StatusCode::kUnauthenticated)
             ? static_cast<absl::StatusCode>(code)
             : absl::StatusCode::kUnknown;
}

}  // namespace

void AddCall(FrameBatch& batch, const CallHead& head,
             std::span<const runtime::Bytes> body) {
  CHECK_LE(head.method.size(), CallHead::kMethodBytesMax);
  AddWithHead(batch, RpcFrame::kCall,
              WireCallHead{head.id, head.remaining_nanos, head.method}, body);
}

void AddReply(FrameBatch& batch, const ReplyHead& head,
              std::span<const runtime::Bytes> body) {
  CHECK(head.executed || !head.status.ok(), "refused without a reason");
  const absl::string_view message =
      head.status.message().substr(0, ReplyHead::kMessageBytesMax);
  AddWithHead(batch, RpcFrame::kReply,
              WireReplyHead{head.id, head.executed,
                            static_cast<uint8_t>(head.status.code()),
                            std::string(message)},
              body);
}

void AddId(FrameBatch& batch, RpcFrame kind, uint64_t id) {
  std::array<std::byte, sizeof(id)> bytes;
  StoreLittleEndian(bytes.data(), id);
  batch.Add(static_cast<uint8_t>(kind), bytes, {});
}

void AddEmpty(FrameBatch& batch, RpcFrame kind) {
  batch.Add(static_cast<uint8_t>(kind), {}, {});
}

absl::StatusOr<std::pair<CallHead, runtime::Bytes>> ParseCall(
    const runtime::Bytes& payload) {
  ASSIGN_OR_RETURN(auto parts, Split<WireCallHead>(payload));
  auto& [wire, body] = parts;
  if (wire.method.size() > CallHead::kMethodBytesMax) {
    return absl::InvalidArgumentError("method name too long");
  }
  return std::pair(
      CallHead{wire.id, wire.remaining_nanos, std::move(wire.method)},
      std::move(body));
}

absl::StatusOr<std::pair<ReplyHead, runtime::Bytes>> ParseReply(
    const runtime::Bytes& payload) {
  ASSIGN_OR_RETURN(auto parts, Split<WireReplyHead>(payload));
  auto& [wire, body] = parts;
  const absl::StatusCode code = KnownCode(wire.code);
  if (!wire.executed && code == absl::StatusCode::kOk) {
    return absl::InvalidArgumentError("refused without a reason");
  }
  return std::pair(
      ReplyHead{wire.id, wire.executed, absl::Status(code, wire.message)},
      std::move(body));
}

absl::StatusOr<uint64_t> ParseId(const runtime::Bytes& payload) {
  return Decode<uint64_t>(payload);
}

}  // namespace net
