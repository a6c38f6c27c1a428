// LATENCY: how long commands took. Single events are not kept.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "kv/resp/subcommands.h"

namespace kv {
namespace {

void Nothing(RespRequest& request) { request.Answer().Array(0); }

void Reset(RespRequest& request) { request.Answer().Integer(0); }

void Doctor(RespRequest& request) {
  request.Answer().Verbatim(
      "Latency events are not kept (latency-monitor-threshold is 0, and stays "
      "so). LATENCY HISTOGRAM and INFO latencystats tell how long each command "
      "took, and SLOWLOG GET which requests took long.\n");
}

void Graph(RespRequest& request) {
  request.Refuse(absl::StrCat("ERR No samples available for event '",
                              request.args[2].substr(0, 128), "'"));
}

void WriteHistogram(const CommandStats::Row& row, RespWriter& out) {
  std::vector<std::pair<uint64_t, uint64_t>> buckets;
  uint64_t seen = 0;
  for (int place = 0; place < LatencyHistogram::kBounds; ++place) {
    const uint64_t bound = LatencyHistogram::Bound(place);
    const uint64_t count = row.latency->UpTo(bound);
    if (count > seen) buckets.emplace_back(bound, count);
    seen = count;
  }
  out.Bulk(row.name);
  out.Map(2);
  out.Bulk("calls");
  out.Integer(static_cast<int64_t>(row.calls));
  out.Bulk("histogram_usec");
  out.Map(buckets.size());
  for (const auto& [bound, count] : buckets) {
    out.Integer(static_cast<int64_t>(bound));
    out.Integer(static_cast<int64_t>(count));
  }
}

// A command's name is for its subcommands, too.
bool Wanted(absl::string_view name, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return true;
  return std::any_of(
      wanted.begin(), wanted.end(), [name](const std::string& one) {
        return name == one || absl::StartsWith(name, absl::StrCat(one, "|"));
      });
}

void Histogram(RespRequest& request) {
  std::vector<std::string> wanted;
  for (const absl::string_view word : request.args.subspan(2)) {
    const std::string name = LowerName(word);
    if (!name.empty()) wanted.push_back(name);
  }
  const bool none = wanted.empty() && request.args.size() > 2;
  std::vector<const CommandStats::Row*> found;
  for (const CommandStats::Row& row : request.host.stats().rows()) {
    if (!none && row.latency != nullptr && Wanted(row.name, wanted)) {
      found.push_back(&row);
    }
  }
  RespWriter out = request.Answer();
  out.Map(found.size());
  for (const CommandStats::Row* row : found) WriteHistogram(*row, out);
}

constexpr absl::string_view kFlags = "admin noscript loading stale";

constexpr RespSubcommand kRows[] = {
    {"latency|doctor", 2, kFlags, Doctor, "DOCTOR", "Where to look."},
    {"latency|graph", 3, kFlags, Graph, "GRAPH <event>",
     "An error: events are not kept."},
    {"latency|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"latency|histogram", -2, kFlags, Histogram, "HISTOGRAM [<command> ...]",
     "How many calls of each command took no longer than so many "
     "microseconds, on this node."},
    {"latency|history", 3, kFlags, Nothing, "HISTORY <event>",
     "Nothing: events are not kept."},
    {"latency|latest", 2, kFlags, Nothing, "LATEST",
     "Nothing: events are not kept."},
    {"latency|reset", -2, kFlags, Reset, "RESET [<event> ...]",
     "0: events are not kept."},
};

}  // namespace

std::span<const RespSubcommand> LatencySubcommands() { return kRows; }

}  // namespace kv
