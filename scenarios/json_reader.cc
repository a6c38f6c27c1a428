#include "scenarios/json_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "runtime/status_macros.h"

namespace scenarios {
namespace {

constexpr size_t kDepthMax = 64;

void AppendUtf8(uint32_t code, std::string* out) {
  const auto tail = [out](uint32_t bits) {
    out->push_back(static_cast<char>(0x80 | (bits & 0x3f)));
  };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | code >> 6));
    tail(code);
  } else {
    out->push_back(static_cast<char>(0xe0 | code >> 12));
    tail(code >> 6);
    tail(code);
  }
}

class Parser {
 public:
  explicit Parser(absl::string_view json) : json_(json), rest_(json) {}

  absl::StatusOr<JsonValue> Whole() {
    JsonValue value;
    RETURN_IF_ERROR(Value(0, &value));
    Skip();
    if (!rest_.empty()) return Defect("nothing more");
    return value;
  }

 private:
  absl::Status Defect(absl::string_view expected) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "byte ", json_.size() - rest_.size() + 1, ": expected ", expected));
  }

  void Skip() {
    const size_t begin = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(begin, rest_.size()));
  }

  bool Take(char c) {
    Skip();
    return absl::ConsumePrefix(&rest_, absl::string_view(&c, 1));
  }

  absl::Status Value(size_t depth, JsonValue* out);
  absl::Status Array(size_t depth, JsonValue* out);
  absl::Status Object(size_t depth, JsonValue* out);
  absl::Status Text(std::string* out);
  absl::Status Escape(std::string* out);
  absl::Status Number(JsonValue* out);
  size_t TakeDigits();

  const absl::string_view json_;
  absl::string_view rest_;
};

absl::Status Parser::Value(size_t depth, JsonValue* out) {
  Skip();
  if (rest_.empty()) return Defect("a value");
  if (depth > kDepthMax) return Defect("fewer levels");
  switch (rest_.front()) {
    case '{':
      return Object(depth, out);
    case '[':
      return Array(depth, out);
    case '"':
      out->kind = JsonValue::Kind::kText;
      return Text(&out->text);
    default:
      break;
  }
  for (const absl::string_view word : {"true", "false", "null"}) {
    if (!absl::ConsumePrefix(&rest_, word)) continue;
    if (word != "null") {
      out->kind = JsonValue::Kind::kBool;
      out->text = std::string(word);
    }
    return absl::OkStatus();
  }
  return Number(out);
}

absl::Status Parser::Array(size_t depth, JsonValue* out) {
  out->kind = JsonValue::Kind::kArray;
  rest_.remove_prefix(1);
  if (Take(']')) return absl::OkStatus();
  do {
    RETURN_IF_ERROR(Value(depth + 1, &out->elements.emplace_back()));
  } while (Take(','));
  return Take(']') ? absl::OkStatus() : Defect("',' or ']'");
}

absl::Status Parser::Object(size_t depth, JsonValue* out) {
  out->kind = JsonValue::Kind::kObject;
  rest_.remove_prefix(1);
  if (Take('}')) return absl::OkStatus();
  do {
    Skip();
    RETURN_IF_ERROR(Text(&out->names.emplace_back()));
    if (!Take(':')) return Defect("':'");
    RETURN_IF_ERROR(Value(depth + 1, &out->elements.emplace_back()));
  } while (Take(','));
  return Take('}') ? absl::OkStatus() : Defect("',' or '}'");
}

absl::Status Parser::Text(std::string* out) {
  if (!absl::ConsumePrefix(&rest_, "\"")) return Defect("'\"'");
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (static_cast<unsigned char>(c) < 0x20) break;
    rest_.remove_prefix(1);
    if (c == '"') return absl::OkStatus();
    if (c != '\\') {
      out->push_back(c);
      continue;
    }
    RETURN_IF_ERROR(Escape(out));
  }
  return Defect("the end of the text");
}

absl::Status Parser::Escape(std::string* out) {
  constexpr absl::string_view kLetters = "\"\\/bfnrt";
  constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (rest_.empty()) return Defect("an escape");
  const size_t letter = kLetters.find(rest_.front());
  if (letter != absl::string_view::npos) {
    out->push_back(kMeanings[letter]);
    rest_.remove_prefix(1);
    return absl::OkStatus();
  }
  uint32_t code = 0;
  if (!absl::ConsumePrefix(&rest_, "u") || rest_.size() < 4 ||
      !std::all_of(rest_.begin(), rest_.begin() + 4,
                   [](char c) {
                     return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                   }) ||
      !absl::SimpleHexAtoi(rest_.substr(0, 4), &code)) {
    return Defect("an escape");
  }
  rest_.remove_prefix(4);
  AppendUtf8(code, out);  // We write no surrogates.
  return absl::OkStatus();
}

size_t Parser::TakeDigits() {
  const size_t end = rest_.find_first_not_of("0123456789");
  const size_t count = std::min(end, rest_.size());
  rest_.remove_prefix(count);
  return count;
}

absl::Status Parser::Number(JsonValue* out) {
  const absl::string_view begin = rest_;
  absl::ConsumePrefix(&rest_, "-");
  const bool zero = !rest_.empty() && rest_.front() == '0';
  const size_t digits = TakeDigits();
  if (digits == 0 || (zero && digits > 1)) return Defect("a value");
  if (absl::ConsumePrefix(&rest_, ".") && TakeDigits() == 0) {
    return Defect("a digit");
  }
  if (absl::ConsumePrefix(&rest_, "e") || absl::ConsumePrefix(&rest_, "E")) {
    if (!absl::ConsumePrefix(&rest_, "+")) absl::ConsumePrefix(&rest_, "-");
    if (TakeDigits() == 0) return Defect("a digit");
  }
  out->kind = JsonValue::Kind::kNumber;
  out->text = std::string(begin.substr(0, begin.size() - rest_.size()));
  return absl::OkStatus();
}

}  // namespace

const JsonValue& JsonValue::operator[](absl::string_view name) const {
  static const JsonValue kNothing;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return kNothing;
  return elements[static_cast<size_t>(found - names.begin())];
}

bool JsonValue::Has(absl::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

uint64_t JsonValue::Unsigned() const {
  uint64_t number = 0;
  if (kind != Kind::kNumber || !absl::SimpleAtoi(text, &number)) return 0;
  return number;
}

int64_t JsonValue::Signed() const {
  int64_t number = 0;
  if (kind != Kind::kNumber || !absl::SimpleAtoi(text, &number)) return 0;
  return number;
}

absl::StatusOr<JsonValue> ParseJson(absl::string_view json) {
  return Parser(json).Whole();
}

}  // namespace scenarios
