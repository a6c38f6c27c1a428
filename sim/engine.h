// What all parts of one world stand on: its time, its queue of events, its dice
// and its chronicle. World owns it; executors, processes and probes refer to
// it.

#ifndef SIM_ENGINE_H_
#define SIM_ENGINE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "runtime/fiber.h"
#include "runtime/random.h"
#include "sim/chronicle.h"
#include "sim/event.h"
#include "sim/event_queue.h"
#include "sim/knobs.h"
#include "sim/priority_schedule.h"
#include "sim/tape.h"
#include "sim/trace.h"

namespace sim {

class SimExecutor;

struct Engine {
  // `tape_or_null` and `trace` must outlive this.
  Engine(uint64_t seed_of_run, Knobs knobs_of_run, ChoiceTape* tape_or_null,
         TraceSink* trace)
      : seed(seed_of_run),
        knobs(knobs_of_run),
        tape(tape_or_null),
        chronicle(now, trace),
        ties(Stream("world.ties")) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // A stream of choices, by name. The same name twice gives the same draws:
  // open each one once.
  runtime::Random Stream(absl::string_view label, uint64_t a = 0,
                         uint64_t b = 0);

  // Under Schedule::kPct: with a stream of this name.
  PrioritySchedule Priorities(absl::string_view label, uint64_t a = 0,
                              uint64_t b = 0);

  // On whose behalf something happens now, or kNoHost.
  HostId running_host() const;

  const uint64_t seed;
  Knobs knobs;
  ChoiceTape* const tape;
  Time now = 0;
  EventQueue queue;
  Chronicle chronicle;
  runtime::Random ties;  // Among guest events of one instant.
  // The same under Schedule::kPct; made when first asked.
  std::optional<PrioritySchedule> tie_priorities;
  runtime::StackPool stacks;
  // By id; null once it is gone. Events of those that are gone are ignored.
  std::vector<SimExecutor*> executors;
  // The one that runs a fiber or a task at this moment, or null.
  SimExecutor* running = nullptr;
  // While an event runs that may make idle executors ready: who became so. A
  // single one goes on within the event; several race as events of their own.
  bool gathers_woken = false;
  std::vector<uint32_t> woken;
};

}  // namespace sim

#endif  // SIM_ENGINE_H_
