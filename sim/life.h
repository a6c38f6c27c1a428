// One life of a simulated process. Handles (streams, files, clocks) hold it by
// shared ownership because they may outlive the process by a moment: after the
// kill, `alive` is false, every call on them fails and nothing of what they do
// reaches the world.

#ifndef SIM_LIFE_H_
#define SIM_LIFE_H_

#include <cstdint>

namespace sim {

struct Life {
  uint32_t host = 0;
  uint64_t boot = 0;  // From 1.
  bool alive = true;
};

}  // namespace sim

#endif  // SIM_LIFE_H_
