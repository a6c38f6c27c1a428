#include "scenarios/sweep_progress.h"

#include <algorithm>

#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

constexpr absl::Duration kPlainLineEvery = absl::Seconds(10);
constexpr uint64_t kBarWidth = 30;

std::string Seconds(absl::Duration span) {
  return absl::FormatDuration(absl::Trunc(span, absl::Seconds(1)));
}

}  // namespace

SweepProgress::SweepProgress(std::FILE* out, uint64_t total)
    : out_(out),
      total_(total),
      terminal_(isatty(fileno(out)) != 0),
      begin_(std::chrono::steady_clock::now()),
      next_line_(kPlainLineEvery) {}

absl::Duration SweepProgress::elapsed() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - begin_);
}

std::string SweepProgress::Bar(uint64_t done, uint64_t not_passed) const {
  std::string text;
  if (total_ > 0) {
    const uint64_t filled = std::min(done, total_) * kBarWidth / total_;
    absl::StrAppend(&text, "[", std::string(filled, '#'),
                    std::string(kBarWidth - filled, '.'), "] ", done, "/",
                    total_);
  } else {
    absl::StrAppend(&text, done);
  }
  absl::StrAppend(&text, " seeds, ", not_passed, " not passed, ",
                  Seconds(elapsed()));
  if (total_ > done && done > 0) {
    absl::StrAppend(&text, ", ",
                    Seconds(elapsed() * static_cast<int64_t>(total_ - done) /
                            static_cast<int64_t>(done)),
                    " left");
  }
  return text;
}

void SweepProgress::Show(uint64_t done, uint64_t not_passed) {
  if (terminal_) {
    std::fprintf(out_, "\r\x1b[K%s", Bar(done, not_passed).c_str());
    std::fflush(out_);
  } else if (elapsed() >= next_line_) {
    next_line_ = elapsed() + kPlainLineEvery;
    std::fprintf(out_, "%s\n", Bar(done, not_passed).c_str());
    std::fflush(out_);
  }
}

void SweepProgress::Clear() {
  if (!terminal_) return;
  std::fprintf(out_, "\r\x1b[K");
  std::fflush(out_);
}

}  // namespace scenarios
