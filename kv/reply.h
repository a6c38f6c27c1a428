// The results of an entry: one reply a command, in order, as bytes.
//
// This is what Store::Apply() answers, what a session keeps for a retry, and
// what a leader sends back to the node that forwarded. A reply says what it is,
// not how it looks: the connection that asked words it, in its own version of
// the Redis protocol (kv/resp.h).
//
//   each reply:  kind:1 byte  body
//     nil, null array  (empty)
//     integer          varint, zigzag
//     text, status,
//     error, double    length bytes; a double is written as Redis writes it
//     array, set       count, then that many replies
//     map, pairs       count, then twice as many replies
//     refusal          code:1 byte  length bytes
//
// There may be fewer replies than commands: see kResultBytesMax.

#ifndef KV_REPLY_H_
#define KV_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "kv/service.h"
#include "kv/varint.h"
#include "runtime/bytes.h"

namespace kv {

// Once the replies of an entry weigh this much, its remaining commands are not
// executed (on no node, and no trace of them is left): whoever sent them sends
// them again as another entry. So a pipeline of large reads stays bounded.
inline constexpr size_t kResultBytesMax = 1 << 20;

// One reply weighs no more; what would is an error instead. It has room for the
// largest value, and for a transaction that reads one beside many small replies
// (kv/commands/transaction.cc).
inline constexpr size_t kReplyBytesMax = 132 << 20;

// Nor has it more parts: what takes long to write is bounded, too.
inline constexpr size_t kReplyPartsMax = 2 << 20;

// What the replies to one entry weigh at most; a call of kv/peers.h must carry
// it.
inline constexpr size_t kResultsBytesMax = kResultBytesMax + kReplyBytesMax;
// What a call between nodes weighs at most, either way (kv/service.h).
inline constexpr size_t kForwardBytesMax = kResultsBytesMax + (64 << 10);

// How deep replies nest: EXEC > an array > pairs > their members.
inline constexpr int kReplyDepthMax = 6;

enum class ReplyKind : uint8_t {
  kNil = 0,
  kNullArray = 1,
  kInteger = 2,
  kText = 3,
  kStatus = 4,  // A word of the server: OK, QUEUED, string.
  kError = 5,   // Begins with its code word: "ERR no such key".
  kDouble = 6,
  kArray = 7,
  kMap = 8,  // `size` keys with their values.
  kSet = 9,
  kPairs = 10,    // `size` pairs in order; RESP2 knows only the flat list.
  kRefusal = 11,  // Of the whole entry; always alone.
};

// One reply, or the head of one that has others in it: those follow.
struct ReplyView {
  ReplyKind kind = ReplyKind::kNil;
  int64_t integer = 0;
  absl::string_view text;  // kText, kStatus, kError, kDouble, kRefusal.
  size_t size = 0;         // kArray, kMap, kSet, kPairs.
  KvReply::Code code = KvReply::Code::kOk;  // kRefusal.

  // How many replies follow that belong to this one.
  size_t children() const {
    return kind == ReplyKind::kMap || kind == ReplyKind::kPairs ? 2 * size
                                                                : size;
  }
};

// As Redis 7.0 writes it: "%.17g", inf, -inf.
std::string FormatDouble(double value);

// Writes replies one behind the other. Reuse one: it keeps its room.
class ResultWriter {
 public:
  void Clear();
  size_t bytes() const { return bytes_.size(); }
  // How many replies were written, those within others too.
  size_t parts() const { return parts_; }

  void Nil() { Head(ReplyKind::kNil); }
  void NullArray() { Head(ReplyKind::kNullArray); }
  void Integer(int64_t value);
  void Text(absl::string_view text) { WithText(ReplyKind::kText, text); }
  void TextOrNil(std::optional<absl::string_view> text) {
    text.has_value() ? Text(*text) : Nil();
  }
  void Status(absl::string_view word) { WithText(ReplyKind::kStatus, word); }
  void Ok() { Status("OK"); }
  void Error(absl::string_view text) { WithText(ReplyKind::kError, text); }
  void Double(double value) {
    WithText(ReplyKind::kDouble, FormatDouble(value));
  }
  // The head only: the replies in it must be written next.
  void Array(size_t size) { WithSize(ReplyKind::kArray, size); }
  void Set(size_t size) { WithSize(ReplyKind::kSet, size); }
  void Map(size_t size) { WithSize(ReplyKind::kMap, size); }
  void Pairs(size_t size) { WithSize(ReplyKind::kPairs, size); }
  void Refusal(KvReply::Code code, absl::string_view why);

  // Everything from `begin` (what bytes() was then) on makes place for an
  // error, if it weighs more than `bytes_max`.
  void BoundReply(size_t begin, size_t bytes_max = kReplyBytesMax);
  // The same, for a reply of too many parts.
  void CutReply(size_t begin);

  runtime::Bytes Finish() const { return runtime::Bytes::Copy(bytes_); }

 private:
  void Head(ReplyKind kind) {
    bytes_.push_back(static_cast<char>(kind));
    ++parts_;
  }
  void WithText(ReplyKind kind, absl::string_view text);
  void WithSize(ReplyKind kind, size_t size);
  void Append(uint64_t number);

  std::string bytes_;
  size_t parts_ = 0;
};

// Reads replies one after the other, those within others too.
class ResultReader {
 public:
  explicit ResultReader(absl::string_view results) : reader_(results) {}

  // Nothing at the end, and from the first malformed reply on.
  std::optional<ReplyView> Next();

  // Passes one reply with everything in it; false if there is no whole one.
  bool Skip();

  // The bytes that are left.
  absl::string_view rest() const { return reader_.rest(); }

 private:
  FieldReader reader_;
};

// The first reply, with the texts in it. A malformed one is kInvalid.
KvReply ToKvReply(ResultReader& reader);

}  // namespace kv

#endif  // KV_REPLY_H_
