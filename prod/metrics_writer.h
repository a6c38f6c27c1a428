// Metrics as Prometheus reads them: the text format, version 0.0.4.
//
//   # HELP raft_term The current term.
//   # TYPE raft_term gauge
//   raft_term 7
//
// Pure. A family's samples follow its Family() call.

#ifndef PROD_METRICS_WRITER_H_
#define PROD_METRICS_WRITER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "prod/counters.h"

namespace prod {

class MetricsWriter {
 public:
  static constexpr char kContentType[] = "text/plain; version=0.0.4";

  using Labels =
      std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

  // `type` is "counter", "gauge" or "histogram". `help` is one line.
  void Family(absl::string_view name, absl::string_view type,
              absl::string_view help);
  void Sample(uint64_t value, Labels labels = {});
  void Sample(double value, Labels labels = {});

  // A family of one sample.
  void Gauge(absl::string_view name, absl::string_view help, uint64_t value);
  void Seconds(absl::string_view name, absl::string_view help,
               absl::Duration value);
  void Count(absl::string_view name, absl::string_view help,
             const Counter& counter);
  void Count(absl::string_view name, absl::string_view help, uint64_t value);
  void Histogram(absl::string_view name, absl::string_view help,
                 const DurationHistogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void Line(absl::string_view suffix, Labels labels, absl::string_view value);

  std::string text_;
  std::string family_;
};

}  // namespace prod

#endif  // PROD_METRICS_WRITER_H_
