// What an event of the simulated world costs, with the digest on: the ceiling
// of every sweep.

#include <cstdint>

#include "benchmark/benchmark.h"

#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"
#include "sim/event_queue.h"
#include "sim/world.h"

namespace {

void CountEvents(benchmark::State& state, uint64_t events) {
  state.counters["events"] = benchmark::Counter(static_cast<double>(events),
                                                benchmark::Counter::kIsRate);
}

// Three hosts, each with fibers that sleep a millisecond: a wake, a slice.
void BM_Sleepers(benchmark::State& state) {
  uint64_t events = 0;
  for (auto _ : state) {
    sim::World world({.seed = 1});
    for (const char* name : {"a", "b", "c"}) {
      world.Boot(world.AddHost(name), [](sim::Process& process) {
        runtime::Executor& executor = process.network_executor();
        runtime::FiberGroup group(executor);
        for (int i = 0; i < 20; ++i) {
          group.Spawn("sleeper", [&executor] {
            for (;;) executor.SleepFor(absl::Milliseconds(1)).IgnoreError();
          });
        }
        group.Join().IgnoreError();
      });
    }
    world.RunFor(absl::Seconds(1));
    events += world.events();
  }
  CountEvents(state, events);
}
BENCHMARK(BM_Sleepers)->Unit(benchmark::kMillisecond);

// Deliveries: an action that wakes a fiber, which schedules the next.
void BM_Deliveries(benchmark::State& state) {
  uint64_t events = 0;
  for (auto _ : state) {
    sim::World world({.seed = 1});
    for (const char* name : {"a", "b", "c"}) {
      world.Boot(world.AddHost(name), [&world](sim::Process& process) {
        runtime::WaitQueue queue(process.network_executor());
        for (;;) {
          world.At(world.now() + 100'000, sim::EventClass::kGuest,
                   [&queue] { queue.NotifyOne(); });
          if (queue.WaitWake() != runtime::Wake::kUnparked) return;
        }
      });
    }
    world.RunFor(absl::Seconds(10));
    events += world.events();
  }
  CountEvents(state, events);
}
BENCHMARK(BM_Deliveries)->Unit(benchmark::kMillisecond);

// Posts from one executor of a process to the other and back.
void BM_Posts(benchmark::State& state) {
  uint64_t events = 0;
  for (auto _ : state) {
    sim::World world({.seed = 1});
    world.Boot(world.AddHost("a"), [](sim::Process& process) {
      runtime::Executor& network = process.network_executor();
      runtime::WaitQueue queue(network);
      for (;;) {
        process.storage_executor().Post([&network, &queue] {
          network.Post([&queue] { queue.NotifyOne(); });
        });
        if (queue.WaitWake() != runtime::Wake::kUnparked) return;
      }
    });
    world.RunFor(absl::Seconds(10));
    events += world.events();
  }
  CountEvents(state, events);
}
BENCHMARK(BM_Posts)->Unit(benchmark::kMillisecond);

void BM_EventQueue(benchmark::State& state) {
  const int64_t pending = state.range(0);
  runtime::Random dice(1);
  sim::EventQueue queue;
  for (int64_t i = 0; i < pending; ++i) {
    queue.Push(dice.Between(0, 1'000'000), sim::EventKind::kWake, 0);
  }
  for (auto _ : state) {
    const sim::Event event = queue.Pop(nullptr);
    queue.Push(event.at + dice.Between(0, 1'000'000), sim::EventKind::kWake, 0);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EventQueue)->Arg(64)->Arg(1024)->Arg(16384);

// A young world with three hosts: what each seed of a sweep pays once.
void BM_WorldBirth(benchmark::State& state) {
  for (auto _ : state) {
    sim::World world({.seed = 1});
    for (const char* name : {"a", "b", "c"}) {
      world.Boot(world.AddHost(name), [](sim::Process&) {});
    }
    world.RunFor(absl::Milliseconds(1));
  }
}
BENCHMARK(BM_WorldBirth)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
