// The Redis protocol, versions 2 and 3: requests.
//
// https://redis.io/docs/reference/protocol-spec. A request is an array of bulk
// strings, or one line of words ("inline", for people with telnet). The parser
// takes bytes in whatever chunks they come and never scans a byte twice for
// being early; arguments are views into the caller's buffer. Everything is
// bounded before it is believed. A request that is merely too large is passed
// to its end, without being kept, and what follows is understood again.

#ifndef KV_RESP_PARSER_H_
#define KV_RESP_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/command.h"

namespace kv {

class RespParser {
 public:
  static constexpr size_t kInlineBytesMax = 64 << 10;
  // Longer ones are no text that anybody means, as Redis has it.
  static constexpr int64_t kBulkBytesMax = 512 << 20;

  enum class Result : uint8_t {
    kRequest,   // args() and consumed() are valid.
    kNeedMore,  // Call again with more bytes behind the same ones, but for the
                // first consumed() of them, which are done with.
    kTooLarge,  // One was passed: error() says why, consumed() is valid.
    kError,     // error() says why; the connection is beyond repair.
  };

  // `request_bytes_max`: of one whole request.
  explicit RespParser(size_t request_bytes_max = kRequestBytesMax)
      : request_bytes_max_(request_bytes_max) {}

  // Looks for one request at the front of `input`, which begins with the bytes
  // that the last call left, if that said kNeedMore (they may lie elsewhere by
  // now).
  Result Parse(absl::string_view input);

  // The words of the request; empty for an empty one, which wants no answer.
  // They lie in `input`, except those of inline requests (args_owned()), and
  // are valid until the next Parse().
  std::span<const absl::string_view> args() const { return args_; }
  bool args_owned() const { return args_owned_; }
  // How many bytes of `input` the request took. After kNeedMore: of one that is
  // too large, what has come of it.
  size_t consumed() const { return done_ || passing_ ? position_ : 0; }
  // How many bytes must lie behind those consumed before another try can
  // succeed; a hint for the size of the next read.
  size_t wanted() const { return wanted_; }
  // As Redis words it: "Protocol error: invalid bulk length".
  const std::string& error() const { return error_; }

  // What it holds of a request that is not all there, beside the input.
  size_t memory_bytes() const {
    return places_.capacity() * sizeof(Place) +
           args_.capacity() * sizeof(absl::string_view);
  }

 private:
  struct Place {
    size_t offset;
    size_t size;
  };

  Result ParseArray(absl::string_view input);
  Result ParseInline(absl::string_view input);
  // The line at position_, without its end; kRequest stands for "there".
  Result ReadLine(absl::string_view input, absl::string_view& line,
                  absl::string_view too_long);
  Result ReadCount(absl::string_view input);
  // The line that says how long the next bulk is.
  Result ReadBulkHead(absl::string_view input);
  Result ReadBulk(absl::string_view input);
  // As ReadBulk(), of a request that is too large.
  Result PassBulk(absl::string_view input);
  Result FinishBulk(absl::string_view input, size_t end);
  // From here on the request is passed, not kept.
  void Pass(std::string why);
  bool SplitInline(absl::string_view line);
  Result Fail(absl::string_view why);
  void Begin();

  const size_t request_bytes_max_;

  bool done_ = true;      // The next Parse() begins another request.
  bool broken_ = false;   // kError was said.
  bool passing_ = false;  // The request is too large.
  size_t position_ = 0;
  size_t wanted_ = 0;
  size_t searched_ = 0;    // No line end before this place.
  bool counted_ = false;   // The array's size is known.
  size_t args_left_ = 0;   // Bulks still to come.
  bool in_bulk_ = false;   // The size of the next bulk is known:
  size_t bulk_bytes_ = 0;  // If it is passed: that are still to come.
  std::vector<Place> places_;

  std::vector<absl::string_view> args_;
  bool args_owned_ = false;
  std::vector<std::string> words_;  // Of an inline request.
  std::string error_;
};

}  // namespace kv

#endif  // KV_RESP_PARSER_H_
