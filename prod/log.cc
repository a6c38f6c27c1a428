#include "prod/log.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "nlohmann/json.hpp"
#include "prod/log_writer.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

LogLevel log_level = LogLevel::kInfo;
LogFormat log_format = LogFormat::kText;
// Lives as long as the process, whose last lines it writes.
LogWriter* log_writer = nullptr;

// How long a process that ends waits for who reads its log.
constexpr absl::Duration kLastPatience = absl::Milliseconds(500);
// Peers times kinds of trouble; a stranger may claim to be anybody.
constexpr size_t kToldMax = 1024;

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

void WriteLine(LogLevel level, absl::string_view event,
               std::span<const runtime::NoteField> fields) {
  const std::string line =
      LogLine(log_format, absl::Now(), level, event, fields);
  if (log_writer != nullptr) return log_writer->Push(line);
  // There is nowhere to complain about it.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

std::string DroppedLine(uint64_t dropped) {
  const runtime::NoteField lines("lines", dropped);
  return LogLine(log_format, absl::Now(), LogLevel::kWarning, "log.dropped",
                 {&lines, 1});
}

// The line that this process ends with.
void LogLast(absl::string_view event,
             std::initializer_list<runtime::NoteField> fields) {
  log_writer->PushLast(LogLine(log_format, absl::Now(), LogLevel::kError, event,
                               {fields.begin(), fields.size()}),
                       kLastPatience);
}

void OnFailedCheck(const runtime::CheckFailure& failure) {
  const std::string where = absl::StrCat(failure.file, ":", failure.line);
  LogLast("check.failed", {{"where", absl::string_view(where)},
                           {"check", absl::string_view(failure.condition)},
                           {"why", absl::string_view(failure.message)}});
  std::abort();
}

void OnTerminate() {
  const char* what = "an exception that nobody caught";
  try {
    if (const std::exception_ptr thrown = std::current_exception()) {
      std::rethrow_exception(thrown);
    }
  } catch (const std::exception& error) {
    LogLast("process.terminated", {{"why", error.what()}});
    std::abort();
  }
  LogLast("process.terminated", {{"why", what}});
  std::abort();
}

struct NoteLevel {
  absl::string_view kind;
  LogLevel level;
  bool about_peer;  // Told again only when it is news.
};

// Those that are more than detail.
constexpr std::array kNoteLevels = {
    NoteLevel{"raft.role", LogLevel::kInfo, false},
    NoteLevel{"raft.founding.agreed", LogLevel::kInfo, false},
    NoteLevel{"raft.founding.waits", LogLevel::kWarning, false},
    NoteLevel{"raft.founding.stranger", LogLevel::kWarning, true},
    NoteLevel{"net.peer.other_founding", LogLevel::kWarning, false},
    NoteLevel{"net.peer.outlived", LogLevel::kWarning, false},
    NoteLevel{"kv.possible_attack", LogLevel::kWarning, false},
    NoteLevel{"kv.foreign_client_denied", LogLevel::kWarning, false},
    NoteLevel{"kv.client_dropped", LogLevel::kWarning, false},
    NoteLevel{"kv.slow_request", LogLevel::kWarning, false},
    NoteLevel{"net.peer.unreachable", LogLevel::kWarning, true},
    NoteLevel{"net.peer.refused", LogLevel::kWarning, true},
    NoteLevel{"net.peer.refuses", LogLevel::kWarning, true},
    NoteLevel{"net.rpc.malformed", LogLevel::kWarning, true},
    NoteLevel{"kv.peer.unreachable", LogLevel::kWarning, true},
    NoteLevel{"kv.peer.clock", LogLevel::kWarning, true},
};

const runtime::NoteField* FieldOf(std::span<const runtime::NoteField> fields,
                                  absl::string_view key) {
  for (const runtime::NoteField& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
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

absl::Status StartLogThread() {
  ASSIGN_OR_RETURN(std::unique_ptr<LogWriter> writer,
                   LogWriter::Start(STDERR_FILENO, LogWriter::kWaitingBytesMax,
                                    DroppedLine));
  log_writer = writer.release();
  runtime::SetCheckHandler(OnFailedCheck);
  std::set_terminate(OnTerminate);
  return absl::OkStatus();
}

uint64_t LogLinesDropped() {
  return log_writer == nullptr ? 0 : log_writer->dropped();
}

void FlushLog() {
  if (log_writer != nullptr) (void)log_writer->Flush(kLastPatience);
}

void LogProbes::OnNote(absl::string_view kind,
                       std::span<const runtime::NoteField> fields) {
  const LogLevel level = LevelOf(kind, fields, absl::Now());
  if (level >= log_level) WriteLine(level, kind, fields);
}

LogLevel LogProbes::LevelOf(absl::string_view kind,
                            std::span<const runtime::NoteField> fields,
                            absl::Time now) {
  const auto number = [fields](absl::string_view key) {
    const runtime::NoteField* field = FieldOf(fields, key);
    return field == nullptr ? 0 : field->number;
  };
  for (const NoteLevel& row : kNoteLevels) {
    if (row.kind != kind) continue;
    if (!row.about_peer) return row.level;
    const runtime::NoteField* why = FieldOf(fields, "why");
    return IsNews(kind, number("peer"), why == nullptr ? "" : why->text, now)
               ? row.level
               : LogLevel::kDebug;
  }
  if (kind == "net.peer.link" && number("up") != 0) {
    const bool unreachable = IsOver("net.peer.unreachable", number("peer"));
    const bool refused = IsOver("net.peer.refused", number("peer"));
    if (unreachable || refused) return LogLevel::kInfo;
  }
  if (kind == "kv.peer.reached" &&
      IsOver("kv.peer.unreachable", number("peer"))) {
    return LogLevel::kInfo;
  }
  return LogLevel::kDebug;
}

bool LogProbes::IsNews(absl::string_view kind, int64_t peer,
                       absl::string_view why, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (told_.size() >= kToldMax) told_.clear();
  Told& told = told_[{std::string(kind), peer}];
  const bool changed = told.over || told.why != why;
  if (now - told.when < (changed ? kRepeatChanged : kRepeat)) return false;
  told = {now, std::string(why), false};
  return true;
}

bool LogProbes::IsOver(absl::string_view kind, int64_t peer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto told = told_.find({std::string(kind), peer});
  return told != told_.end() && !std::exchange(told->second.over, true);
}

}  // namespace prod
