// A client that asks any node over the Redis protocol and records what it asked
// and what it was told.
//
// Three outcomes: answered; refused, which the server promises was not and will
// not be done; and unknown: no answer, or an error that leaves it open. Unknown
// operations stay open in the history for ever. Each question is followed by an
// ECHO of its own: an answer that belongs to another question, or comes twice,
// is a strange error.
//
// Concurrency: one thread.

#ifndef TESTS_CLUSTER_RECORDING_CLIENT_H_
#define TESTS_CLUSTER_RECORDING_CLIENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "scenarios/history.h"
#include "tests/cluster/history_recorder.h"
#include "tests/cluster/redis_client.h"

namespace cluster {

class RecordingClient {
 public:
  enum class Outcome : uint8_t {
    kAnswered,
    kRefused,  // Certainly not done.
    kUnknown,
    kNotAsked,  // Nobody could be reached; leaves no record.
  };

  // Asks the nodes behind `redis_ports`, beginning with the first. `recorder`
  // outlives this.
  RecordingClient(HistoryRecorder& recorder, uint32_t id,
                  std::vector<uint16_t> redis_ports, absl::Duration patience);

  Outcome Get(const std::string& key);
  Outcome Set(const std::string& key, const std::string& value);
  Outcome Increment(const std::string& key);

  // The next question goes to the next node.
  void GoToNextNode();

  // The first error that no healthy or struck cluster may answer with: the test
  // asked something wrong, or the server did.
  const std::optional<std::string>& strange_error() const {
    return strange_error_;
  }

 private:
  Outcome Ask(scenarios::Question question,
              std::initializer_list<absl::string_view> words);
  Outcome Conclude(HistoryRecorder::OperationId id,
                   const absl::StatusOr<RedisReply>& reply);
  bool Connect();

  HistoryRecorder& recorder_;
  const uint32_t id_;
  const std::vector<uint16_t> ports_;
  const absl::Duration patience_;
  size_t node_ = 0;  // Of ports_.
  uint64_t asked_ = 0;
  std::optional<RedisClient> connection_;
  std::optional<std::string> strange_error_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_RECORDING_CLIENT_H_
