// Log lines for people and machines: one line an event, to standard error.
//
//   2026-11-20T17:40:00.123Z INFO raft.role node=1 role=leader term=4
//
// Any thread; a line is one write.

#ifndef PROD_LOG_H_
#define PROD_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "absl/strings/string_view.h"

#include "runtime/probe.h"

namespace prod {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

std::optional<LogLevel> ParseLogLevel(absl::string_view text);
// "debug", as ParseLogLevel() reads it.
absl::string_view LogLevelName(LogLevel level);

// Before there are threads.
void SetLogLevel(LogLevel level);

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<runtime::NoteField> fields);

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
