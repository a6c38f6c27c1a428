#include "prod/node_report.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace prod {

const char* PhaseName(NodeReport::Phase phase) {
  switch (phase) {
    case NodeReport::Phase::kStarting:
      return "starting";
    case NodeReport::Phase::kServing:
      return "serving";
    case NodeReport::Phase::kStopping:
      return "stopping";
  }
  return "?";
}

struct NodeReporter::State {
  absl::AnyInvocable<NodeReport()> make;  // The runtime's thread only.

  std::mutex mutex;  // Guards all below.
  std::condition_variable answered;
  bool asked = false;  // A task is under way.
  uint64_t answers = 0;
  NodeReport last;
};

NodeReporter::NodeReporter(runtime::Executor& network,
                           absl::AnyInvocable<NodeReport()> make)
    : network_(network), state_(std::make_shared<State>()) {
  state_->make = std::move(make);
}

std::optional<NodeReport> NodeReporter::Ask(absl::Duration patience) {
  State& state = *state_;
  std::unique_lock<std::mutex> lock(state.mutex);
  const uint64_t before = state.answers;
  if (!std::exchange(state.asked, true)) {
    network_.Post([shared = state_] {
      NodeReport report = shared->make();
      const std::lock_guard<std::mutex> answering(shared->mutex);
      shared->last = std::move(report);
      ++shared->answers;
      shared->asked = false;
      shared->answered.notify_all();
    });
  }
  const bool answered = state.answered.wait_for(
      lock, absl::ToChronoNanoseconds(patience),
      [&state, before] { return state.answers != before; });
  if (!answered) return std::nullopt;
  return state.last;
}

}  // namespace prod
