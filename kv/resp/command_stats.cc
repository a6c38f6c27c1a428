#include "kv/resp/command_stats.h"

#include <algorithm>
#include <bit>
#include <span>

#include "kv/commands/table.h"
#include "kv/resp/subcommands.h"
#include "kv/resp/table.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace kv {
namespace {

template <class Row>
size_t PlaceIn(std::span<const Row> table, const Row& row) {
  const std::ptrdiff_t place = &row - table.data();
  CHECK_LT(static_cast<size_t>(place), table.size(),
           "a command of another table");
  return static_cast<size_t>(place);
}

}  // namespace

// ----------------------------------------------------------------- histogram

// Values below 16 have a bucket each; above, the four bits behind the highest
// one tell where in its octave a value is.
size_t LatencyHistogram::BucketOf(uint64_t micros) {
  if (micros < kPerOctave) return static_cast<size_t>(micros);
  const auto octave = static_cast<size_t>(std::bit_width(micros)) - 4;
  if (octave > kOctaves) return (kOctaves + 1) * kPerOctave - 1;
  const auto within = static_cast<size_t>(micros >> (octave - 1)) - kPerOctave;
  return octave * kPerOctave + within;
}

uint64_t LatencyHistogram::EndOf(size_t bucket) {
  if (bucket < kPerOctave) return bucket;
  const size_t octave = bucket / kPerOctave;
  const uint64_t within = bucket % kPerOctave;
  return ((kPerOctave + within + 1) << (octave - 1)) - 1;
}

void LatencyHistogram::Add(int64_t micros) {
  ++buckets_[BucketOf(static_cast<uint64_t>(std::max<int64_t>(micros, 0)))];
  ++count_;
}

uint64_t LatencyHistogram::Permille(uint64_t permille) const {
  if (count_ == 0) return 0;
  const uint64_t wanted = (count_ * permille + 999) / 1000;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return EndOf(bucket);
  }
  UNREACHABLE("kv: the buckets hold less than was added");
}

uint64_t LatencyHistogram::UpTo(uint64_t bound) const {
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (EndOf(bucket) > bound) break;
    seen += buckets_[bucket];
  }
  return seen;
}

// --------------------------------------------------------------------- stats

CommandStats::CommandStats() { Reset(); }

void CommandStats::Reset() {
  rows_.clear();
  for (const CommandRow& row : AllCommands()) AddRow(row.name);
  for (const RespCommand& row : RespCommands()) AddRow(row.name);
  for (const RespSubcommand& row : RespSubcommands()) AddRow(row.name);
  CHECK_LT(rows_.size(), size_t{kNone}, "more commands than numbers");
  errors_.clear();
  errors_total_ = 0;
}

void CommandStats::AddRow(absl::string_view name) {
  rows_.emplace_back().name = name;
}

CommandStats::Id CommandStats::IdOf(const CommandRow& command) {
  return static_cast<Id>(PlaceIn(AllCommands(), command));
}

CommandStats::Id CommandStats::IdOf(const RespCommand& command) {
  return static_cast<Id>(AllCommands().size() +
                         PlaceIn(RespCommands(), command));
}

CommandStats::Id CommandStats::IdOf(const RespSubcommand& subcommand) {
  return static_cast<Id>(AllCommands().size() + RespCommands().size() +
                         PlaceIn(RespSubcommands(), subcommand));
}

void CommandStats::OnCall(Id id, absl::Duration share, absl::Duration latency) {
  Row& row = rows_[id];
  ++row.calls;
  row.nanos += absl::ToInt64Nanoseconds(share);
  if (row.latency == nullptr) {
    row.latency = std::make_unique<LatencyHistogram>();
  }
  row.latency->Add(absl::ToInt64Microseconds(latency));
}

void CommandStats::OnError(absl::string_view error) {
  ++errors_total_;
  const absl::string_view word =
      error.substr(0, std::min(error.find_first_of(" \r"), size_t{32}));
  const auto it = errors_.find(word);
  if (it != errors_.end()) {
    ++it->second;
  } else if (errors_.size() < kErrorsMax) {
    errors_.emplace(word, 1);
  }
}

}  // namespace kv
