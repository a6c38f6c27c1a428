// Replies in the words of the Redis protocol, version 2 or 3.
//
// https://redis.io/docs/reference/protocol-spec. Version 3 has words of its own
// for nil, maps, sets, doubles and long texts for people; in version 2 they are
// bulk strings and flat arrays.

#ifndef KV_RESP_WRITER_H_
#define KV_RESP_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "kv/reply.h"

namespace kv {

enum class RespVersion : uint8_t { k2 = 2, k3 = 3 };

// Appends to a text.
class RespWriter {
 public:
  explicit RespWriter(std::string& out, RespVersion version = RespVersion::k2)
      : out_(out), version_(version) {}

  void Simple(absl::string_view text);
  void Ok() { Simple("OK"); }
  // `text` begins with its code word: "ERR no such key". Line ends in it become
  // blanks.
  void Error(absl::string_view text);
  void Integer(int64_t value);
  void Bulk(absl::string_view text);
  // Text of several lines, for people.
  void Verbatim(absl::string_view text);
  // `text` is the number, as Redis writes it.
  void Double(absl::string_view text);
  void Nil();
  void NullArray();
  // `size` replies follow; of a map, 2 * size.
  void Array(size_t size) { Head('*', size); }
  void Map(size_t size);
  void Set(size_t size);

  // The next reply of `replies`, with everything in it. False if there is no
  // whole one; nothing is written then.
  bool Reply(ResultReader& replies);

  // A reply that was worded already.
  void Worded(absl::string_view reply);

  RespVersion version() const { return version_; }

  // How much there is, and what was written since there was so much.
  size_t size() const { return out_.size(); }
  absl::string_view From(size_t begin) const {
    return absl::string_view(out_).substr(begin);
  }

 private:
  void Head(char mark, size_t size);
  bool ReplyWithin(ResultReader& replies, int depth);
  bool Parts(ResultReader& replies, const ReplyView& reply, int depth);

  std::string& out_;
  const RespVersion version_;
};

}  // namespace kv

#endif  // KV_RESP_WRITER_H_
