#include "scenarios/sweep_progress.h"

#include <algorithm>

#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

constexpr absl::Duration kPlainLineEvery = absl::Seconds(10);
constexpr uint64_t kBarWidth = 30;
constexpr uint64_t kWhole = 10'000;

std::string Seconds(absl::Duration span) {
  return absl::FormatDuration(absl::Trunc(span, absl::Seconds(1)));
}

// In ten thousandths, at most all of them.
uint64_t DonePartOf(const SweepProgress::State& state, uint64_t total,
                    absl::Duration time_limit, absl::Duration elapsed) {
  uint64_t part = 0;
  if (total > 0) {
    part = state.done * kWhole / total;
  } else if (time_limit > absl::ZeroDuration()) {
    part = static_cast<uint64_t>(elapsed * static_cast<int64_t>(kWhole) /
                                 time_limit);
  }
  return std::min(part, kWhole);
}

}  // namespace

SweepProgress::SweepProgress(std::FILE* out, uint64_t total,
                             absl::Duration time_limit)
    : out_(out),
      total_(total),
      time_limit_(time_limit),
      terminal_(isatty(fileno(out)) != 0),
      begin_(std::chrono::steady_clock::now()),
      next_line_(kPlainLineEvery) {}

absl::Duration SweepProgress::elapsed() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - begin_);
}

void SweepProgress::Show(const State& state) {
  const absl::Duration now = elapsed();
  if (!terminal_ && now < next_line_) return;
  const std::string line = ProgressLine(state, total_, time_limit_, now);
  if (terminal_) {
    std::fprintf(out_, "\r\x1b[K%s", line.c_str());
  } else {
    next_line_ = now + kPlainLineEvery;
    std::fprintf(out_, "%s\n", line.c_str());
  }
  std::fflush(out_);
}

void SweepProgress::Clear() {
  if (!terminal_) return;
  std::fprintf(out_, "\r\x1b[K");
  std::fflush(out_);
}

std::string ProgressLine(const SweepProgress::State& state, uint64_t total,
                         absl::Duration time_limit, absl::Duration elapsed) {
  const uint64_t part = DonePartOf(state, total, time_limit, elapsed);
  const uint64_t filled = part * kBarWidth / kWhole;
  std::string text =
      absl::StrCat("[", std::string(filled, '#'),
                   std::string(kBarWidth - filled, '.'), "] ", state.done);
  if (total > 0) absl::StrAppend(&text, "/", total);
  const int64_t milliseconds =
      std::max<int64_t>(1, absl::ToInt64Milliseconds(elapsed));
  const int64_t per_10s =
      static_cast<int64_t>(state.done) * 10'000 / milliseconds;
  absl::StrAppend(&text, " seeds, ", per_10s / 10, ".", per_10s % 10,
                  " seeds/s, ",
                  state.virtual_time / absl::Milliseconds(milliseconds), ":1, ",
                  state.not_passed, " not passed");
  if (part > 0 && part < kWhole) {
    const absl::Duration left = elapsed * static_cast<int64_t>(kWhole - part) /
                                static_cast<int64_t>(part);
    absl::StrAppend(&text, ", ", Seconds(left), " left");
  }
  return text;
}

}  // namespace scenarios
