#include "sim/event_queue.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace sim {

void EventQueue::Push(Time at, EventKind kind, uint32_t executor,
                      uint32_t detail) {
  Insert({.at = at,
          .order = NextOrder(EventClass::kGuest),
          .executor = executor,
          .detail = detail,
          .kind = kind});
}

void EventQueue::PushAction(Time at, EventClass event_class, Action action) {
  uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(actions_.size());
    actions_.push_back(std::move(action));
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    actions_[slot] = std::move(action);
  }
  Insert({.at = at,
          .order = NextOrder(event_class),
          .executor = 0,
          .detail = slot,
          .kind = EventKind::kAction});
}

void EventQueue::Clear() {
  heap_.clear();
  racing_.clear();
  free_slots_.clear();
  actions_.clear();
}

Action EventQueue::TakeAction(const Event& event) {
  Action action = std::move(actions_[event.detail]);
  free_slots_.push_back(event.detail);
  return action;
}

Time EventQueue::next_time() const {
  return racing_.empty() ? heap_.front().at : racing_.front().at;
}

bool EventQueue::PopUncontested(Event* event) {
  CHECK(!empty());
  if (!racing_.empty()) {
    // A fault or a driver that was scheduled for this very instant meanwhile.
    if (heap_.empty() || heap_.front().at != racing_.front().at) return false;
    *event = HeapPop();
    return true;
  }
  *event = HeapPop();
  if (event->event_class() != EventClass::kGuest || heap_.empty() ||
      heap_.front().at != event->at) {
    return true;
  }
  GatherRace(*event);
  return false;
}

Event EventQueue::Pop(runtime::Random* ties) {
  Event event;
  if (PopUncontested(&event)) return event;
  const bool drawn = ties != nullptr && racing_.size() > 1;
  return TakeRacing(drawn ? ties->Below(racing_.size()) : 0);
}

Event EventQueue::Pop(PrioritySchedule& priorities) {
  Event event;
  if (PopUncontested(&event)) return event;
  if (racing_.size() == 1) return TakeRacing(0);
  return TakeRacing(priorities.Pick(racing_.size(), [this](size_t i) {
    const Event& racing = racing_[i];
    return racing.kind == EventKind::kAction ? racing.order
                                             : uint64_t{racing.executor};
  }));
}

void EventQueue::Insert(const Event& event) {
  if (!racing_.empty() && event.at == racing_.front().at &&
      event.event_class() == EventClass::kGuest) {
    racing_.push_back(event);
    return;
  }
  HeapPush(event);
}

void EventQueue::GatherRace(const Event& first) {
  racing_.push_back(first);
  // Guests are the last class: all that is left of this instant races.
  while (!heap_.empty() && heap_.front().at == first.at) {
    racing_.push_back(HeapPop());
  }
}

Event EventQueue::TakeRacing(size_t winner) {
  const Event event = racing_[winner];
  racing_.erase(racing_.begin() + static_cast<ptrdiff_t>(winner));
  return event;
}

void EventQueue::HeapPush(const Event& event) {
  size_t slot = heap_.size();
  heap_.push_back(event);
  while (slot > 0) {
    const size_t parent = (slot - 1) / kArity;
    if (!Earlier(event, heap_[parent])) break;
    heap_[slot] = heap_[parent];
    slot = parent;
  }
  heap_[slot] = event;
}

Event EventQueue::HeapPop() {
  const Event first = heap_.front();
  const Event last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return first;

  // The hole at the root sinks until `last` fits into it.
  size_t hole = 0;
  for (;;) {
    const size_t child_begin = hole * kArity + 1;
    if (child_begin >= heap_.size()) break;
    const size_t child_end = std::min(child_begin + kArity, heap_.size());
    size_t least = child_begin;
    for (size_t child = child_begin + 1; child < child_end; ++child) {
      if (Earlier(heap_[child], heap_[least])) least = child;
    }
    if (!Earlier(heap_[least], last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return first;
}

}  // namespace sim
