// The results of an entry: one reply a command, in order, as bytes.
//
// This is what Store::Apply() answers, what a session keeps for a retry, and
// what a leader sends back to the node that forwarded.
//
//   each reply:  code:1 byte  kind:1 byte  body
//     nothing    (empty)
//     integer    varint, zigzag
//     text       length bytes
//     list       count, then each: 0 | 1 length bytes
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

// One reply; the views lie in the encoded results.
struct ReplyView {
  enum class Kind : uint8_t {
    kNothing = 0,
    kInteger = 1,
    kText = 2,
    kList = 3
  };

  KvReply::Code code = KvReply::Code::kUnknown;
  Kind kind = Kind::kNothing;
  int64_t integer = 0;
  absl::string_view text;  // kText.
  size_t list_size = 0;    // kList.
  absl::string_view list;  // kList: to be read with ListReader.
};

// The items of a list that was checked when it was read.
class ListReader {
 public:
  explicit ListReader(const ReplyView& reply) : reader_(reply.list) {}
  // Requires: called at most list_size times.
  std::optional<absl::string_view> Next();

 private:
  FieldReader reader_;
};

// Writes replies one behind the other. Reuse one: it keeps its room.
class ResultWriter {
 public:
  void Clear() { bytes_.clear(); }
  size_t bytes() const { return bytes_.size(); }

  void Nothing(KvReply::Code code);
  void Integer(int64_t value);
  void Text(KvReply::Code code, absl::string_view text);
  // A list of `size` items begins; ListItem() follows that often.
  void List(size_t size);
  void ListItem(std::optional<absl::string_view> item);

  runtime::Bytes Finish() const { return runtime::Bytes::Copy(bytes_); }

 private:
  void Head(KvReply::Code code, ReplyView::Kind kind);
  void Append(uint64_t number);
  void Append(absl::string_view text);

  std::string bytes_;
};

// Reads replies one after the other.
class ResultReader {
 public:
  explicit ResultReader(absl::string_view results) : reader_(results) {}

  // Nothing at the end, and from the first malformed reply on.
  std::optional<ReplyView> Next();

 private:
  FieldReader reader_;
};

KvReply ToKvReply(const ReplyView& reply);

}  // namespace kv

#endif  // KV_REPLY_H_
