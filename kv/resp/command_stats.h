// How often each command was asked for, how long it took, and which errors were
// answered: what INFO commandstats, errorstats and latencystats and LATENCY
// HISTOGRAM tell.
//
// A command of the keyspace shares one place in the log, and one round, with
// all that its client sent along. Its latency is that whole round, from when
// the request was there to when it was answered; of the time that is summed up
// it has an equal share, so that the sum is the time that clients waited.
//
// Counting costs an addition or two in an array: commands have numbers.

#ifndef KV_RESP_COMMAND_STATS_H_
#define KV_RESP_COMMAND_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kv {

struct CommandRow;
struct RespCommand;
struct RespSubcommand;

// How long something took, in buckets of which each is a sixteenth longer than
// the one before.
class LatencyHistogram {
 public:
  void Add(int64_t micros);

  uint64_t count() const { return count_; }
  // The end of the bucket below which are so many of a thousand; 0 when empty.
  // Microseconds.
  uint64_t Permille(uint64_t permille) const;
  // The ends of the coarse buckets that LATENCY HISTOGRAM tells: 1, 2, 4, 8,
  // 16, 33, 67, ... microseconds; and how many took no longer.
  static constexpr int kBounds = 31;
  static uint64_t Bound(int place) {
    return EndOf(BucketOf(uint64_t{1} << place));
  }
  uint64_t UpTo(uint64_t bound) const;

 private:
  static constexpr size_t kOctaves = 27;  // The last one ends at 35 minutes.
  static constexpr size_t kPerOctave = 16;

  static size_t BucketOf(uint64_t micros);
  static uint64_t EndOf(size_t bucket);  // The last value in it.

  std::array<uint64_t, (kOctaves + 1)* kPerOctave> buckets_ = {};
  uint64_t count_ = 0;
};

class CommandStats {
 public:
  // A command or a subcommand.
  using Id = uint16_t;
  static constexpr Id kNone = UINT16_MAX;
  // Of different kinds of errors; more are not told apart.
  static constexpr size_t kErrorsMax = 64;

  struct Row {
    absl::string_view name;  // "get", "client|list". Lies in a table.
    uint64_t calls = 0;
    uint64_t rejected = 0;  // Refused before anything was done.
    uint64_t failed = 0;    // Of the calls.
    int64_t nanos = 0;
    std::unique_ptr<LatencyHistogram> latency;  // Null: never called.
  };

  CommandStats();

  static Id IdOf(const CommandRow& command);
  static Id IdOf(const RespCommand& command);
  static Id IdOf(const RespSubcommand& subcommand);

  // It was executed. `share`: of the time that was spent on several at once.
  void OnCall(Id id, absl::Duration share, absl::Duration latency);
  void OnFailed(Id id) { ++rows_[id].failed; }
  void OnRejected(Id id) { ++rows_[id].rejected; }
  // An error was answered: "ERR no such key".
  void OnError(absl::string_view error);

  void Reset();

  const std::vector<Row>& rows() const { return rows_; }
  // By its first word.
  const absl::btree_map<std::string, uint64_t>& errors() const {
    return errors_;
  }
  uint64_t errors_total() const { return errors_total_; }

 private:
  void AddRow(absl::string_view name);

  std::vector<Row> rows_;
  absl::btree_map<std::string, uint64_t> errors_;
  uint64_t errors_total_ = 0;
};

}  // namespace kv

#endif  // KV_RESP_COMMAND_STATS_H_
