// What is to happen, in order: by time, then class, then the dice.
//
// Faults and drivers of one instant come in the order in which they were
// scheduled. Guest events that share an instant race in the real world: which
// comes first is a choice, drawn only when there is one (so that a recorded
// run holds nothing but true choices).

#ifndef SIM_EVENT_QUEUE_H_
#define SIM_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/random.h"
#include "sim/action.h"
#include "sim/event.h"
#include "sim/priority_schedule.h"

namespace sim {

class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // An event of an executor; always of the guest class. Requires: `at` is not
  // before the last popped event.
  void Push(Time at, EventKind kind, uint32_t executor, uint32_t detail = 0);

  // Requires: as above.
  void PushAction(Time at, EventClass event_class, Action action);

  bool empty() const { return heap_.empty() && racing_.empty(); }
  size_t size() const { return heap_.size() + racing_.size(); }

  // When the next event is due. Requires: !empty().
  Time next_time() const;

  // Removes the next event. `ties` decides among guest events of one instant;
  // null: the one that was scheduled first. Requires: !empty().
  Event Pop(runtime::Random* ties);
  // The same; priorities decide: each executor is a thread, and so is each
  // guest action.
  Event Pop(PrioritySchedule& priorities);

  // Destroys all that is left, without running it.
  void Clear();

  // The callable of a popped kAction, which may be taken once.
  Action TakeAction(const Event& event);

 private:
  // Four children a node: a shallower heap, whose siblings share cache lines.
  static constexpr size_t kArity = 4;

  static bool Earlier(const Event& a, const Event& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }
  uint64_t NextOrder(EventClass event_class) {
    return static_cast<uint64_t>(event_class) << 62 | pushes_++;
  }

  void Insert(const Event& event);
  void HeapPush(const Event& event);
  Event HeapPop();
  // The next event if it races with no other; otherwise false, and those that
  // race are in racing_.
  bool PopUncontested(Event* event);
  void GatherRace(const Event& first);
  Event TakeRacing(size_t winner);

  std::vector<Event> heap_;
  // Guest events of the current instant that race with one another, in order of
  // pushing. Those in the heap are all later, or of an earlier class.
  std::vector<Event> racing_;
  std::vector<Action> actions_;       // By slot.
  std::vector<uint32_t> free_slots_;  // Of actions_.
  uint64_t pushes_ = 0;
};

}  // namespace sim

#endif  // SIM_EVENT_QUEUE_H_
