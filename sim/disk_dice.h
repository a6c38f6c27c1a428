// How one simulated disk behaves today: how long a call takes, and whether it
// fails. What a call does is sim/sim_volume.h.
//
// Latencies, faults and crash layouts come from streams of their own, so that
// turning one kind of fault off leaves the others where they were.

#ifndef SIM_DISK_DICE_H_
#define SIM_DISK_DICE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "sim/disk_knobs.h"
#include "sim/event.h"

namespace sim {

class World;

// What can strike a single call.
enum class DiskFault : uint8_t {
  kReadFails,    // DATA_LOSS.
  kWriteFails,   // DATA_LOSS, after some prefix of the bytes was written.
  kSyncFails,    // DATA_LOSS, and the kernel then takes the pages for clean.
  kCrashInCall,  // The process dies, or the power fails, before the return.
};
inline constexpr size_t kDiskFaults = 4;

// Ends the process in the middle of one call: before the call has its effect or
// after it, as the timing of the call has it.
struct CrashOrder {
  enum class Call : uint8_t { kWrite, kSync, kEither };

  std::string file;  // Part of the path.
  Call call = Call::kEither;
  // The power fails, too; else the process alone dies.
  bool power = true;
};

class DiskDice {
 public:
  // By how it is timed.
  enum class Call : uint8_t { kRead, kWrite, kSync };

  struct Timing {
    absl::Duration span;
    // Whether the call has its effect before it takes its time, or after: a
    // process that is killed meanwhile has done it, or has not.
    bool effect_first;
  };

  // `world` must outlive this.
  DiskDice(World& world, HostId host);
  DiskDice(const DiskDice&) = delete;
  DiskDice& operator=(const DiskDice&) = delete;

  // The world's, unless this disk has its own.
  const DiskKnobs& knobs() const;
  void SetKnobs(std::optional<DiskKnobs> knobs) { knobs_ = knobs; }

  // Of a call that moves `bytes`. May start a stall. Does not suspend: the
  // caller waits.
  Timing Plan(Call call, uint64_t bytes);

  // Does the device answer?
  bool Answers() const { return !stuck_ && stalled_until_ <= now(); }
  // How long to wait, while it does not, before asking again.
  absl::Duration AskAgainAfter() const;
  void StallFor(absl::Duration span);
  // Does not answer until it is released.
  void SetStuck(bool stuck);

  // No room for anything more, whatever the knobs say.
  void SetFull(bool full) { full_ = full; }
  uint64_t capacity_bytes() const { return full_ ? 0 : knobs().capacity_bytes; }

  // Whether `fault` strikes this call: by the knobs, or because it was ordered.
  // Counts it, if so.
  bool Strikes(DiskFault fault);
  // The next call that `fault` can strike is struck.
  void Order(DiskFault fault) { ++ordered_[static_cast<size_t>(fault)]; }

  // From now on the oldest order waits for its call, whoever makes it; then the
  // next one does.
  void OrderCrash(CrashOrder order) { crashes_.push_back(std::move(order)); }
  void CancelCrashes() { crashes_.clear(); }
  // The order that strikes this call; counts it, and it is done.
  std::optional<CrashOrder> TakeCrash(Call call, absl::string_view path);

  // Whether a write lets the kernel write something back.
  bool WritesBack();
  // When it does so next without being asked; never, if not set.
  std::optional<absl::Duration> NextWriteback();

  runtime::Random& faults() { return faults_; }
  runtime::Random& layouts() { return layouts_; }
  runtime::Random& writeback() { return writeback_; }

 private:
  // A device that has a limit does one call after the other; how long this one
  // waits for its turn and takes.
  absl::Duration TakeTurn(const DiskKnobs& knobs, uint64_t bytes);
  uint32_t PartsPerMillion(DiskFault fault) const;
  Time now() const;

  World& world_;
  const HostId host_;
  std::optional<DiskKnobs> knobs_;

  runtime::Random latency_;
  runtime::Random faults_;
  runtime::Random layouts_;
  runtime::Random writeback_;

  Time stalled_until_ = 0;
  Time busy_until_ = 0;  // Of a device with a limit.
  bool stuck_ = false;
  bool full_ = false;
  std::array<uint32_t, kDiskFaults> ordered_{};
  std::deque<CrashOrder> crashes_;
};

}  // namespace sim

#endif  // SIM_DISK_DICE_H_
