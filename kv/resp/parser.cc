#include "kv/resp/parser.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "runtime/probe.h"

namespace kv {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";
constexpr size_t kPlacesKept = 4 << 10;
// How much of what is passed is asked for at once.
constexpr size_t kPassedBytesMax = 64 << 10;

// One word of an inline request, with Redis' quoting: "..." knows escapes,
// '...' knows only \'. Takes it from the front of `line`.
class InlineWord {
 public:
  explicit InlineWord(absl::string_view& line) : line_(line) {}

  // False when a quote is not closed, or not followed by a blank.
  bool Read(std::string& word) {
    while (!line_.empty() && !absl::ascii_isspace(Front())) {
      const char c = Take();
      if (c == '"' || c == '\'') {
        if (!ReadQuoted(c, word)) return false;
        return line_.empty() || absl::ascii_isspace(Front());
      }
      word.push_back(c);
    }
    return true;
  }

 private:
  unsigned char Front() const { return static_cast<unsigned char>(line_[0]); }
  char Take() {
    const char c = line_[0];
    line_.remove_prefix(1);
    return c;
  }

  bool ReadQuoted(char quote, std::string& word) {
    while (!line_.empty()) {
      const char c = Take();
      if (c == quote) return true;
      if (c != '\\' || line_.empty()) {
        word.push_back(c);
      } else if (quote == '"') {
        word.push_back(ReadEscape());
      } else if (line_[0] == '\'') {
        word.push_back(Take());
      } else {
        word.push_back(c);
      }
    }
    return false;
  }

  // What stands behind a backslash in double quotes.
  char ReadEscape() {
    const char c = Take();
    if (c == 'x' && line_.size() >= 2 && absl::ascii_isxdigit(Front()) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(line_[1]))) {
      const std::string byte = absl::HexStringToBytes(line_.substr(0, 2));
      line_.remove_prefix(2);
      return byte[0];
    }
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'b':
        return '\b';
      case 'a':
        return '\a';
      default:
        return c;
    }
  }

  absl::string_view& line_;
};

}  // namespace

void RespParser::Begin() {
  done_ = false;
  passing_ = false;
  position_ = 0;
  wanted_ = 0;
  searched_ = 0;
  counted_ = false;
  args_left_ = 0;
  in_bulk_ = false;
  // What one large request needed is not kept for all the small ones.
  if (places_.capacity() > kPlacesKept) places_ = {};
  places_.clear();
  if (args_.capacity() > kPlacesKept) args_ = {};
  args_.clear();
  args_owned_ = false;
  error_.clear();
}

RespParser::Result RespParser::Fail(absl::string_view why) {
  error_ = absl::StrCat("Protocol error: ", why);
  broken_ = true;
  return Result::kError;
}

void RespParser::Pass(std::string why) {
  REACHABLE("kv.resp: a request that is too large is passed");
  passing_ = true;
  error_ = std::move(why);
  places_ = {};
}

RespParser::Result RespParser::Parse(absl::string_view input) {
  if (broken_) return Result::kError;
  if (done_) Begin();
  if (passing_) {
    // What the last call had done with is no longer there.
    position_ = 0;
    searched_ = 0;
  }
  if (input.empty()) {
    wanted_ = 1;
    return Result::kNeedMore;
  }
  const Result result =
      counted_ || input[0] == '*' ? ParseArray(input) : ParseInline(input);
  done_ = result == Result::kRequest || result == Result::kTooLarge;
  return result;
}

RespParser::Result RespParser::ReadLine(absl::string_view input,
                                        absl::string_view& line,
                                        absl::string_view too_long) {
  const size_t end = input.find('\n', std::max(position_, searched_));
  if (end == absl::string_view::npos) {
    if (input.size() - position_ > kInlineBytesMax) return Fail(too_long);
    searched_ = input.size();
    wanted_ = input.size() + 1;
    return Result::kNeedMore;
  }
  if (end - position_ > kInlineBytesMax) return Fail(too_long);
  line = input.substr(position_, end - position_);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  position_ = end + 1;
  return Result::kRequest;
}

RespParser::Result RespParser::ParseArray(absl::string_view input) {
  if (!counted_) {
    const Result result = ReadCount(input);
    if (result != Result::kRequest) return result;
  }
  while (args_left_ > 0) {
    const Result result = passing_ ? PassBulk(input) : ReadBulk(input);
    if (result == Result::kNeedMore && passing_) wanted_ -= position_;
    if (result != Result::kRequest) return result;
    --args_left_;
  }
  if (passing_) return Result::kTooLarge;
  args_.reserve(places_.size());
  for (const Place& place : places_) {
    args_.push_back(input.substr(place.offset, place.size));
  }
  return Result::kRequest;
}

RespParser::Result RespParser::ReadCount(absl::string_view input) {
  absl::string_view line;
  const Result result = ReadLine(input, line, "too big mbulk count string");
  if (result != Result::kRequest) return result;
  const std::optional<int64_t> count = ParseInteger(line.substr(1));
  if (!count.has_value() || *count > std::numeric_limits<int32_t>::max()) {
    return Fail("invalid multibulk length");
  }
  counted_ = true;
  // Redis takes "*0" and "*-1" for requests that ask for nothing.
  args_left_ = *count > 0 ? static_cast<size_t>(*count) : 0;
  if (args_left_ > kArgumentsMax) {
    Pass(absl::StrCat("the request has more than ", kArgumentsMax, " words"));
  }
  return Result::kRequest;
}

RespParser::Result RespParser::ReadBulkHead(absl::string_view input) {
  if (position_ < input.size() && input[position_] != '$') {
    return Fail(
        absl::StrCat("expected '$', got '", input.substr(position_, 1), "'"));
  }
  absl::string_view line;
  const Result result = ReadLine(input, line, "too big bulk count string");
  if (result != Result::kRequest) return result;
  const std::optional<int64_t> size = ParseInteger(line.substr(1));
  if (!size.has_value() || *size < 0 || *size > kBulkBytesMax) {
    return Fail("invalid bulk length");
  }
  bulk_bytes_ = static_cast<size_t>(*size);
  in_bulk_ = true;
  return Result::kRequest;
}

RespParser::Result RespParser::ReadBulk(absl::string_view input) {
  if (!in_bulk_) {
    const Result result = ReadBulkHead(input);
    if (result != Result::kRequest) return result;
    if (position_ + bulk_bytes_ > request_bytes_max_) {
      Pass(absl::StrCat("the request is larger than ", request_bytes_max_,
                        " bytes (network.request_size_max)"));
      return PassBulk(input);
    }
  }
  const size_t begin = position_;
  const Result result = FinishBulk(input, begin + bulk_bytes_);
  if (result == Result::kRequest) places_.push_back({begin, bulk_bytes_});
  return result;
}

RespParser::Result RespParser::PassBulk(absl::string_view input) {
  if (!in_bulk_) {
    const Result result = ReadBulkHead(input);
    if (result != Result::kRequest) return result;
  }
  const size_t here = std::min(bulk_bytes_, input.size() - position_);
  position_ += here;
  bulk_bytes_ -= here;
  if (bulk_bytes_ > 0) {
    wanted_ = position_ + std::min(bulk_bytes_, kPassedBytesMax);
    return Result::kNeedMore;
  }
  return FinishBulk(input, position_);
}

// The line end behind a bulk, which ends at `end`.
RespParser::Result RespParser::FinishBulk(absl::string_view input, size_t end) {
  if (input.size() < end + kLineEnd.size()) {
    wanted_ = end + kLineEnd.size();
    return Result::kNeedMore;
  }
  if (input.substr(end, kLineEnd.size()) != kLineEnd) {
    return Fail("expected a line end behind a bulk string");
  }
  position_ = end + kLineEnd.size();
  in_bulk_ = false;
  return Result::kRequest;
}

RespParser::Result RespParser::ParseInline(absl::string_view input) {
  absl::string_view line;
  const Result result = ReadLine(input, line, "too big inline request");
  if (result != Result::kRequest) return result;
  if (!SplitInline(line)) return Fail("unbalanced quotes in request");
  args_owned_ = true;
  for (const std::string& word : words_) args_.push_back(word);
  return Result::kRequest;
}

bool RespParser::SplitInline(absl::string_view line) {
  words_.clear();
  while (true) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty()) return true;
    if (!InlineWord(line).Read(words_.emplace_back())) return false;
  }
}

}  // namespace kv
