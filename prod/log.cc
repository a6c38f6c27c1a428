#include "prod/log.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "nlohmann/json.hpp"

namespace prod {
namespace {

LogLevel log_level = LogLevel::kInfo;
LogFormat log_format = LogFormat::kText;

// Bytes above 0x7f stay as they are: UTF-8, most likely.
void AppendText(std::string& line, absl::string_view text) {
  bool plain = !text.empty();
  for (const char c : text) {
    plain = plain && c != ' ' && c != '"' && c != '=' && c != '\\' &&
            !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  }
  if (plain) {
    absl::StrAppend(&line, text);
    return;
  }
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (absl::ascii_iscntrl(byte)) {
      absl::StrAppend(&line, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      line += c;
    }
  }
  line += '"';
}

std::string TextLine(absl::string_view time, LogLevel level,
                     absl::string_view event,
                     std::span<const runtime::NoteField> fields) {
  std::string line = absl::StrCat(
      time, " ", absl::AsciiStrToUpper(LogLevelName(level)), " ", event);
  for (const runtime::NoteField& field : fields) {
    absl::StrAppend(&line, " ", field.key, "=");
    if (field.text.data() != nullptr) {
      AppendText(line, field.text);
    } else {
      absl::StrAppend(&line, field.number);
    }
  }
  return line;
}

// What is no UTF-8 becomes the replacement character.
std::string JsonLine(absl::string_view time, LogLevel level,
                     absl::string_view event,
                     std::span<const runtime::NoteField> fields) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["time"] = std::string(time);
  json["level"] = std::string(LogLevelName(level));
  json["event"] = std::string(event);
  for (const runtime::NoteField& field : fields) {
    Json& value = json[std::string(field.key)];
    if (field.text.data() != nullptr) {
      value = std::string(field.text);
    } else {
      value = field.number;
    }
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

LogLevel LevelOf(absl::string_view note) {
  if (note == "raft.role") return LogLevel::kInfo;
  if (note == "kv.possible_attack" || note == "kv.foreign_client_denied" ||
      note == "kv.client_dropped") {
    return LogLevel::kWarning;
  }
  return LogLevel::kDebug;
}

void WriteLine(LogLevel level, absl::string_view event,
               std::span<const runtime::NoteField> fields) {
  const std::string line =
      LogLine(log_format, absl::Now(), level, event, fields);
  // There is nowhere to complain about it.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(absl::string_view text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo,
                               LogLevel::kWarning, LogLevel::kError}) {
    if (text == LogLevelName(level)) return level;
  }
  return std::nullopt;
}

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "?";
}

std::optional<LogFormat> ParseLogFormat(absl::string_view text) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    if (text == LogFormatName(format)) return format;
  }
  return std::nullopt;
}

absl::string_view LogFormatName(LogFormat format) {
  return format == LogFormat::kJson ? "json" : "text";
}

void SetLog(LogLevel level, LogFormat format) {
  log_level = level;
  log_format = format;
}

std::string LogLine(LogFormat format, absl::Time time, LogLevel level,
                    absl::string_view event,
                    std::span<const runtime::NoteField> fields) {
  const std::string stamp =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
  return (format == LogFormat::kJson ? JsonLine(stamp, level, event, fields)
                                     : TextLine(stamp, level, event, fields)) +
         "\n";
}

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<runtime::NoteField> fields) {
  if (level < log_level) return;
  WriteLine(level, event, {fields.begin(), fields.size()});
}

namespace {

// What an operator must see; all else is for those who look closer.
LogLevel LevelOf(absl::string_view kind) {
  if (kind == "raft.role" || kind == "raft.founding.agreed") {
    return LogLevel::kInfo;
  }
  if (kind == "net.peer.other_founding" || kind == "net.peer.outlived" ||
      kind == "raft.founding.waits" || kind == "raft.founding.stranger") {
    return LogLevel::kWarning;
  }
  return LogLevel::kDebug;
}

}  // namespace

void LogProbes::OnNote(absl::string_view kind,
                       std::span<const runtime::NoteField> fields) {
  const LogLevel level = LevelOf(kind);
  if (level >= log_level) WriteLine(level, kind, fields);
}

}  // namespace prod
