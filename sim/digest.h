// What happened, in 64 bits: the same seed must give the same digest, on every
// compiler, in every build.
//
// Only meaning goes in: times, kinds, ids, values. Never pointers, paths, wall
// time or padding. A checkpoint every 1,024 events tells not only that two runs
// differ but where they parted; sim/divergence.h names the event.

#ifndef SIM_DIGEST_H_
#define SIM_DIGEST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "runtime/random.h"

namespace sim {

class Digest {
 public:
  static constexpr uint64_t kEventsPerCheckpoint = 1024;

  // One lane of eight bytes. The order matters.
  void Mix(uint64_t lane) { value_ = runtime::MixHash(value_, lane); }
  void MixText(absl::string_view text);

  // An event is over: all that was mixed in since the last call belongs to it.
  void EndEvent() {
    if (++events_ % kEventsPerCheckpoint == 0) checkpoints_.push_back(value_);
  }

  uint64_t value() const { return value_; }
  uint64_t events() const { return events_; }
  // The value after each kEventsPerCheckpoint events.
  const std::vector<uint64_t>& checkpoints() const { return checkpoints_; }

  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  uint64_t value_ = 0;
  uint64_t events_ = 0;
  std::vector<uint64_t> checkpoints_;
};

// Events by their number, from 0; `end` is not included.
struct EventRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Where two runs differ for the first time, as far as their checkpoints tell;
// nullopt if they do not differ.
std::optional<EventRange> FirstDifference(const Digest& a, const Digest& b);

}  // namespace sim

#endif  // SIM_DIGEST_H_
