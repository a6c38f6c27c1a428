// What the floor of the house costs: switches beside raw Boost.Context, timers,
// channels, dice. Ratios within one run mean something; the rest depends on the
// machine.

#include <utility>

#include "benchmark/benchmark.h"
#include "boost/context/fiber.hpp"

#include "runtime/bytes.h"
#include "runtime/channel.h"
#include "runtime/crc32c.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/random.h"

namespace runtime {
namespace {

class StillClock final : public Clock {
 public:
  Instant Now() const override { return Instant(); }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }
};

struct Parts {
  StillClock clock;
  StackPool stacks;
};

// The scheduler core with nothing around it.
class BareExecutor final : private Parts, public Executor {
 public:
  BareExecutor() : Executor(Parts::clock, stacks) {}
  void Post(Task /*task*/) override {}
  void RunFirst() { RunReady(0); }
  bool idle() const { return ready_count() == 0; }

 private:
  void OnReady() override {}
};

// In and out again: the price of a context switch pair and nothing else.
void BM_RawBoostSwitchPair(benchmark::State& state) {
  bool stop = false;
  boost::context::fiber fiber([&stop](boost::context::fiber&& outside) {
    while (!stop) outside = std::move(outside).resume();
    return std::move(outside);
  });
  for (auto _ : state) fiber = std::move(fiber).resume();
  stop = true;
  fiber = std::move(fiber).resume();
}
BENCHMARK(BM_RawBoostSwitchPair);

// The same through the scheduler: ready queue, states, switch in, switch out.
void BM_FiberSwitchPair(benchmark::State& state) {
  BareExecutor executor;
  bool stop = false;
  FiberGroup group(executor);
  group.Spawn("yielder", [&] {
    while (!stop) executor.Yield();
  });
  for (auto _ : state) executor.RunFirst();
  stop = true;
  executor.RunFirst();
}
BENCHMARK(BM_FiberSwitchPair);

void BM_RawBoostCreateRunDestroy(benchmark::State& state) {
  for (auto _ : state) {
    boost::context::fiber fiber(
        [](boost::context::fiber&& outside) { return std::move(outside); });
    fiber = std::move(fiber).resume();
  }
}
BENCHMARK(BM_RawBoostCreateRunDestroy);

void BM_FiberCreateRunDestroy(benchmark::State& state) {
  BareExecutor executor;
  FiberGroup group(executor);
  for (auto _ : state) {
    group.Spawn("brief", [] {});
    executor.RunFirst();
  }
}
BENCHMARK(BM_FiberCreateRunDestroy);

void BM_ChannelPingPong(benchmark::State& state) {
  BareExecutor executor;
  Channel<int> there(executor, 1);
  Channel<int> back(executor, 1);
  FiberGroup group(executor);
  group.Spawn("echo", [&] {
    for (;;) {
      absl::StatusOr<int> item = there.Receive();
      if (!item.ok() || !back.Send(*item).ok()) return;
    }
  });
  for (auto _ : state) {
    (void)there.TrySend(1);
    while (!executor.idle()) executor.RunFirst();
    benchmark::DoNotOptimize(back.TryReceive());
  }
}
BENCHMARK(BM_ChannelPingPong);

void BM_RandomBelow(benchmark::State& state) {
  Random random(StreamSeed(1, "bench"));
  for (auto _ : state) benchmark::DoNotOptimize(random.Below(1000));
}
BENCHMARK(BM_RandomBelow);

void BM_Crc32c(benchmark::State& state) {
  const Bytes bytes = Bytes::Build(static_cast<size_t>(state.range(0)),
                                   [](std::span<std::byte> out) {
                                     for (std::byte& b : out)
                                       b = std::byte{0x5a};
                                   });
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(bytes.span()));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Crc32c)->Arg(64)->Arg(4096);

}  // namespace
}  // namespace runtime

BENCHMARK_MAIN();
