// Every choice of a run, to be kept, played again and changed.
//
// A choice has a stable id: the stream that made it and how many that stream
// had made before. So a tape still means something after the code has changed:
// the exact replay then says where, and the lenient one keeps what still fits.
//
//   RecordingTape  lets the dice decide and writes down what they said.
//   ReplayTape     plays a tape exactly, and says so at the first choice that
//                  is not the next one of the tape.
//   LenientTape    plays what it knows by id; the dice decide the rest. Also
//   the
//                  shrinker's engine: it plays tapes with choices taken out or
//                  made smaller.
//
// A world without a tape pays one test of a pointer for each draw.

#ifndef SIM_TAPE_H_
#define SIM_TAPE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "runtime/random.h"

namespace sim {

struct Choice {
  uint64_t stream = 0;   // runtime::StreamSeed() of seed and labels.
  uint64_t ordinal = 0;  // Counts the choices of the stream, from 0.
  uint64_t domain = 0;   // How many values there were; 0 stands for 2^64.
  uint64_t value = 0;    // Which one it was.

  friend auto operator<=>(const Choice&, const Choice&) = default;
};

// Plain data, to be stored.
struct TapeRecord {
  std::vector<Choice> choices;  // In the order in which they were made.
  // What a person calls each stream: "process.cpu/0/1". Streams that the guest
  // forked by itself are not listed.
  absl::btree_map<uint64_t, std::string> stream_names;

  // "process.cpu/0/1 #12: 3 of 10".
  std::string Describe(const Choice& choice) const;
};

// A tape as a World uses it.
class ChoiceTape : public runtime::Tape {
 public:
  // A stream was opened under this name.
  virtual void NameStream(uint64_t stream, std::string name) = 0;

  // What went wrong with replaying, or empty. The world fails when it appears.
  virtual absl::string_view mismatch() const { return {}; }
};

class RecordingTape final : public ChoiceTape {
 public:
  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override;
  void NameStream(uint64_t stream, std::string name) override;

  const TapeRecord& record() const { return record_; }

 private:
  TapeRecord record_;
};

class ReplayTape final : public ChoiceTape {
 public:
  // `record` must outlive this.
  explicit ReplayTape(const TapeRecord& record) : record_(record) {}

  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override;
  void NameStream(uint64_t stream, std::string name) override;
  absl::string_view mismatch() const override { return mismatch_; }

  // How many choices of the tape were played. A run that ends with fewer than
  // there are is shorter than the recorded one.
  size_t played() const { return played_; }

 private:
  const TapeRecord& record_;
  size_t played_ = 0;
  std::string mismatch_;
  // What this run calls its streams, to tell both sides of a mismatch.
  absl::btree_map<uint64_t, std::string> stream_names_;
};

class LenientTape final : public ChoiceTape {
 public:
  explicit LenientTape(const TapeRecord& record);

  uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                  uint64_t drawn) override;
  void NameStream(uint64_t, std::string) override {}

  uint64_t played() const { return played_; }  // Choices taken from the tape.
  uint64_t drawn() const { return drawn_; }    // Choices left to the dice.

 private:
  std::vector<Choice> choices_;  // Sorted by (stream, ordinal).
  uint64_t played_ = 0;
  uint64_t drawn_ = 0;
};

}  // namespace sim

#endif  // SIM_TAPE_H_
