#include "kv/resp/parser.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"

namespace kv {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";

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
  position_ = 0;
  wanted_ = 0;
  searched_ = 0;
  counted_ = false;
  args_left_ = 0;
  in_bulk_ = false;
  places_.clear();
  args_.clear();
  args_owned_ = false;
}

RespParser::Result RespParser::Fail(absl::string_view why) {
  error_ = absl::StrCat("Protocol error: ", why);
  return Result::kError;
}

RespParser::Result RespParser::Parse(absl::string_view input) {
  if (!error_.empty()) return Result::kError;
  if (done_) Begin();
  if (input.empty()) {
    wanted_ = 1;
    return Result::kNeedMore;
  }
  const Result result =
      input[0] == '*' ? ParseArray(input) : ParseInline(input);
  done_ = result == Result::kRequest;
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
    const Result result = ReadBulk(input);
    if (result != Result::kRequest) return result;
    --args_left_;
  }
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
  if (!count.has_value() || *count > static_cast<int64_t>(kArgumentsMax)) {
    return Fail("invalid multibulk length");
  }
  counted_ = true;
  // Redis takes "*0" and "*-1" for requests that ask for nothing.
  args_left_ = *count > 0 ? static_cast<size_t>(*count) : 0;
  return Result::kRequest;
}

RespParser::Result RespParser::ReadBulk(absl::string_view input) {
  if (!in_bulk_) {
    if (position_ < input.size() && input[position_] != '$') {
      return Fail(
          absl::StrCat("expected '$', got '", input.substr(position_, 1), "'"));
    }
    absl::string_view line;
    const Result result = ReadLine(input, line, "too big bulk count string");
    if (result != Result::kRequest) return result;
    const std::optional<int64_t> size = ParseInteger(line.substr(1));
    if (!size.has_value() || *size < 0 ||
        *size > static_cast<int64_t>(kRequestBytesMax) ||
        position_ + static_cast<size_t>(*size) > kRequestBytesMax) {
      return Fail("invalid bulk length");
    }
    bulk_bytes_ = static_cast<size_t>(*size);
    in_bulk_ = true;
  }
  const size_t end = position_ + bulk_bytes_ + kLineEnd.size();
  if (input.size() < end) {
    wanted_ = end;
    return Result::kNeedMore;
  }
  if (input.substr(position_ + bulk_bytes_, kLineEnd.size()) != kLineEnd) {
    return Fail("expected a line end behind a bulk string");
  }
  places_.push_back({position_, bulk_bytes_});
  position_ = end;
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
