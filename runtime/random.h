// The only dice there are.
//
// Our own generator (xoshiro256**) and our own distributions, because those of
// the standard library differ between compilers. Integers only: no floating
// point decides anything. A stream is named, not ordered: its seed is the hash
// of the run's seed and its labels, so that a draw added in one place does not
// shift the draws of another.
//
//   Random dice(StreamSeed(seed, "election", node.value()));
//   const int64_t delay = dice.Between(150, 300);   // One draw a statement.
//
// In the simulator every draw also passes through a Tape, which records it, or
// replaces it when a recorded run is replayed. Production has no tape.

#ifndef RUNTIME_RANDOM_H_
#define RUNTIME_RANDOM_H_

#include <array>
#include <bit>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace runtime {

// A 64-bit hash of text that is the same on every machine, also at compile
// time. For labels and digests, not against adversaries.
constexpr uint64_t HashLabel(absl::string_view label) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : label) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hash;
}

// Mixes `value` into `hash`; every bit of both matters, and so does which is
// which.
constexpr uint64_t MixHash(uint64_t hash, uint64_t value) {
  uint64_t x = (std::rotl(hash, 25) + 0x632be59bd9b4e019u) ^ value;
  x *= 0x9e3779b97f4a7c15u;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  return x ^ (x >> 29);
}

// The seed of a named stream. Labels are text, then up to two numbers:
//   StreamSeed(seed, "net", from, to).
constexpr uint64_t StreamSeed(uint64_t seed, absl::string_view label,
                              uint64_t a = 0, uint64_t b = 0) {
  return MixHash(MixHash(MixHash(seed, HashLabel(label)), a), b);
}

// Who sees, and may replace, each choice of a stream. Implemented by
// sim/tape.h only.
class Tape {
 public:
  virtual ~Tape() = default;
  // `stream` names the stream, `ordinal` counts its choices from zero; together
  // they are the choice's stable id. `drawn` < `domain` is what the dice say.
  // Returns what is to happen, < `domain`. A domain of 0 stands for 2^64.
  virtual uint64_t Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                          uint64_t drawn) = 0;
};

class Random {
 public:
  // `stream_seed` comes from StreamSeed(). `tape` may be null and must outlive
  // this.
  explicit Random(uint64_t stream_seed, Tape* tape = nullptr);

  // Moves only: a copy would repeat the ids of the choices.
  Random(Random&&) = default;
  Random& operator=(Random&&) = default;

  // A stream derived from this one by name; takes no draw from this one.
  Random Fork(absl::string_view label, uint64_t a = 0, uint64_t b = 0) const;

  // Any 64 bits.
  uint64_t Next();

  // Uniform in [0, bound). Requires: bound > 0.
  uint64_t Below(uint64_t bound);

  // Uniform in [low, high], both included. Requires: low <= high.
  int64_t Between(int64_t low, int64_t high);
  absl::Duration Between(absl::Duration low, absl::Duration high);

  // True with a probability of `parts_per_million` / 1e6.
  bool Chance(uint32_t parts_per_million);

  // Exponentially distributed with this mean, cut off at about 8 times the
  // mean: the gaps of a Poisson process. Requires: mean below a day.
  absl::Duration Exponential(absl::Duration mean);

  uint64_t stream() const { return stream_; }

 private:
  uint64_t Draw();  // The bare generator.
  uint64_t Choose(uint64_t domain, uint64_t drawn);

  std::array<uint64_t, 4> state_;
  uint64_t stream_;
  uint64_t ordinal_ = 0;
  Tape* tape_;
};

}  // namespace runtime

#endif  // RUNTIME_RANDOM_H_
