// The words of the simulator: its time, its hosts, its events.

#ifndef SIM_EVENT_H_
#define SIM_EVENT_H_

#include <cstdint>
#include <limits>

namespace sim {

// The world's own time: nanoseconds since it began. No host can see it.
using Time = int64_t;
inline constexpr Time kNever = std::numeric_limits<Time>::max();

// Dense, from 0, in order of World::AddHost().
using HostId = uint32_t;
inline constexpr HostId kNoHost = ~HostId{0};

// Within one instant: faults first, then checks and drivers, then the rest. So
// a fault can be taken out of a run without reshuffling the others.
enum class EventClass : uint8_t { kFault = 0, kDriver = 1, kGuest = 2 };

enum class EventKind : uint8_t {
  kAction,  // A callable, outside any host.
  kSlice,   // An executor runs one fiber until it waits.
  kWake,    // The deadline of a parked fiber has come.
  kTask,    // A posted task arrives at its executor.
};

// What is to happen, as the queue keeps it.
struct Event {
  Time at = 0;
  // The class in the two highest bits, then the number of the push: what comes
  // first within an instant.
  uint64_t order = 0;
  uint32_t executor = 0;  // Of kSlice, kWake, kTask; dense ids, never reused.
  uint32_t detail = 0;    // kAction: the slot; kTask: the poster's lane.
  EventKind kind = EventKind::kAction;

  EventClass event_class() const {
    return static_cast<EventClass>(order >> 62);
  }
};

}  // namespace sim

#endif  // SIM_EVENT_H_
