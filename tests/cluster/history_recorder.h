// A history that many threads write, each as one client.
//
// The lock makes the order of the calls the order of real time: a question is
// recorded before its first byte leaves, an answer after its last one came.

#ifndef TESTS_CLUSTER_HISTORY_RECORDER_H_
#define TESTS_CLUSTER_HISTORY_RECORDER_H_

#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "scenarios/history.h"

namespace cluster {

class HistoryRecorder {
 public:
  using OperationId = scenarios::History::OperationId;

  OperationId Invoke(scenarios::Question question) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return history_.Invoke(std::move(question), absl::Now() - begin_);
  }
  void Answered(OperationId id, scenarios::Answer answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    history_.Answered(id, std::move(answer), absl::Now() - begin_);
  }
  void Refused(OperationId id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    history_.Refused(id, absl::Now() - begin_);
  }

  // Requires: no other thread writes any more.
  const scenarios::History& history() const { return history_; }

 private:
  const absl::Time begin_ = absl::Now();
  std::mutex mutex_;
  scenarios::History history_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_HISTORY_RECORDER_H_
