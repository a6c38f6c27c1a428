#include "kv/reply.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "runtime/check.h"

namespace kv {
namespace {

using Code = KvReply::Code;

// What a writer keeps for the next results.
constexpr size_t kRoomKept = 8 << 20;

constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}

constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

bool ReadSize(FieldReader& reader, ReplyView& reply) {
  uint64_t size = 0;
  if (!reader.Varint(size)) return false;
  reply.size = static_cast<size_t>(size);
  // Each reply takes a byte at least.
  return size <= reader.left() && reply.children() <= reader.left();
}

bool ReadBody(FieldReader& reader, ReplyView& reply) {
  switch (reply.kind) {
    case ReplyKind::kNil:
    case ReplyKind::kNullArray:
      return true;
    case ReplyKind::kInteger: {
      uint64_t bits = 0;
      if (!reader.Varint(bits)) return false;
      reply.integer = UnZigZag(bits);
      return true;
    }
    case ReplyKind::kText:
    case ReplyKind::kStatus:
    case ReplyKind::kError:
    case ReplyKind::kDouble:
      return reader.Text(reply.text);
    case ReplyKind::kArray:
    case ReplyKind::kMap:
    case ReplyKind::kSet:
    case ReplyKind::kPairs:
      return ReadSize(reader, reply);
    case ReplyKind::kRefusal: {
      uint8_t code = 0;
      if (!reader.Byte(code) || code > static_cast<uint8_t>(Code::kLost)) {
        return false;
      }
      reply.code = static_cast<Code>(code);
      return reader.Text(reply.text);
    }
  }
  return false;
}

}  // namespace

std::string FormatDouble(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return absl::StrFormat("%.17g", value);
}

void ResultWriter::Append(uint64_t number) {
  char digits[kVarintBytesMax];
  const char* end = PutVarint(digits, number);
  bytes_.append(digits, static_cast<size_t>(end - digits));
}

void ResultWriter::WithText(ReplyKind kind, absl::string_view text) {
  Head(kind);
  Append(uint64_t{text.size()});
  bytes_.append(text.data(), text.size());
}

void ResultWriter::WithSize(ReplyKind kind, size_t size) {
  Head(kind);
  Append(uint64_t{size});
}

void ResultWriter::Integer(int64_t value) {
  Head(ReplyKind::kInteger);
  Append(ZigZag(value));
}

void ResultWriter::Refusal(KvReply::Code code, absl::string_view why) {
  Head(ReplyKind::kRefusal);
  bytes_.push_back(static_cast<char>(code));
  Append(uint64_t{why.size()});
  bytes_.append(why.data(), why.size());
}

void ResultWriter::Clear() {
  // Do not keep for ever what one command needed once.
  if (bytes_.capacity() > kRoomKept) bytes_ = std::string();
  bytes_.clear();
  parts_ = 0;
}

void ResultWriter::CutReply(size_t begin) {
  bytes_.resize(begin);
  Error(
      absl::StrCat("ERR the command was executed, but its reply has more "
                   "than ",
                   kReplyPartsMax, " parts"));
}

void ResultWriter::BoundReply(size_t begin, size_t bytes_max) {
  if (bytes_.size() - begin <= bytes_max) return;
  bytes_.resize(begin);
  Error(
      absl::StrCat("ERR the command was executed, but its reply is larger "
                   "than ",
                   bytes_max, " bytes"));
}

std::optional<ReplyView> ResultReader::Next() {
  if (reader_.left() == 0) return std::nullopt;
  ReplyView reply;
  uint8_t kind = 0;
  if (!reader_.Byte(kind) || kind > static_cast<uint8_t>(ReplyKind::kRefusal)) {
    reader_ = FieldReader({});
    return std::nullopt;
  }
  reply.kind = static_cast<ReplyKind>(kind);
  if (!ReadBody(reader_, reply)) {
    reader_ = FieldReader({});
    return std::nullopt;
  }
  return reply;
}

bool ResultReader::Skip() {
  for (size_t left = 1; left > 0; --left) {
    const std::optional<ReplyView> reply = Next();
    if (!reply.has_value()) return false;
    left += reply->children();
  }
  return true;
}

KvReply ToKvReply(ResultReader& reader) {
  KvReply out;
  out.code = Code::kInvalid;
  const std::optional<ReplyView> reply = reader.Next();
  if (!reply.has_value()) {
    out.text = "the results are malformed";
    return out;
  }
  out.code = Code::kOk;
  out.text = std::string(reply->text);
  switch (reply->kind) {
    case ReplyKind::kNil:
    case ReplyKind::kNullArray:
      out.code = Code::kNil;
      break;
    case ReplyKind::kInteger:
      out.is_integer = true;
      out.integer = reply->integer;
      break;
    case ReplyKind::kError:
      out.code = Code::kWrongType;
      break;
    case ReplyKind::kRefusal:
      out.code = reply->code;
      break;
    default:
      break;
  }
  for (size_t i = 0; i < reply->children(); ++i) {
    const std::optional<ReplyView> item = reader.Next();
    if (!item.has_value()) break;
    const bool is_text = item->kind == ReplyKind::kText;
    out.values.push_back(is_text ? std::optional(std::string(item->text))
                                 : std::nullopt);
    // What lies deeper has no place in a KvReply.
    for (size_t left = item->children(); left > 0; --left) {
      if (!reader.Skip()) break;
    }
  }
  return out;
}

}  // namespace kv
