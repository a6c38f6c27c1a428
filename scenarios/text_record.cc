#include "scenarios/text_record.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace scenarios {

void RecordWriter::Text(absl::string_view text) {
  absl::StrAppend(&bytes_, text.size(), ":", text);
}

void RecordWriter::Number(uint64_t number) { Text(absl::StrCat(number)); }

void RecordWriter::Signed(int64_t number) { Text(absl::StrCat(number)); }

void RecordWriter::Texts(const std::vector<std::string>& texts) {
  Number(texts.size());
  for (const std::string& text : texts) Text(text);
}

void RecordWriter::CountsOf(const Counts& counts) {
  Number(counts.size());
  for (const auto& [name, count] : counts) {
    Text(name);
    Number(count);
  }
}

absl::string_view RecordReader::Field() {
  constexpr size_t kLengthDigitsMax = 12;
  const size_t colon = bytes_.substr(0, kLengthDigitsMax + 1).find(':');
  uint64_t size = 0;
  if (!ok_ || colon == absl::string_view::npos ||
      !absl::SimpleAtoi(bytes_.substr(0, colon), &size) ||
      size > bytes_.size() - colon - 1) {
    ok_ = false;
    return {};
  }
  const absl::string_view field = bytes_.substr(colon + 1, size);
  bytes_.remove_prefix(colon + 1 + size);
  return field;
}

std::string RecordReader::Text() { return std::string(Field()); }

uint64_t RecordReader::Number() {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(Field(), &number)) ok_ = false;
  return ok_ ? number : 0;
}

int64_t RecordReader::Signed() {
  int64_t number = 0;
  if (!absl::SimpleAtoi(Field(), &number)) ok_ = false;
  return ok_ ? number : 0;
}

size_t RecordReader::ElementCount() {
  constexpr size_t kElementBytesMin = 2;  // "0:"
  const uint64_t count = Number();
  if (count > bytes_.size() / kElementBytesMin) ok_ = false;
  return ok_ ? count : 0;
}

std::vector<std::string> RecordReader::Texts() {
  std::vector<std::string> texts(ElementCount());
  for (std::string& text : texts) text = Text();
  return texts;
}

Counts RecordReader::CountsOf() {
  Counts counts(ElementCount());
  for (auto& [name, count] : counts) {
    name = Text();
    count = Number();
  }
  return counts;
}

absl::Status RecordReader::Finish() const {
  if (ok_ && bytes_.empty()) return absl::OkStatus();
  return absl::DataLossError(
      ok_ ? absl::StrCat(bytes_.size(), " bytes after the last field")
          : "a field is damaged or cut off");
}

std::string JsonQuoted(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppendFormat(
              &json, "\\u%04x",
              static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          json += c;
        }
    }
  }
  return json + "\"";
}

std::string JsonObject(const Counts& counts) {
  std::string json = "{";
  for (const auto& [name, count] : counts) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", JsonQuoted(name), ":",
                    count);
  }
  return json + "}";
}

std::string JsonArray(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", JsonQuoted(text));
  }
  return json + "]";
}

}  // namespace scenarios
