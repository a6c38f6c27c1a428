#include "tests/cluster/workload.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "runtime/random.h"

namespace cluster {
namespace {

using Outcome = RecordingClient::Outcome;

// Shorter than the longest pause of a server: its clients go elsewhere. Longer
// than a server's own patience (RealCluster's request_timeout), so that clients
// also hear what it says when there is no leader.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);
constexpr absl::Duration kPauseWhenRefused = absl::Milliseconds(10);
// How often a client changes the node without need.
constexpr uint32_t kMoveOneIn = 200;

void Count(Outcome outcome, bool writes, Workload::Counts& counts) {
  switch (outcome) {
    case Outcome::kAnswered:
      ++counts.answered;
      if (writes) ++counts.writes_answered;
      return;
    case Outcome::kUnknown:
      ++counts.unknown;
      return;
    case Outcome::kRefused:
      ++counts.refused;
      break;
    case Outcome::kNotAsked:
      break;
  }
  absl::SleepFor(kPauseWhenRefused);
}

}  // namespace

std::vector<std::string> Workload::Registers() {
  return {"register-1", "register-2", "register-3", "register-4"};
}

std::vector<std::string> Workload::Counters() {
  return {"counter-1", "counter-2"};
}

Workload::Workload(HistoryRecorder& recorder,
                   const std::vector<uint16_t>& redis_ports, uint32_t clients,
                   uint64_t seed)
    : recorder_(recorder), counts_(clients) {
  for (uint32_t id = 0; id < clients; ++id) {
    // Each begins at another node.
    std::vector<uint16_t> ports = redis_ports;
    std::rotate(ports.begin(),
                ports.begin() + static_cast<ptrdiff_t>(id % ports.size()),
                ports.end());
    threads_.emplace_back([this, id, ports, seed] {
      RunClient(id, ports, seed + id, counts_[id]);
    });
  }
}

void Workload::RunClient(uint32_t id, std::vector<uint16_t> ports,
                         uint64_t seed, Counts& counts) {
  const std::vector<std::string> registers = Registers();
  const std::vector<std::string> counters = Counters();
  runtime::Random dice(seed);
  RecordingClient client(recorder_, id, std::move(ports), kPatience);
  for (uint64_t turn = 1; !stop_.load(); ++turn) {
    const std::string& text = registers[dice.Below(registers.size())];
    const std::string& number = counters[dice.Below(counters.size())];
    switch (dice.Below(4)) {
      case 0:
        Count(client.Get(text), false, counts);
        break;
      case 1:
        Count(client.Get(number), false, counts);
        break;
      case 2:
        Count(client.Increment(number), true, counts);
        break;
      default:
        // Never the same value twice: whoever reads it names the write.
        Count(client.Set(text, absl::StrCat("c", id, "-", turn)), true, counts);
        break;
    }
    if (dice.Below(kMoveOneIn) == 0) client.GoToNextNode();
  }
  if (client.strange_error().has_value()) {
    counts.strange_errors.push_back(*client.strange_error());
  }
}

void Workload::Stop() {
  stop_.store(true);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Workload::Counts Workload::Total() const {
  Counts total;
  for (const Counts& one : counts_) {
    total.answered += one.answered;
    total.writes_answered += one.writes_answered;
    total.refused += one.refused;
    total.unknown += one.unknown;
    total.strange_errors.insert(total.strange_errors.end(),
                                one.strange_errors.begin(),
                                one.strange_errors.end());
  }
  return total;
}

}  // namespace cluster
