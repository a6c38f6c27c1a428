#include "prod/metrics_writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace prod {
namespace {

// Of a label's value: backslash, quote and line break.
void AppendEscaped(std::string& out, absl::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

std::string FormatSeconds(absl::Duration span) {
  return absl::StrFormat("%.9g", absl::ToDoubleSeconds(span));
}

}  // namespace

void MetricsWriter::Family(absl::string_view name, absl::string_view type,
                           absl::string_view help) {
  family_ = std::string(name);
  absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                  type, "\n");
}

void MetricsWriter::Line(absl::string_view suffix, Labels labels,
                         absl::string_view value) {
  absl::StrAppend(&text_, family_, suffix);
  const char* before = "{";
  for (const auto& [name, label] : labels) {
    absl::StrAppend(&text_, before, name, "=\"");
    AppendEscaped(text_, label);
    text_ += '"';
    before = ",";
  }
  absl::StrAppend(&text_, labels.size() == 0 ? " " : "} ", value, "\n");
}

void MetricsWriter::Sample(uint64_t value, Labels labels) {
  Line("", labels, absl::StrCat(value));
}

void MetricsWriter::Sample(double value, Labels labels) {
  Line("", labels, absl::StrFormat("%.9g", value));
}

void MetricsWriter::Gauge(absl::string_view name, absl::string_view help,
                          uint64_t value) {
  Family(name, "gauge", help);
  Sample(value);
}

void MetricsWriter::Seconds(absl::string_view name, absl::string_view help,
                            absl::Duration value) {
  Family(name, "gauge", help);
  Line("", {}, FormatSeconds(value));
}

void MetricsWriter::Count(absl::string_view name, absl::string_view help,
                          uint64_t value) {
  Family(name, "counter", help);
  Sample(value);
}

void MetricsWriter::Count(absl::string_view name, absl::string_view help,
                          const Counter& counter) {
  Count(name, help, counter.value());
}

void MetricsWriter::Histogram(absl::string_view name, absl::string_view help,
                              const DurationHistogram& histogram) {
  Family(name, "histogram", help);
  uint64_t below = 0;
  absl::Duration bound = DurationHistogram::kFirstBound;
  for (size_t i = 0; i < DurationHistogram::kBounds; ++i, bound *= 2) {
    below += histogram.in_bucket(i);
    Line("_bucket", {{"le", FormatSeconds(bound)}}, absl::StrCat(below));
  }
  below += histogram.in_bucket(DurationHistogram::kBounds);
  Line("_bucket", {{"le", "+Inf"}}, absl::StrCat(below));
  Line("_sum", {}, FormatSeconds(histogram.sum()));
  Line("_count", {}, absl::StrCat(below));
}

}  // namespace prod
