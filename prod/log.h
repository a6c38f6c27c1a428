// Log lines for people and machines: one line an event, to standard error.
//
//   2026-11-20T17:40:00.123456Z INFO raft.role node=1 role=leader term=4
//   {"time":"2026-11-20T17:40:00.123456Z","level":"info","event":"raft.role",
//    "node":1,"role":"leader","term":4}                  (on one line)
//
// Times are UTC, as RFC 3339 writes them. Whatever bytes a field holds, a line
// stays a line, and JSON stays JSON in UTF-8.
//
// Any thread. Until StartLogThread() a line is one write; then it is handed to
// a thread (log_writer.h), and nobody waits for who reads the log. What that
// had to drop is counted.

#ifndef PROD_LOG_H_
#define PROD_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
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

// Once, before there are other threads. From then on a failed check and an
// uncaught exception end the process with a line of the log's own form.
// Errors: those of LogWriter::Start().
absl::Status StartLogThread();

// Any thread. Lines that found no room or could not be written.
uint64_t LogLinesDropped();

// Waits a moment for what is not yet written. Before the process ends.
void FlushLog();

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<runtime::NoteField> fields);

// The line, with its end. Pure.
std::string LogLine(LogFormat format, absl::Time time, LogLevel level,
                    absl::string_view event,
                    std::span<const runtime::NoteField> fields);

// Turns what the rooms below note about themselves into log lines: troubles at
// kWarning, changes of role at kInfo, the rest at kDebug. Nothing is ever
// buggified in production.
//
// A trouble with a peer is told once a minute as long as it stays the same,
// sooner if it changes, and that it is over is told at kInfo.
class LogProbes final : public runtime::ProbeSink {
 public:
  static constexpr absl::Duration kRepeat = absl::Minutes(1);
  static constexpr absl::Duration kRepeatChanged = absl::Seconds(10);

  void OnNote(absl::string_view kind,
              std::span<const runtime::NoteField> fields) override;
  void OnReached(const runtime::ProbeSite& /*site*/) override {}
  bool OnBuggify(const runtime::ProbeSite& /*site*/) override { return false; }

  // The level that a note has at `now`; kDebug if it was told not long ago.
  LogLevel LevelOf(absl::string_view kind,
                   std::span<const runtime::NoteField> fields, absl::Time now);

 private:
  // What is told of one peer, of one kind.
  struct Told {
    absl::Time when = absl::InfinitePast();
    std::string why;
    bool over = false;
  };

  bool IsNews(absl::string_view kind, int64_t peer, absl::string_view why,
              absl::Time now);
  // Whether there was a trouble of `kind`, which is over now.
  bool IsOver(absl::string_view kind, int64_t peer);

  std::mutex mutex_;  // Guards all below: both runtimes note.
  std::map<std::pair<std::string, int64_t>, Told> told_;
};

}  // namespace prod

#endif  // PROD_LOG_H_
