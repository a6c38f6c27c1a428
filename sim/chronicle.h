// What happened in a world: the digest, the trace, the faults that struck and
// the failure that ended it.
//
// Whatever enters the digest is also shown to the trace, so that two runs whose
// digests part can be told apart by what people read. The trace may be told
// more: explanations, which are not part of what happened.

#ifndef SIM_CHRONICLE_H_
#define SIM_CHRONICLE_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "runtime/probe.h"
#include "sim/digest.h"
#include "sim/event.h"
#include "sim/trace.h"

namespace sim {

// Why a world was stopped early: a failed CHECK or a checker's report.
struct Failure {
  std::string check;    // A stable name: "election-safety", "CHECK log.cc".
  std::string message;  // The evidence, with its numbers.
  Time at = 0;
  uint64_t event = 0;
};

// How often each thing struck. Only what happened, never what was configured.
struct FaultCounts {
  std::vector<std::pair<std::string, uint64_t>> by_kind;  // Sorted by kind.
};

// Whom a fault has struck: a host, or what it sent to another.
struct Victim {
  HostId host = kNoHost;
  HostId to = kNoHost;
};

class Chronicle {
 public:
  // `trace` may be null and must outlive this; so must `now`.
  Chronicle(const Time& now, TraceSink* trace) : now_(now), trace_(trace) {}

  void AddHost(absl::string_view name) { host_names_.emplace_back(name); }
  const std::string& host_name(HostId host) const { return host_names_[host]; }
  size_t host_count() const { return host_names_.size(); }

  // The number of the running event, from 0; between events, of the next one.
  uint64_t event() const { return digest_.events(); }

  // One step of the simulator: `lane` says which, `fields` say it to people
  // (and are only built, by the callable, if there is a trace).
  template <class Fields>
  void Step(absl::string_view kind, HostId host, uint64_t lane,
            Fields&& fields) {
    digest_.Mix(static_cast<uint64_t>(now_));
    digest_.Mix(lane);
    if (trace_ != nullptr) [[unlikely]] {
      const auto list = fields();
      Show(TraceLevel::kSchedule, host, kind, {list.data(), list.size()}, true);
    }
  }

  // Something that people want to know.
  void Record(HostId host, absl::string_view kind,
              std::span<const runtime::NoteField> fields);
  void Record(HostId host, absl::string_view kind,
              std::initializer_list<runtime::NoteField> fields) {
    Record(host, kind, std::span(fields.begin(), fields.size()));
  }

  // As in World.
  void Explain(TraceLevel level, HostId host, absl::string_view kind,
               std::initializer_list<runtime::NoteField> fields) {
    Show(level, host, kind, {fields.begin(), fields.size()}, false);
  }
  void Explain(TraceLevel level, HostId host, absl::string_view kind,
               std::span<const runtime::NoteField> fields) {
    Show(level, host, kind, fields, false);
  }
  bool traced() const { return trace_ != nullptr; }

  // Ends the running event.
  void EndEvent() { digest_.EndEvent(); }

  void CountFault(HostId host, absl::string_view kind, uint64_t count);
  FaultCounts fault_counts() const;

  // The first failure counts; later ones are only traced.
  void Fail(HostId host, absl::string_view check, std::string message);
  const std::optional<Failure>& failure() const { return failure_; }

  Digest& digest() { return digest_; }

 private:
  void Show(TraceLevel level, HostId host, absl::string_view kind,
            std::span<const runtime::NoteField> fields, bool in_digest);

  const Time& now_;
  TraceSink* const trace_;
  std::vector<std::string> host_names_;
  Digest digest_;
  absl::btree_map<std::string, uint64_t> faults_;
  std::optional<Failure> failure_;
};

}  // namespace sim

#endif  // SIM_CHRONICLE_H_
