// Stories about a log: batches of stores, what they add up to, and lives of a
// process that writes them.

#ifndef TESTS_PERSIST_LOG_STORY_H_
#define TESTS_PERSIST_LOG_STORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/wal_recovery.h"
#include "runtime/identity.h"
#include "runtime/random.h"

namespace persist {

inline constexpr runtime::GroupId kGroup{1};
inline constexpr runtime::GroupId kOtherGroup{2};

Record MakeRecord(uint64_t index, uint64_t term, absl::string_view payload);

// A builder of one store: Step().Term(2).Vote(3).Entry("a") ...
struct Step {
  explicit Step(runtime::GroupId group = kGroup) { store.group = group; }
  Step& State(uint64_t term, uint64_t vote, uint64_t commit = 0);
  Step& Truncate(uint64_t from);
  Step& Entry(uint64_t index, uint64_t term, absl::string_view payload);

  Store store;
};

using Batch = std::vector<Store>;

// What the stores of the first `count` batches add up to, as text.
std::string StateAfter(const std::vector<Batch>& batches, size_t count);
std::string Describe(std::vector<RecoveredGroup> groups);

// The options of all stories: segments of a few sectors, to roll often.
WalOptions StoryOptions(uint64_t segment_bytes = 4 * kSectorBytes);

// Makes a disk without a log that of the stories.
inline constexpr runtime::Identity kIdentity{.high = 0xfeed, .low = 0xbeef};
absl::StatusOr<runtime::Identity> Prepare(Disk& disk,
                                          const WalOptions& options);

// One life: prepares and recovers, then writes `batches` from `first` on until
// the disk dies.
struct Life {
  absl::Status status;  // Of the first thing that failed.
  std::optional<Recovered> recovered;
  size_t durable = 0;  // Batches acknowledged, those before included.
  std::unique_ptr<WalWriter> writer;  // Null if recovery failed.
};
Life Live(Disk& disk, const WalOptions& options,
          const std::vector<Batch>& batches, size_t first = 0);

// Three batches that append, truncate and vote; two groups; one frame larger
// than a sector; more than one segment.
std::vector<Batch> ShortStory();

// Random batches, of one to three stores each.
std::vector<Batch> RandomStory(runtime::Random& dice, size_t batches);

}  // namespace persist

#endif  // TESTS_PERSIST_LOG_STORY_H_
