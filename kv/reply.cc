#include "kv/reply.h"

#include "runtime/check.h"

namespace kv {
namespace {

constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}

constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

bool ReadListItem(FieldReader& reader, std::optional<absl::string_view>& item) {
  uint8_t present = 0;
  if (!reader.Byte(present) || present > 1) return false;
  item.reset();
  if (present == 0) return true;
  absl::string_view text;
  if (!reader.Text(text)) return false;
  item = text;
  return true;
}

bool ReadList(FieldReader& reader, ReplyView& reply) {
  uint64_t size = 0;
  if (!reader.Varint(size) || size > reader.left()) return false;
  reply.list_size = static_cast<size_t>(size);
  const absl::string_view start = reader.rest();
  std::optional<absl::string_view> item;
  for (uint64_t i = 0; i < size; ++i) {
    if (!ReadListItem(reader, item)) return false;
  }
  reply.list = start.substr(0, start.size() - reader.left());
  return true;
}

bool ReadBody(FieldReader& reader, ReplyView& reply) {
  switch (reply.kind) {
    case ReplyView::Kind::kNothing:
      return true;
    case ReplyView::Kind::kInteger: {
      uint64_t bits = 0;
      if (!reader.Varint(bits)) return false;
      reply.integer = UnZigZag(bits);
      return true;
    }
    case ReplyView::Kind::kText:
      return reader.Text(reply.text);
    case ReplyView::Kind::kList:
      return ReadList(reader, reply);
  }
  return false;
}

}  // namespace

std::optional<absl::string_view> ListReader::Next() {
  std::optional<absl::string_view> item;
  CHECK(ReadListItem(reader_, item), "read beyond a list");
  return item;
}

void ResultWriter::Head(KvReply::Code code, ReplyView::Kind kind) {
  bytes_.push_back(static_cast<char>(code));
  bytes_.push_back(static_cast<char>(kind));
}

void ResultWriter::Append(uint64_t number) {
  char digits[kVarintBytesMax];
  const char* end = PutVarint(digits, number);
  bytes_.append(digits, static_cast<size_t>(end - digits));
}

void ResultWriter::Append(absl::string_view text) {
  Append(uint64_t{text.size()});
  bytes_.append(text.data(), text.size());
}

void ResultWriter::Nothing(KvReply::Code code) {
  Head(code, ReplyView::Kind::kNothing);
}

void ResultWriter::Integer(int64_t value) {
  Head(KvReply::Code::kOk, ReplyView::Kind::kInteger);
  Append(ZigZag(value));
}

void ResultWriter::Text(KvReply::Code code, absl::string_view text) {
  Head(code, ReplyView::Kind::kText);
  Append(text);
}

void ResultWriter::List(size_t size) {
  Head(KvReply::Code::kOk, ReplyView::Kind::kList);
  Append(uint64_t{size});
}

void ResultWriter::ListItem(std::optional<absl::string_view> item) {
  bytes_.push_back(item.has_value() ? '\1' : '\0');
  if (item.has_value()) Append(*item);
}

std::optional<ReplyView> ResultReader::Next() {
  if (reader_.left() == 0) return std::nullopt;
  ReplyView reply;
  uint8_t code = 0;
  uint8_t kind = 0;
  if (!reader_.Byte(code) || !reader_.Byte(kind) ||
      code > static_cast<uint8_t>(KvReply::Code::kLost)) {
    reader_ = FieldReader({});
    return std::nullopt;
  }
  reply.code = static_cast<KvReply::Code>(code);
  reply.kind = static_cast<ReplyView::Kind>(kind);
  if (!ReadBody(reader_, reply)) {
    reader_ = FieldReader({});
    return std::nullopt;
  }
  return reply;
}

KvReply ToKvReply(const ReplyView& reply) {
  KvReply out;
  out.code = reply.code;
  out.is_integer = reply.kind == ReplyView::Kind::kInteger;
  out.integer = reply.integer;
  out.text = std::string(reply.text);
  ListReader items(reply);
  for (size_t i = 0; i < reply.list_size; ++i) {
    std::optional<absl::string_view> item = items.Next();
    out.values.push_back(item.has_value()
                             ? std::optional<std::string>(std::string(*item))
                             : std::nullopt);
  }
  return out;
}

}  // namespace kv
