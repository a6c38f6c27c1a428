// Whether code of a simulated process runs at this moment. While it does,
// whatever reaches for the real world (a clock, entropy, a thread, a socket, a
// file) is a bug: it would be another run each time. raft_sim is linked with
// traps that ask here (scenarios/world_traps.cc).
//
// A global, because those who ask are called by name from anywhere and have no
// world at hand. One thread.

#ifndef SIM_GUEST_CODE_H_
#define SIM_GUEST_CODE_H_

namespace sim {

extern bool guest_code_runs;

}  // namespace sim

#endif  // SIM_GUEST_CODE_H_
