#include "prod/log.h"

#include <string>

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace prod {
namespace {

LogLevel log_level = LogLevel::kInfo;

void AppendText(std::string& line, absl::string_view text) {
  const bool plain = text.find_first_of(" \"=\n") == absl::string_view::npos;
  if (plain) {
    absl::StrAppend(&line, text);
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' ? ' ' : c;
  }
  line += '"';
}

void WriteLine(LogLevel level, absl::string_view event,
               std::span<const runtime::NoteField> fields) {
  std::string line = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(),
                                      absl::UTCTimeZone());
  absl::StrAppend(&line, " ", absl::AsciiStrToUpper(LogLevelName(level)), " ",
                  event);
  for (const runtime::NoteField& field : fields) {
    absl::StrAppend(&line, " ", field.key, "=");
    if (field.text.data() != nullptr) {
      AppendText(line, field.text);
    } else {
      absl::StrAppend(&line, field.number);
    }
  }
  line += '\n';
  // A log line that cannot be written has nowhere to be complained about.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(absl::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
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

void SetLogLevel(LogLevel level) { log_level = level; }

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<runtime::NoteField> fields) {
  if (level < log_level) return;
  WriteLine(level, event, {fields.begin(), fields.size()});
}

void LogProbes::OnNote(absl::string_view kind,
                       std::span<const runtime::NoteField> fields) {
  const LogLevel level =
      kind == "raft.role" ? LogLevel::kInfo : LogLevel::kDebug;
  if (level >= log_level) WriteLine(level, kind, fields);
}

}  // namespace prod
