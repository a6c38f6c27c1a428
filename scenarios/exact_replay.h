// Holds a run against a recorded one while it runs: choice by choice against
// the tape, line by line against the outline. The world ends at the first
// event that differs, with both sides.

#ifndef SCENARIOS_EXACT_REPLAY_H_
#define SCENARIOS_EXACT_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "scenarios/run_outline.h"
#include "sim/tape.h"
#include "sim/trace.h"

namespace scenarios {

// Where a run and its record part.
struct Difference {
  uint64_t event = 0;                 // The first that differs.
  std::vector<std::string> before;    // Lines that both have, just before.
  std::vector<std::string> recorded;  // From the first line that differs on.
  std::vector<std::string> now;
  // A choice that differs, before any line does; or what else there is to say.
  std::string choice;

  bool empty() const {
    return recorded.empty() && now.empty() && choice.empty();
  }
  // "event 812, the first that differs:\n  recorded: ...\n  now:      ...".
  std::string ToString() const;
};

class ExactReplay final : public sim::ChoiceTape, public sim::TraceSink {
 public:
  // `texts` are lines of the recorded trace, as far as they were kept; `next`
  // is told of everything and may be null. All must outlive this. `context`:
  // so many lines before the difference, and after it on either side.
  ExactReplay(const sim::TapeRecord& tape, const RunOutline& outline,
              const std::vector<std::string>& texts, sim::TraceSink* next,
              size_t context = 0)
      : tape_(tape),
        outline_(outline),
        texts_(texts),
        next_(next),
        context_(context) {}

  // ChoiceTape.
  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override;
  void NameStream(uint64_t stream, std::string name) override {
    tape_.NameStream(stream, std::move(name));
  }
  // The run goes on until it has shown what it does instead.
  absl::string_view mismatch() const override {
    return going_on_ ? absl::string_view() : mismatch_;
  }

  // TraceSink.
  void OnEvent(const sim::TraceEvent& event) override;

  // The run will end here: what follows is only its tearing down.
  void StopAt(sim::Time time) { stop_at_ = time; }

  // The run is over, and was to reach the end of the recorded one.
  void CheckEnd();

  const Difference& difference() const { return difference_; }
  uint64_t choices_played() const { return tape_.played(); }

 private:
  void Compare(const sim::TraceEvent& event);
  // From the recorded line `line` on; `now` may be empty: nothing more.
  void Differ(uint64_t event, size_t line, const std::string& now);
  void TakeNow(const std::string& text);
  // As much as is known of the text of a recorded line.
  std::string RecordedText(size_t line) const;

  sim::ReplayTape tape_;
  const RunOutline& outline_;
  const std::vector<std::string>& texts_;
  sim::TraceSink* const next_;
  const size_t context_;
  sim::Time stop_at_ = sim::kNever;
  bool stopped_ = false;
  size_t lines_ = 0;              // Compared so far.
  uint64_t event_ = 0;            // The running one.
  std::deque<std::string> last_;  // Lines that both have: the newest.
  Difference difference_;         // Set once.
  std::string mismatch_;          // The same as text.
  bool going_on_ = false;         // It differs; a few lines more.
};

}  // namespace scenarios

#endif  // SCENARIOS_EXACT_REPLAY_H_
