#include "sim/chronicle.h"

#include <utility>

namespace sim {

void Chronicle::Record(HostId host, absl::string_view kind,
                       std::span<const runtime::NoteField> fields) {
  // The names of the fields are not mixed in: the kind stands for them.
  digest_.Mix(static_cast<uint64_t>(now_));
  digest_.Mix(host);
  digest_.MixText(kind);
  for (const runtime::NoteField& field : fields) {
    if (field.text.data() != nullptr) {
      digest_.MixText(field.text);
    } else {
      digest_.Mix(static_cast<uint64_t>(field.number));
    }
  }
  Show(TraceLevel::kStory, host, kind, fields, true);
}

void Chronicle::CountFault(HostId host, absl::string_view kind,
                           uint64_t count) {
  auto known = faults_.find(kind);
  if (known == faults_.end()) {
    known = faults_.emplace(std::string(kind), 0).first;
  }
  known->second += count;
  Record(host, "fault", {{"kind", kind}, {"count", count}});
}

FaultCounts Chronicle::fault_counts() const {
  return {.by_kind = {faults_.begin(), faults_.end()}};
}

void Chronicle::Fail(HostId host, absl::string_view check,
                     std::string message) {
  Record(host, "failure", {{"check", check}, {"message", message}});
  if (failure_.has_value()) return;
  failure_ = Failure{.check = std::string(check),
                     .message = std::move(message),
                     .at = now_,
                     .event = event()};
}

void Chronicle::Show(TraceLevel level, HostId host, absl::string_view kind,
                     std::span<const runtime::NoteField> fields,
                     bool in_digest) {
  if (trace_ == nullptr) return;
  trace_->OnEvent({.at = now_,
                   .event = event(),
                   .level = level,
                   .host = host,
                   .host_name = host < host_names_.size()
                                    ? absl::string_view(host_names_[host])
                                    : absl::string_view(),
                   .kind = kind,
                   .fields = fields,
                   .in_digest = in_digest,
                   .digest = digest_.value()});
}

}  // namespace sim
