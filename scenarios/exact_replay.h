// Holds a run against a recorded one while it runs: choice by choice against
// the tape, line by line against the outline. The world ends at the first
// event that differs, with both sides.

#ifndef SCENARIOS_EXACT_REPLAY_H_
#define SCENARIOS_EXACT_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "scenarios/run_outline.h"
#include "sim/tape.h"
#include "sim/trace.h"

namespace scenarios {

class ExactReplay final : public sim::ChoiceTape, public sim::TraceSink {
 public:
  // `texts` are lines of the recorded trace, as far as they were kept; `next`
  // is told of everything and may be null. All must outlive this.
  ExactReplay(const sim::TapeRecord& tape, const RunOutline& outline,
              const std::vector<std::string>& texts, sim::TraceSink* next)
      : tape_(tape), outline_(outline), texts_(texts), next_(next) {}

  // ChoiceTape.
  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override;
  void NameStream(uint64_t stream, std::string name) override {
    tape_.NameStream(stream, std::move(name));
  }
  absl::string_view mismatch() const override { return difference_; }

  // TraceSink.
  void OnEvent(const sim::TraceEvent& event) override;

  // The run will end here: what follows is only its tearing down.
  void StopAt(sim::Time time) { stop_at_ = time; }

  // The run is over, and was to reach the end of the recorded one.
  void CheckEnd();

  // "event 812, the first that differs:\n  recorded: ...\n  now:      ...", or
  // the choice that differs instead of lines; or empty.
  const std::string& difference() const { return difference_; }
  uint64_t choices_played() const { return tape_.played(); }

 private:
  void Compare(const sim::TraceEvent& event);
  void Differ(uint64_t event, absl::string_view recorded,
              absl::string_view now);
  // As much as is known of the text of a recorded line.
  std::string RecordedText(size_t line) const;

  sim::ReplayTape tape_;
  const RunOutline& outline_;
  const std::vector<std::string>& texts_;
  sim::TraceSink* const next_;
  sim::Time stop_at_ = sim::kNever;
  bool stopped_ = false;
  size_t lines_ = 0;        // Compared so far.
  uint64_t event_ = 0;      // The running one.
  std::string now_;         // Its last line.
  std::string difference_;  // Set once.
};

}  // namespace scenarios

#endif  // SCENARIOS_EXACT_REPLAY_H_
