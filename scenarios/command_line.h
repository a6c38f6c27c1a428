// The words of a command line: positional ones, "--flag" and "--key value" (or
// "--key=value"). Every flag is known and used at most once; the first error
// wins and is one line.

#ifndef SCENARIOS_COMMAND_LINE_H_
#define SCENARIOS_COMMAND_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace scenarios {

class CommandLine {
 public:
  // `flags` take no value, `keys` take one.
  CommandLine(const std::vector<std::string>& words,
              const absl::btree_set<std::string>& flags,
              const absl::btree_set<std::string>& keys);

  const std::vector<std::string>& positional() const { return positional_; }
  bool Has(absl::string_view name) const;
  // Absent keys leave `out` as it was.
  void Text(absl::string_view key, std::string* out);
  void Number(absl::string_view key, uint64_t min, uint64_t max, uint64_t* out);
  void Span(absl::string_view key, std::optional<absl::Duration>* out);
  // "64", "256KiB", "4GiB".
  void Bytes(absl::string_view key, uint64_t* out);
  // "10%", "200ppm".
  void Share(absl::string_view key, uint32_t* parts_per_million);
  // "A..B" or "A", both included.
  void Seeds(absl::string_view key, uint64_t* first, uint64_t* last);
  // "K/N", 1 <= K <= N.
  void Shard(absl::string_view key, uint64_t* shard, uint64_t* shards);

  void Fail(absl::string_view message);
  const absl::Status& status() const { return status_; }

 private:
  const std::string* Value(absl::string_view key) const;

  std::vector<std::string> positional_;
  absl::btree_map<std::string, std::string> values_;
  absl::Status status_;
};

}  // namespace scenarios

#endif  // SCENARIOS_COMMAND_LINE_H_
