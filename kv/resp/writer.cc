#include "kv/resp/writer.h"

#include <optional>

#include "absl/strings/str_cat.h"

namespace kv {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";

}  // namespace

void RespWriter::Head(char mark, size_t size) {
  out_.push_back(mark);
  absl::StrAppend(&out_, size, kLineEnd);
}

void RespWriter::Simple(absl::string_view text) {
  absl::StrAppend(&out_, "+", text, kLineEnd);
}

void RespWriter::Error(absl::string_view text) {
  out_.push_back('-');
  for (const char c : text) {
    out_.push_back(c == '\r' || c == '\n' ? ' ' : c);
  }
  absl::StrAppend(&out_, kLineEnd);
}

void RespWriter::Integer(int64_t value) {
  absl::StrAppend(&out_, ":", value, kLineEnd);
}

void RespWriter::Bulk(absl::string_view text) {
  Head('$', text.size());
  absl::StrAppend(&out_, text, kLineEnd);
}

void RespWriter::Verbatim(absl::string_view text) {
  if (version_ == RespVersion::k2) return Bulk(text);
  constexpr absl::string_view kFormat = "txt:";
  Head('=', kFormat.size() + text.size());
  absl::StrAppend(&out_, kFormat, text, kLineEnd);
}

void RespWriter::Double(absl::string_view text) {
  if (version_ == RespVersion::k2) return Bulk(text);
  absl::StrAppend(&out_, ",", text, kLineEnd);
}

void RespWriter::Nil() {
  absl::StrAppend(&out_, version_ == RespVersion::k2 ? "$-1" : "_", kLineEnd);
}

void RespWriter::NullArray() {
  absl::StrAppend(&out_, version_ == RespVersion::k2 ? "*-1" : "_", kLineEnd);
}

void RespWriter::Map(size_t size) {
  version_ == RespVersion::k2 ? Head('*', 2 * size) : Head('%', size);
}

void RespWriter::Set(size_t size) {
  Head(version_ == RespVersion::k2 ? '*' : '~', size);
}

void RespWriter::Worded(absl::string_view reply) {
  out_.append(reply.data(), reply.size());
}

bool RespWriter::Reply(ResultReader& replies) {
  const size_t begin = out_.size();
  if (ReplyWithin(replies, 0)) return true;
  out_.resize(begin);
  return false;
}

bool RespWriter::ReplyWithin(ResultReader& replies, int depth) {
  const std::optional<ReplyView> reply = replies.Next();
  if (!reply.has_value()) return false;
  switch (reply->kind) {
    case ReplyKind::kNil:
      Nil();
      return true;
    case ReplyKind::kNullArray:
      NullArray();
      return true;
    case ReplyKind::kInteger:
      Integer(reply->integer);
      return true;
    case ReplyKind::kText:
      Bulk(reply->text);
      return true;
    case ReplyKind::kStatus:
      Simple(reply->text);
      return true;
    case ReplyKind::kError:
      Error(reply->text);
      return true;
    case ReplyKind::kDouble:
      Double(reply->text);
      return true;
    case ReplyKind::kArray:
      Array(reply->size);
      break;
    case ReplyKind::kSet:
      Set(reply->size);
      break;
    case ReplyKind::kMap:
      Map(reply->size);
      break;
    case ReplyKind::kPairs:
      Array(version_ == RespVersion::k2 ? reply->children() : reply->size);
      break;
    case ReplyKind::kRefusal:
      return false;
  }
  return Parts(replies, *reply, depth + 1);
}

bool RespWriter::Parts(ResultReader& replies, const ReplyView& reply,
                       int depth) {
  if (depth > kReplyDepthMax) return false;
  const bool paired =
      reply.kind == ReplyKind::kPairs && version_ == RespVersion::k3;
  for (size_t i = 0; i < reply.children(); ++i) {
    if (paired && i % 2 == 0) Array(2);
    if (!ReplyWithin(replies, depth)) return false;
  }
  return true;
}

}  // namespace kv
