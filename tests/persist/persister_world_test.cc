// DiskPersister in the simulated world: random streams of stores on a disk that
// tears, lies, stalls and dies, over many lives of the process.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "persist/disk_persister.h"
#include "persist/log_fold.h"
#include "runtime/random.h"
#include "sim/world.h"
#include "tests/persist/log_story.h"

namespace persist {
namespace {

// One group's stream and what was promised about it. Outlives the lives.
struct Stream {
  std::vector<Store> stores;
  std::vector<std::string> states;  // After so many stores.
  size_t durable = 0;
  size_t submitted = 0;
};

class Ledger {
 public:
  explicit Ledger(runtime::Random& dice) {
    for (const Batch& batch : RandomStory(dice, 120)) {
      for (const Store& store : batch) {
        streams[store.group].stores.push_back(store);
      }
    }
    for (auto& [group, stream] : streams) {
      RecoveredGroup state;
      state.group = group;
      stream.states.push_back("");  // No store: no group.
      for (const Store& store : stream.stores) {
        FoldStore(store, state);
        stream.states.push_back(Describe({state}));
      }
    }
  }

  // Holds what was recovered against what was promised.
  void Judge(const Recovered& recovered) {
    EXPECT_GT(recovered.incarnation, incarnation);
    incarnation = recovered.incarnation;
    for (auto& [group, stream] : streams) {
      std::string state;
      for (const RecoveredGroup& found : recovered.groups) {
        if (found.group == group) state = Describe({found});
      }
      size_t count = stream.durable;
      while (count <= stream.submitted && stream.states[count] != state) {
        ++count;
      }
      ASSERT_LE(count, stream.submitted)
          << "after " << stream.durable << " durable of " << stream.submitted
          << " stores found\n"
          << state;
      // What was recovered may be relied on.
      stream.durable = stream.submitted = count;
    }
  }

  bool Done() const {
    return std::all_of(streams.begin(), streams.end(), [](const auto& entry) {
      return entry.second.durable == entry.second.stores.size();
    });
  }

  std::map<runtime::GroupId, Stream> streams;
  runtime::Incarnation incarnation;
};

// Notes in the ledger what a life is told.
class Clerk final : public PersisterSink {
 public:
  explicit Clerk(Stream& stream) : stream_(stream), base_(stream.durable) {}

  void OnDurable(runtime::GroupId, Sequence upto) override {
    EXPECT_FALSE(failed_);
    const size_t durable = base_ + upto.value();
    EXPECT_GT(durable, stream_.durable);
    EXPECT_LE(durable, stream_.submitted);
    stream_.durable = durable;
  }
  void OnFailure(const absl::Status&) override {
    EXPECT_FALSE(failed_) << "told twice";
    failed_ = true;
  }

  bool failed() const { return failed_; }
  // The next store of the stream, numbered for this life.
  Store Next() {
    Store store = stream_.stores[stream_.submitted++];
    store.sequence = Sequence(stream_.submitted - base_);
    return store;
  }
  bool exhausted() const { return stream_.submitted == stream_.stores.size(); }

 private:
  Stream& stream_;
  const size_t base_;
  bool failed_ = false;
};

DiskPersisterOptions Options() {
  return {.cluster = runtime::ClusterId(7),
          .node = runtime::NodeId(3),
          .segment_bytes = 8 * kSectorBytes,
          // A life is short: with less patience it seals now and then.
          .idle_seal_delay = absl::Milliseconds(5)};
}

// The root fiber of one life. `error` is why it could not start.
void LiveOnce(sim::Process& process, Ledger& ledger, absl::Status& error) {
  runtime::Executor& executor = process.network_executor();
  DiskPersister persister(executor, process.storage_executor(), process.disk(),
                          Options());
  error = persister.Prepare(kIdentity).status();
  if (!error.ok()) return;
  absl::StatusOr<Recovered> recovered = persister.Recover();
  error = recovered.status();
  if (!recovered.ok()) return;
  ledger.Judge(*recovered);
  if (::testing::Test::HasFailure()) return;

  std::map<runtime::GroupId, Clerk> clerks;
  for (auto& [group, stream] : ledger.streams) {
    const auto added = clerks.try_emplace(group, stream).first;
    persister.SetSink(group, &added->second);
  }
  runtime::Random dice = process.Stream("stores");
  while (!std::all_of(clerks.begin(), clerks.end(), [](const auto& clerk) {
    return clerk.second.exhausted();
  })) {
    for (auto& [group, clerk] : clerks) {
      if (clerk.failed()) return;
      if (!clerk.exhausted() && dice.Chance(700'000)) {
        persister.Submit(clerk.Next());
      }
    }
    absl::Duration pause = dice.Exponential(absl::Microseconds(300));
    if (dice.Chance(30'000)) pause = absl::Milliseconds(9);  // Idle for once.
    if (!executor.SleepFor(pause).ok()) return;
  }
  persister.Stop().IgnoreError();
}

sim::Knobs CruelKnobs(runtime::Random& dice) {
  sim::Knobs knobs;
  knobs.process.buggify_active_ppm = 500'000;
  knobs.process.buggify_fire_ppm = 50'000;
  knobs.disk.torn_sector_ppm = 200'000;
  knobs.disk.writeback_ppm = 200'000;
  if (dice.Chance(500'000)) knobs.disk.crash_in_call_ppm = 10'000;
  if (dice.Chance(500'000)) knobs.disk.sync_failure_ppm = 10'000;
  if (dice.Chance(500'000)) knobs.disk.write_failure_ppm = 10'000;
  if (dice.Chance(500'000)) knobs.disk.read_failure_ppm = 10'000;
  if (dice.Chance(200'000)) knobs.disk.stall_ppm = 2'000;
  return knobs;
}

// Errors that the disk itself returned so far.
uint64_t DiskErrors(const sim::World& world) {
  uint64_t errors = 0;
  for (const auto& [kind, count] : world.fault_counts().by_kind) {
    if (kind == "disk.read_failed" || kind == "disk.write_failed" ||
        kind == "disk.sync_failed") {
      errors += count;
    }
  }
  return errors;
}

using Reached = std::map<std::string, uint64_t>;

void LiveThrough(uint64_t seed, Reached& reached) {
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  runtime::Random dice(runtime::StreamSeed(seed, "nemesis"));
  sim::World world({.seed = seed, .knobs = CruelKnobs(dice)});
  const sim::HostId host = world.AddHost("h0");
  Ledger ledger(dice);
  for (int life = 0; life < 1000 && !ledger.Done(); ++life) {
    SCOPED_TRACE(absl::StrCat("life ", life));
    const uint64_t errors = DiskErrors(world);
    absl::Status error;
    world.Boot(
        host, [&](sim::Process& process) { LiveOnce(process, ledger, error); });
    world.RunFor(dice.Between(absl::ZeroDuration(), absl::Milliseconds(60)));
    if (dice.Chance(600'000)) {
      world.PowerOff(host);
    } else {
      world.Kill(host);
    }
    ASSERT_FALSE(world.failure().has_value())
        << world.failure()->check << ": " << world.failure()->message;
    if (!error.ok()) {
      ASSERT_GT(DiskErrors(world), errors) << error;
    }
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_TRUE(ledger.Done());
  for (const auto& [name, count] : world.reached()) reached[name] += count;
}

TEST(PersisterWorldTest, ManyLivesOnACruelDiskKeepEveryPromise) {
  Reached reached;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    LiveThrough(seed, reached);
    if (HasFailure()) return;
  }
  // The rare states were not avoided.
  for (const char* name :
       {"wal.batch_many_groups", "wal.batch_many_stores",
        "wal.frames_rewritten", "wal.sealed", "wal.segment_rolled",
        "wal.superblock_slot_bad", "wal.torn_tail_dropped",
        "wal.unfinished_segment_removed", "wal.unlisted_segment_adopted"}) {
    EXPECT_GT(reached[name], 0u) << name;
  }
}

TEST(PersisterWorldTest, SameSeedGivesTheSameRun) {
  const auto digest_of = [](uint64_t seed) {
    sim::World world({.seed = seed});
    runtime::Random dice(seed);
    Ledger ledger(dice);
    absl::Status error;
    const sim::HostId host = world.AddHost("h0");
    world.Boot(
        host, [&](sim::Process& process) { LiveOnce(process, ledger, error); });
    world.RunFor(absl::Seconds(2));
    EXPECT_TRUE(ledger.Done());
    return world.digest().value();
  };
  EXPECT_EQ(digest_of(5), digest_of(5));
  EXPECT_NE(digest_of(5), digest_of(6));
}

}  // namespace
}  // namespace persist
