#include "scenarios/selecting_trace.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace scenarios {
namespace {

// As a word of its own: "n1" is in "n1>n2" and not in "n12".
bool Mentions(absl::string_view text, absl::string_view name) {
  const auto is_inside = [text](size_t at) {
    return at < text.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(text[at])) ||
            text[at] == '_' || text[at] == '.');
  };
  for (size_t at = text.find(name); at != absl::string_view::npos;
       at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_inside(at - 1);
    if (begins && !is_inside(at + name.size())) return true;
  }
  return false;
}

bool IsOfKind(absl::string_view kind, absl::string_view wanted) {
  if (!absl::StartsWith(kind, wanted)) return false;
  return kind.size() == wanted.size() || kind[wanted.size()] == '.';
}

// What a line about a fault calls it; or empty.
absl::string_view FaultOf(const sim::TraceEvent& event) {
  for (const runtime::NoteField& field : event.fields) {
    if (field.key == (event.kind == "fault" ? "kind" : "what")) {
      return field.text;
    }
  }
  return "";
}

}  // namespace

bool TraceSelection::Has(const sim::TraceEvent& event) const {
  if (event.at < from) return false;
  if (event.kind == "failure") return true;
  const auto is_at = [&event](const std::string& host) {
    return event.host_name == host ||
           std::any_of(event.fields.begin(), event.fields.end(),
                       [&host](const runtime::NoteField& field) {
                         return Mentions(field.text, host);
                       });
  };
  const auto is_kind = [&event](const std::string& kind) {
    return IsOfKind(event.kind, kind) || IsOfKind(FaultOf(event), kind);
  };
  return (hosts.empty() || std::any_of(hosts.begin(), hosts.end(), is_at)) &&
         (kinds.empty() || std::any_of(kinds.begin(), kinds.end(), is_kind));
}

}  // namespace scenarios
