// Log lines for people and machines: one line an event, to standard error.
//
//   2026-11-20T17:40:00.123456Z INFO raft.role node=1 role=leader term=4
//   {"time":"2026-11-20T17:40:00.123456Z","level":"info","event":"raft.role",
//    "node":1,"role":"leader","term":4}                  (on one line)
//
// Times are UTC, as RFC 3339 writes them. Whatever bytes a field holds, a line
// stays a line, and JSON stays JSON in UTF-8.
//
// Any thread; a line is one write. A line that cannot be written is lost.

#ifndef PROD_LOG_H_
#define PROD_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/probe.h"

namespace prod {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };
enum class LogFormat : uint8_t { kText, kJson };

std::optional<LogLevel> ParseLogLevel(absl::string_view text);
// "debug", as ParseLogLevel() reads it.
absl::string_view LogLevelName(LogLevel level);

std::optional<LogFormat> ParseLogFormat(absl::string_view text);
absl::string_view LogFormatName(LogFormat format);

// Before there are threads.
void SetLog(LogLevel level, LogFormat format);

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<runtime::NoteField> fields);

// The line, with its end. Pure.
std::string LogLine(LogFormat format, absl::Time time, LogLevel level,
                    absl::string_view event,
                    std::span<const runtime::NoteField> fields);

// Turns what the protocol notes about itself into log lines: changes of role at
// kInfo, the rest at kDebug. Nothing is ever buggified in production.
class LogProbes final : public runtime::ProbeSink {
 public:
  void OnNote(absl::string_view kind,
              std::span<const runtime::NoteField> fields) override;
  void OnReached(const runtime::ProbeSite& /*site*/) override {}
  bool OnBuggify(const runtime::ProbeSite& /*site*/) override { return false; }
};

}  // namespace prod

#endif  // PROD_LOG_H_
