// Rules about messages of a kind on one direction between two hosts: for
// stories such as "the third append is lost, and its reply comes late".
//
// While a link has filters, each write of a frame stream is taken apart into
// its messages (sim/message_lens.h), and each of them travels by itself. What
// the lens does not know is of the kind "". Byte streams are not filtered.
//
// A message meets the filters in the order in which they were added, until one
// strikes. What strikes is counted as net.filtered.

#ifndef SIM_FRAME_FILTER_H_
#define SIM_FRAME_FILTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "sim/event.h"

namespace sim {

struct FrameFilter {
  std::vector<std::string> kinds = {};  // Any of these; empty: every message.
  uint32_t drop_ppm = 0;
  uint32_t duplicate_ppm =
      0;  // A second copy comes up to frame_late_max later.
  // Both zero: no delay. What is delayed, others overtake.
  absl::Duration delay_min = absl::ZeroDuration();
  absl::Duration delay_max = absl::ZeroDuration();
  // It is over after having struck so often; 0: never.
  uint64_t strikes_max = 0;
};

// Those of one link.
class FrameFilters {
 public:
  struct Verdict {
    bool strikes = false;
    bool drop = false;
    bool duplicate = false;
    Time delay = 0;
  };

  explicit FrameFilters(runtime::Random dice) : dice_(std::move(dice)) {}

  void Add(uint64_t id, FrameFilter filter);
  void Remove(uint64_t id) { filters_.erase(id); }
  void Clear() { filters_.clear(); }
  bool empty() const { return filters_.empty(); }

  Verdict Judge(absl::string_view kind);

 private:
  struct Active {
    FrameFilter filter;
    uint64_t strikes = 0;
  };

  Verdict Apply(const FrameFilter& filter);

  runtime::Random dice_;
  absl::btree_map<uint64_t, Active> filters_;  // By id, in order of adding.
};

}  // namespace sim

#endif  // SIM_FRAME_FILTER_H_
