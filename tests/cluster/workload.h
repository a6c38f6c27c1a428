// Clients that keep asking until they are told to stop: each on a thread and
// connections of its own, all on the same few keys, so that they meet.

#ifndef TESTS_CLUSTER_WORKLOAD_H_
#define TESTS_CLUSTER_WORKLOAD_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/cluster/history_recorder.h"
#include "tests/cluster/recording_client.h"

namespace cluster {

class Workload {
 public:
  struct Counts {
    uint64_t answered = 0;
    uint64_t writes_answered = 0;
    uint64_t refused = 0;
    uint64_t unknown = 0;
    std::vector<std::string> strange_errors;
  };

  // The clients begin at once. `recorder` outlives this.
  Workload(HistoryRecorder& recorder, const std::vector<uint16_t>& redis_ports,
           uint32_t clients, uint64_t seed);
  ~Workload() { Stop(); }

  // Waits until every client has ended. Idempotent.
  void Stop();

  // Requires: stopped.
  Counts Total() const;

  static std::vector<std::string> Registers();  // Set and read.
  static std::vector<std::string> Counters();   // Incremented and read.

 private:
  void RunClient(uint32_t id, std::vector<uint16_t> ports, uint64_t seed,
                 Counts& counts);

  HistoryRecorder& recorder_;
  std::atomic<bool> stop_ = false;
  std::vector<Counts> counts_;  // By client; read once its thread has ended.
  std::vector<std::thread> threads_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_WORKLOAD_H_
