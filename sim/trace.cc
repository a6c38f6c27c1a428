#include "sim/trace.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sim {
namespace {

bool IsText(const runtime::NoteField& field) {
  return field.text.data() != nullptr;
}

// Quotes only what could be read as something else.
std::string TextValue(const runtime::NoteField& field) {
  if (!IsText(field)) return absl::StrCat(field.number);
  const bool plain =
      !field.text.empty() &&
      field.text.find_first_of(" \t\n\"=") == absl::string_view::npos;
  if (plain) return std::string(field.text);
  return absl::StrCat("\"", absl::CEscape(field.text), "\"");
}

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

}  // namespace

std::string ToText(const TraceEvent& event) {
  constexpr Time kSecond = 1'000'000'000;
  std::string out = absl::StrFormat("[%3d.%06ds] ", event.at / kSecond,
                                    event.at % kSecond / 1000);
  absl::StrAppend(&out, event.host == kNoHost ? "-" : event.host_name, " ",
                  event.kind);
  for (const runtime::NoteField& field : event.fields) {
    absl::StrAppend(&out, " ", field.key, "=", TextValue(field));
  }
  return out;
}

std::string ToJson(const TraceEvent& event) {
  std::string out =
      absl::StrCat("{\"at\":", event.at, ",\"event\":", event.event);
  if (event.host != kNoHost) {
    absl::StrAppend(&out, ",\"host\":", JsonString(event.host_name));
  }
  absl::StrAppend(&out, ",\"kind\":", JsonString(event.kind), ",\"fields\":{");
  absl::string_view separator;
  for (const runtime::NoteField& field : event.fields) {
    absl::StrAppend(
        &out, separator, JsonString(field.key), ":",
        IsText(field) ? JsonString(field.text) : absl::StrCat(field.number));
    separator = ",";
  }
  absl::StrAppend(&out, "}}");
  return out;
}

void TextTrace::OnEvent(const TraceEvent& event) {
  if (event.level <= level_) out_ << ToText(event) << '\n';
}

void JsonTrace::OnEvent(const TraceEvent& event) {
  if (event.level <= level_) out_ << ToJson(event) << '\n';
}

}  // namespace sim
