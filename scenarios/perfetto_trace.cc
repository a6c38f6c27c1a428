#include "scenarios/perfetto_trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "scenarios/text_record.h"

namespace scenarios {
namespace {

constexpr absl::string_view kTheWorld = "the world";
// Of what takes no time, so that it can be seen and arrows can hold on to it.
constexpr sim::Time kMoment = 2'000;
// A copy that arrives later than this many sends of the same content is drawn
// from the oldest of them.
constexpr size_t kSentKept = 64;

const runtime::NoteField* Field(const sim::TraceEvent& event,
                                absl::string_view key) {
  for (const runtime::NoteField& field : event.fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::string TextOf(const sim::TraceEvent& event, absl::string_view key) {
  const runtime::NoteField* field = Field(event, key);
  if (field == nullptr) return "";
  return field->text.data() != nullptr ? std::string(field->text)
                                       : absl::StrCat(field->number);
}

int64_t NumberOf(const sim::TraceEvent& event, absl::string_view key) {
  const runtime::NoteField* field = Field(event, key);
  return field == nullptr ? 0 : field->number;
}

// Microseconds, as the format wants them.
std::string Micros(sim::Time time) {
  return absl::StrFormat("%d.%03d", time / 1000, time % 1000);
}

constexpr absl::string_view kNoArguments = "{}";

std::string Arguments(const sim::TraceEvent& event) {
  std::string json = "{";
  for (const runtime::NoteField& field : event.fields) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", JsonQuoted(field.key),
                    ":",
                    field.text.data() != nullptr ? JsonQuoted(field.text)
                                                 : absl::StrCat(field.number));
  }
  return json + "}";
}

// A thread that is called like its process would stand before all others.
std::string Place(uint32_t pid, uint32_t track) {
  constexpr uint32_t kTracksMax = 10;
  const uint32_t tid = track == 0 ? 0 : pid * kTracksMax + track;
  return absl::StrCat(",\"pid\":", pid, ",\"tid\":", tid);
}

// The same at both ends of a message.
std::string MessageKey(absl::string_view from, absl::string_view to,
                       const sim::TraceEvent& event) {
  return absl::StrCat(from, ">", to, " ", TextOf(event, "message"), " ",
                      TextOf(event, "term"), " ", TextOf(event, "about"));
}

// Disk calls are slices already, and of what strikes on the network another
// line says more.
bool IsToldTwice(const sim::TraceEvent& event) {
  if (event.kind == "disk.write" || event.kind == "disk.sync") return true;
  return event.kind == "fault" &&
         absl::StartsWith(TextOf(event, "kind"), "net.");
}

// What struck somebody, as a mark among the faults of its host; or empty.
std::string FaultName(const sim::TraceEvent& event) {
  if (event.kind == "fault") return TextOf(event, "kind");
  if (event.kind == "net.struck" || event.kind == "struck") {
    return TextOf(event, "what");
  }
  if (absl::StartsWith(event.kind, "nemesis.")) return TextOf(event, "act");
  return event.kind == "failure" ? "failure" : "";
}

}  // namespace

PerfettoTrace::PerfettoTrace(std::ostream& out, bool fibers)
    : out_(out), fibers_(fibers) {
  out_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
}

PerfettoTrace::~PerfettoTrace() {
  for (auto& [name, host] : hosts_) {
    CloseLife(host);
    CloseMessages(host, now_ + kMoment);
    for (const auto& [id, open] : host.operations) {
      Slice(host, kOperations, open.begin, now_, open.name + ": no answer",
            kNoArguments);
    }
  }
  out_ << "\n]}\n";
}

void PerfettoTrace::OnEvent(const sim::TraceEvent& event) {
  now_ = event.at;
  Host& host = HostOf(event);
  if (TakeSchedule(host, event) || TakeLife(host, event) ||
      TakeRaft(host, event) || TakeClient(host, event)) {
    return;
  }
  if (IsToldTwice(event)) return;
  const std::string fault = FaultName(event);
  if (fault.empty()) {
    Instant(host, kNotes, event, std::string(event.kind));
  } else {
    Instant(host, kFaults, event, fault);
  }
}

// ------------------------------------------------------------------- hosts

PerfettoTrace::Host& PerfettoTrace::HostOf(const sim::TraceEvent& event) {
  const absl::string_view name =
      event.host == sim::kNoHost ? kTheWorld : event.host_name;
  const auto found = hosts_.find(name);
  if (found != hosts_.end()) return found->second;
  Host& host = hosts_[std::string(name)];
  host.pid = static_cast<uint32_t>(hosts_.size());
  Write(absl::StrCat("{\"ph\":\"M\",\"name\":\"process_name\"",
                     Place(host.pid, 0),
                     ",\"args\":{\"name\":", JsonQuoted(name), "}}"));
  Write(absl::StrCat("{\"ph\":\"M\",\"name\":\"process_sort_index\"",
                     Place(host.pid, 0), ",\"args\":{\"sort_index\":", host.pid,
                     "}}"));
  return host;
}

void PerfettoTrace::NameTrack(Host& host, uint32_t track) {
  if (!host.named.emplace(track, true).second) return;
  const absl::string_view name = track == kRole         ? "role"
                                 : track == kLife       ? "life"
                                 : track == kMessages   ? "messages"
                                 : track == kDisk       ? "disk"
                                 : track == kFaults     ? "faults"
                                 : track == kNotes      ? "notes"
                                 : track == kOperations ? "operations"
                                                        : "fibers";
  Write(absl::StrCat("{\"ph\":\"M\",\"name\":\"thread_name\"",
                     Place(host.pid, track),
                     ",\"args\":{\"name\":", JsonQuoted(name), "}}"));
}

// ---------------------------------------------------- what becomes of a line

bool PerfettoTrace::TakeSchedule(Host& host, const sim::TraceEvent& event) {
  if (event.kind == "disk.done") {
    Slice(host, kDisk, event.at - NumberOf(event, "took_ns"), event.at,
          TextOf(event, "call"), kNoArguments);
    return true;
  }
  if (event.level == sim::TraceLevel::kStory) return false;
  if (fibers_ && event.kind == "slice") {
    // A host's executors come in pairs.
    const uint32_t track =
        kFibers + static_cast<uint32_t>(NumberOf(event, "executor") & 1);
    Slice(host, track, event.at, event.at + NumberOf(event, "cost"), "slice",
          Arguments(event));
  }
  return true;
}

bool PerfettoTrace::TakeLife(Host& host, const sim::TraceEvent& event) {
  if (event.kind == "process.boot") {
    host.life = Open{event.at, absl::StrCat("boot ", TextOf(event, "boot"))};
    return true;
  }
  if (event.kind == "process.pause") {
    host.pause = Open{event.at, "paused"};
    return true;
  }
  if (event.kind == "process.resume") {
    Close(host, kLife, host.pause);
    return true;
  }
  if (event.kind == "process.kill" || event.kind == "process.exit" ||
      event.kind == "process.crash" || event.kind == "host.power_off") {
    Instant(host, kLife, event, event.kind);
    CloseLife(host);
    return true;
  }
  return false;
}

void PerfettoTrace::CloseLife(Host& host) {
  Close(host, kLife, host.pause);
  Close(host, kLife, host.life);
  Close(host, kRole, host.role);
}

bool PerfettoTrace::TakeRaft(Host& host, const sim::TraceEvent& event) {
  if (event.kind == "raft.role") {
    BeginRole(host, event);
  } else if (event.kind == "raft.send") {
    OnSend(host, event);
  } else if (event.kind == "raft.receive") {
    OnReceive(host, event);
  } else if (event.kind == "raft.commit" || event.kind == "raft.learn_commit") {
    Counter(host, "committed", NumberOf(event, "index"));
  } else if (event.kind == "raft.durable") {
    Counter(host, "durable", NumberOf(event, "upto"));
  } else if (event.kind == "raft.applied") {
    Counter(host, "applied", NumberOf(event, "upto"));
  } else {
    return false;
  }
  return true;
}

void PerfettoTrace::BeginRole(Host& host, const sim::TraceEvent& event) {
  const std::string name =
      absl::StrCat(TextOf(event, "role"), " of term ", TextOf(event, "term"));
  if (host.role.has_value() && host.role->name == name) return;
  Close(host, kRole, host.role);
  host.role = Open{event.at, name};
}

void PerfettoTrace::OnSend(Host& host, const sim::TraceEvent& event) {
  Message(host, event,
          absl::StrCat(TextOf(event, "message"), " to ", TextOf(event, "to")));
  std::vector<Sent>& sent =
      sent_[MessageKey(event.host_name, TextOf(event, "to"), event)];
  if (sent.size() == kSentKept) sent.erase(sent.begin());
  sent.push_back({.at = event.at, .arrived = false});
}

void PerfettoTrace::OnReceive(Host& host, const sim::TraceEvent& event) {
  const std::string from = TextOf(event, "from");
  Message(host, event, absl::StrCat(TextOf(event, "message"), " from ", from));
  const auto found = sent_.find(MessageKey(from, event.host_name, event));
  if (found == sent_.end() || found->second.empty()) return;
  // The last one of this content that has not arrived yet; a copy comes from
  // the last one of all.
  std::vector<Sent>& sent = found->second;
  const auto last = std::find_if(sent.rbegin(), sent.rend(),
                                 [](const Sent& one) { return !one.arrived; });
  Sent& origin = last == sent.rend() ? sent.back() : *last;
  origin.arrived = true;
  const std::string name = TextOf(event, "message");
  const uint64_t flow = ++flows_;
  FlowEnd('s', flow, hosts_[from], origin.at, name);
  FlowEnd('f', flow, host, event.at, name);
}

bool PerfettoTrace::TakeClient(Host& host, const sim::TraceEvent& event) {
  if (event.kind == "client.ask") {
    host.operations[NumberOf(event, "id")] = Open{
        event.at,
        absl::StrCat(TextOf(event, "operation"), " ", TextOf(event, "key"))};
    return true;
  }
  if (event.kind != "client.told") return false;
  const auto open = host.operations.find(NumberOf(event, "id"));
  if (open == host.operations.end()) return true;
  Slice(host, kOperations, open->second.begin, event.at,
        absl::StrCat(open->second.name, ": ", TextOf(event, "outcome")),
        Arguments(event));
  host.operations.erase(open);
  return true;
}

// ---------------------------------------------------------------- elements

void PerfettoTrace::Slice(Host& host, uint32_t track, sim::Time begin,
                          sim::Time end, absl::string_view name,
                          absl::string_view arguments) {
  NameTrack(host, track);
  Write(absl::StrCat("{\"ph\":\"X\",\"name\":", JsonQuoted(name),
                     Place(host.pid, track), ",\"ts\":", Micros(begin),
                     ",\"dur\":", Micros(end - begin), ",\"args\":", arguments,
                     "}"));
}

void PerfettoTrace::Message(Host& host, const sim::TraceEvent& event,
                            std::string name) {
  if (!host.messages.empty() && host.messages.front().at != event.at) {
    CloseMessages(host, event.at);
  }
  host.messages.push_back({event.at, std::move(name), Arguments(event)});
}

void PerfettoTrace::CloseMessages(Host& host, sim::Time until) {
  for (const Moment& message : host.messages) {
    Slice(host, kMessages, message.at, std::min(until, message.at + kMoment),
          message.name, message.arguments);
  }
  host.messages.clear();
}

void PerfettoTrace::Close(Host& host, uint32_t track,
                          std::optional<Open>& open) {
  if (!open.has_value()) return;
  Slice(host, track, open->begin, now_, open->name, kNoArguments);
  open.reset();
}

void PerfettoTrace::Instant(Host& host, uint32_t track,
                            const sim::TraceEvent& event,
                            absl::string_view name) {
  NameTrack(host, track);
  const bool to_all = event.kind == "failure";
  Write(absl::StrCat("{\"ph\":\"i\",\"s\":\"", to_all ? "g" : "t",
                     "\",\"name\":", JsonQuoted(name), Place(host.pid, track),
                     ",\"ts\":", Micros(event.at),
                     ",\"args\":", Arguments(event), "}"));
}

void PerfettoTrace::Counter(const Host& host, absl::string_view name,
                            int64_t value) {
  Write(absl::StrCat("{\"ph\":\"C\",\"name\":", JsonQuoted(name),
                     Place(host.pid, 0), ",\"ts\":", Micros(now_),
                     ",\"args\":{\"index\":", value, "}}"));
}

void PerfettoTrace::FlowEnd(char phase, uint64_t flow, const Host& host,
                            sim::Time at, absl::string_view name) {
  Write(absl::StrCat("{\"ph\":\"", absl::string_view(&phase, 1),
                     "\",\"cat\":\"message\",\"bp\":\"e\",\"id\":", flow,
                     ",\"name\":", JsonQuoted(name), Place(host.pid, kMessages),
                     ",\"ts\":", Micros(at), "}"));
}

void PerfettoTrace::Write(absl::string_view element) {
  out_ << (first_ ? "\n" : ",\n") << element;
  first_ = false;
}

}  // namespace scenarios
