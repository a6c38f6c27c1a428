// What happened, for people and for tools: every event of a world, as it
// happens. A trace never changes the run that it follows.

#ifndef SIM_TRACE_H_
#define SIM_TRACE_H_

#include <cstdint>
#include <ostream>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

#include "runtime/probe.h"
#include "sim/event.h"

namespace sim {

enum class TraceLevel : uint8_t {
  kStory,     // Notes of the guest, faults, the lives of processes.
  kMessages,  // The messages of the guest as they arrive; see message_lens.h.
  kSchedule,  // Each step of the simulator itself: slices, wakes, tasks.
};

// Views are valid during the call only.
struct TraceEvent {
  Time at = 0;
  uint64_t event = 0;  // The number of the event during which it happened.
  TraceLevel level = TraceLevel::kStory;
  HostId host = kNoHost;
  absl::string_view host_name = {};  // Empty for kNoHost.
  absl::string_view kind = {};       // "raft.role", "fault", "process.boot".
  std::span<const runtime::NoteField> fields = {};
  bool in_digest = true;  // False: an explanation, see World::Explain().
  uint64_t digest = 0;    // The world's, with this mixed in.
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void OnEvent(const TraceEvent& event) = 0;
};

// "[  1.234567s] n2 raft.role role=leader term=4", without a line end.
std::string ToText(const TraceEvent& event);

// {"at":1234567000,"event":812,"host":"n2","kind":"raft.role",
//  "fields":{"role":"leader","term":4}}, on one line, without a line end.
std::string ToJson(const TraceEvent& event);

// One line an event. `out` must outlive it.
class TextTrace final : public TraceSink {
 public:
  explicit TextTrace(std::ostream& out, TraceLevel level = TraceLevel::kStory)
      : out_(out), level_(level) {}
  void OnEvent(const TraceEvent& event) override;

 private:
  std::ostream& out_;
  const TraceLevel level_;
};

class JsonTrace final : public TraceSink {
 public:
  explicit JsonTrace(std::ostream& out, TraceLevel level = TraceLevel::kStory)
      : out_(out), level_(level) {}
  void OnEvent(const TraceEvent& event) override;

 private:
  std::ostream& out_;
  const TraceLevel level_;
};

}  // namespace sim

#endif  // SIM_TRACE_H_
