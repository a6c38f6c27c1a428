#include "net/balancer.h"

namespace net {

size_t RoundRobin::Pick(std::span<const TargetState> targets) {
  size_t pick = next_ % targets.size();
  for (size_t i = 0; i < targets.size() && targets[pick].resting; ++i) {
    pick = (pick + 1) % targets.size();
  }
  next_ = pick + 1;
  return pick;
}

}  // namespace net
