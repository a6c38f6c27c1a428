// A run as a picture: Chrome's trace event JSON, which ui.perfetto.dev and
// chrome://tracing open.
//
// Each host is a process of the picture, with tracks for
//
//   role        slices "leader of term 4", from role to role;
//   life        slices "boot 2", pauses;
//   messages    what was received and sent, arrows from send to arrival;
//   disk        syncs and writes, as long as they took;
//   faults      what struck here, as instants;
//   notes       everything else that was told, as instants;
//   operations  of a client: slices from question to answer;
//   fibers      each slice of its processor, if asked for,
//
// and counters of what is durable, committed and applied. "the world" is a
// process too: nemesis, network and failures that belong to no host.
//
// It is made from nothing but the trace (sim/trace.h): of those kinds that it
// does not know it shows that they happened.

#ifndef SCENARIOS_PERFETTO_TRACE_H_
#define SCENARIOS_PERFETTO_TRACE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "sim/trace.h"

namespace scenarios {

class PerfettoTrace final : public sim::TraceSink {
 public:
  // `out` must outlive this. `fibers`: also every slice of a processor.
  PerfettoTrace(std::ostream& out, bool fibers);
  // Closes what is still open at the end of the run, and the JSON.
  ~PerfettoTrace() override;

  void OnEvent(const sim::TraceEvent& event) override;

 private:
  enum Track : uint32_t {
    kRole = 1,
    kLife,
    kMessages,
    kDisk,
    kFaults,
    kNotes,
    kOperations,
    kFibers,  // And the next one, for the storage executor.
  };

  struct Open {
    sim::Time begin = 0;
    std::string name;
  };
  struct Sent {
    sim::Time at = 0;
    bool arrived = false;
  };
  // A slice that ends when the next one of its track begins, at the latest:
  // those that overlap in part are not shown.
  struct Moment {
    sim::Time at = 0;
    std::string name;
    std::string arguments;
  };
  struct Host {
    uint32_t pid = 0;
    std::optional<Open> role;
    std::optional<Open> life;
    std::optional<Open> pause;
    std::vector<Moment> messages;               // Of one instant, the last.
    absl::btree_map<int64_t, Open> operations;  // By id.
    absl::btree_map<uint32_t, bool> named;      // Tracks.
  };

  Host& HostOf(const sim::TraceEvent& event);
  // What each kind of line becomes; false: not one of those.
  bool TakeLife(Host& host, const sim::TraceEvent& event);
  bool TakeRaft(Host& host, const sim::TraceEvent& event);
  bool TakeClient(Host& host, const sim::TraceEvent& event);
  bool TakeSchedule(Host& host, const sim::TraceEvent& event);

  void BeginRole(Host& host, const sim::TraceEvent& event);
  void OnSend(Host& host, const sim::TraceEvent& event);
  void OnReceive(Host& host, const sim::TraceEvent& event);
  void CloseLife(Host& host);

  // The elements of the picture.
  void Slice(Host& host, uint32_t track, sim::Time begin, sim::Time end,
             absl::string_view name, absl::string_view arguments);
  void Message(Host& host, const sim::TraceEvent& event, std::string name);
  // `until`: when the next message comes.
  void CloseMessages(Host& host, sim::Time until);
  void Close(Host& host, uint32_t track, std::optional<Open>& open);
  void Instant(Host& host, uint32_t track, const sim::TraceEvent& event,
               absl::string_view name);
  void Counter(const Host& host, absl::string_view name, int64_t value);
  void FlowEnd(char phase, uint64_t flow, const Host& host, sim::Time at,
               absl::string_view name);
  void NameTrack(Host& host, uint32_t track);
  void Write(absl::string_view element);

  std::ostream& out_;
  const bool fibers_;
  bool first_ = true;
  sim::Time now_ = 0;
  uint64_t flows_ = 0;
  std::map<std::string, Host, std::less<>> hosts_;  // Hosts stay in place.
  // Messages by sender, receiver and content, oldest first.
  absl::btree_map<std::string, std::vector<Sent>> sent_;
};

}  // namespace scenarios

#endif  // SCENARIOS_PERFETTO_TRACE_H_
