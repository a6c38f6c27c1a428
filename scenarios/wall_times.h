// What the wall clocks of the nodes can have shown between two moments of a
// run, to the millisecond, which is what the nodes write into entries.
//
// A wall clock runs on, fast or slow, and jumps when it is made to. So between
// two moments it has shown what it shows in the two, and before and after each
// jump in between, and what lies between these: bounds that are exact.

#ifndef SCENARIOS_WALL_TIMES_H_
#define SCENARIOS_WALL_TIMES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace scenarios {

class WallTimes {
 public:
  // Milliseconds since 1970; both ends are included.
  struct Span {
    int64_t low_ms = 0;
    int64_t high_ms = 0;

    friend bool operator==(const Span&, const Span&) = default;
  };
  // A moment to look back to.
  struct Moment {
    std::vector<int64_t> shown_ms;  // n1 is at 0.
    size_t jumps = 0;               // So many had happened.
  };
  static constexpr uint32_t kAllNodes = 0;

  // `read` tells what the clock of node 1..nodes shows.
  WallTimes(uint32_t nodes, std::function<int64_t(uint32_t node)> read)
      : nodes_(nodes), read_(std::move(read)) {}

  Moment Now() const;
  // Right before and right after the clock of `node` jumps.
  void OnJump(uint32_t node) { jumps_.push_back({node, read_(node)}); }

  // What the clock of `node`, or any clock, can have shown from `begin` to now.
  Span Since(const Moment& begin, uint32_t node) const;

 private:
  struct Jump {
    uint32_t node = 0;
    int64_t shown_ms = 0;
  };

  const uint32_t nodes_;
  const std::function<int64_t(uint32_t)> read_;
  std::vector<Jump> jumps_;  // Two for each jump.
};

}  // namespace scenarios

#endif  // SCENARIOS_WALL_TIMES_H_
