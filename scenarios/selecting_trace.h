// The part of a trace that somebody wants to read: some hosts, some kinds of
// lines, from some time on. A run has tens of thousands of lines.

#ifndef SCENARIOS_SELECTING_TRACE_H_
#define SCENARIOS_SELECTING_TRACE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "sim/trace.h"

namespace scenarios {

struct TraceSelection {
  // Lines that happen at one of these, or that name one of these in a field:
  // "n1", "c2". Empty: all.
  std::vector<std::string> hosts;
  // Lines of these kinds, or that begin like them before a '.': "raft" means
  // "raft.role" too. A fault is also called by what struck: "net.frame_lost".
  // Empty: all.
  std::vector<std::string> kinds;
  sim::Time from = 0;

  bool all() const { return hosts.empty() && kinds.empty() && from == 0; }
  // The failure of a run is always selected.
  bool Has(const sim::TraceEvent& event) const;
};

class SelectingTrace final : public sim::TraceSink {
 public:
  // `next` must outlive this.
  SelectingTrace(TraceSelection selection, sim::TraceSink& next)
      : selection_(std::move(selection)), next_(next) {}

  void OnEvent(const sim::TraceEvent& event) override {
    if (selection_.Has(event)) next_.OnEvent(event);
  }

 private:
  const TraceSelection selection_;
  sim::TraceSink& next_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SELECTING_TRACE_H_
