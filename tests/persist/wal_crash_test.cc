// Crashes the log everywhere: at every change of the disk that a short story
// makes, in every layout that a power cut can leave, also during recovery, and
// in random stories over many lives.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "persist/wal_recovery.h"
#include "runtime/random.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

// What is wrong with a recovery; collected, so that a test can also demand that
// something is found.
class Findings {
 public:
  void Add(std::string what) {
    ++count_;
    if (count_ == 1) first_ = std::move(what);
  }
  size_t count() const { return count_; }
  const std::string& first() const { return first_; }

 private:
  size_t count_ = 0;
  std::string first_;
};

// What must hold of the next recovery.
struct Promise {
  size_t durable = 0;                // Batches acknowledged.
  size_t begun = 0;                  // Batches that may be there.
  runtime::Incarnation incarnation;  // Of the last life that was published.
};

// `before` goes on to hold as long as a life has not recovered: what it would
// have found was never promised to anyone.
Promise PromiseAfter(const Life& life, size_t batches,
                     const Promise& before = {}) {
  if (!life.recovered.has_value()) return before;
  return {.durable = life.durable,
          .begun = std::min(life.durable + 1, batches),
          .incarnation = life.recovered->incarnation};
}

// The number of batches that `recovered` holds, if it is one that `promise`
// allows; what is wrong goes to `findings`.
std::optional<size_t> Judge(const std::vector<Batch>& story,
                            const Promise& promise, const Life& life,
                            absl::string_view where, Findings& findings) {
  if (!life.recovered.has_value()) {
    findings.Add(absl::StrCat(where, ": ", life.status.ToString()));
    return std::nullopt;
  }
  if (life.recovered->incarnation <= promise.incarnation) {
    findings.Add(absl::StrCat(where, ": incarnation ",
                              life.recovered->incarnation.value(), " again"));
  }
  const std::string state = Describe(life.recovered->groups);
  for (size_t k = promise.durable; k <= promise.begun; ++k) {
    if (state == StateAfter(story, k)) return k;
  }
  findings.Add(absl::StrCat(where, ": after ", promise.durable,
                            " durable batches of ", promise.begun, " found\n",
                            state));
  return std::nullopt;
}

Life Recover(ModelDisk& disk) { return Live(disk, StoryOptions(), {}); }

std::unique_ptr<ModelDisk> LoseEverythingUnsynced(const ModelDisk& disk) {
  return disk.AfterPowerCut(std::vector<size_t>(disk.Choices().size(), 0));
}

// Recovers `left` twice, with a power cut between.
void CheckLayout(const std::vector<Batch>& story, const Promise& promise,
                 ModelDisk& left, absl::string_view where, Findings& findings) {
  const Life first = Recover(left);
  const std::optional<size_t> found =
      Judge(story, promise, first, where, findings);
  if (!found.has_value()) return;
  const Promise exact = {.durable = *found,
                         .begun = *found,
                         .incarnation = first.recovered->incarnation};
  const Life second = Recover(*LoseEverythingUnsynced(left));
  Judge(story, exact, second, absl::StrCat(where, ", again"), findings);
}

// As CheckLayout(), and crashes the recovery at each of its own changes.
void CheckCrashingRecovery(const std::vector<Batch>& story,
                           const Promise& promise, const ModelDisk& left,
                           size_t layouts, absl::string_view where,
                           runtime::Random& dice, Findings& findings) {
  for (uint64_t at = 0;; ++at) {
    const auto disk = left.Clone();
    disk->DieAfter(at);
    Recover(*disk);
    if (!disk->dead()) return;
    disk->ForEachLayout(layouts, dice, [&](std::unique_ptr<ModelDisk> again) {
      CheckLayout(story, promise, *again,
                  absl::StrCat(where, ", recovery dies at ", at), findings);
    });
  }
}

struct Search {
  std::vector<Batch> story;
  ModelDisk::Lies lies = {};
  size_t layouts = 1024;
  // Of each crash during recovery; 0: recovery is not crashed.
  size_t layouts_in_recovery = 0;
};

// Every crash point of the story. Returns the number of layouts tried.
size_t ExploreCrashes(const Search& search, Findings& findings) {
  runtime::Random dice(runtime::StreamSeed(1, "layouts"));
  size_t tried = 0;
  for (uint64_t at = 0;; ++at) {
    ModelDisk disk;
    disk.set_lies(search.lies);
    disk.DieAfter(at);
    const Life life = Live(disk, StoryOptions(), search.story);
    const Promise promise = PromiseAfter(life, search.story.size());
    const std::string where = absl::StrCat("dies at ", at);
    disk.ForEachLayout(
        search.layouts, dice, [&](std::unique_ptr<ModelDisk> left) {
          ++tried;
          if (search.layouts_in_recovery > 0) {
            CheckCrashingRecovery(search.story, promise, *left,
                                  search.layouts_in_recovery, where, dice,
                                  findings);
          } else {
            CheckLayout(search.story, promise, *left, where, findings);
          }
        });
    if (!disk.dead()) return tried;
  }
}

TEST(WalCrashTest, EveryCrashPointAndLayoutKeepsWhatWasDurable) {
  Findings findings;
  const size_t tried = ExploreCrashes({.story = ShortStory()}, findings);
  EXPECT_EQ(findings.count(), 0u) << findings.first();
  EXPECT_GT(tried, 100u);
}

TEST(WalCrashTest, RecoveryMayItselfCrashAnywhere) {
  Findings findings;
  ExploreCrashes(
      {.story = ShortStory(), .layouts = 12, .layouts_in_recovery = 8},
      findings);
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

TEST(WalCrashTest, ADiskThatDoesNotSyncDataIsCaught) {
  Findings findings;
  ExploreCrashes({.story = ShortStory(),
                  .lies = {.sync_data_does_nothing = true},
                  .layouts = 16},
                 findings);
  EXPECT_GT(findings.count(), 0u);
}

TEST(WalCrashTest, ADiskThatDoesNotSyncNamesIsCaught) {
  Findings findings;
  ExploreCrashes({.story = ShortStory(),
                  .lies = {.sync_directory_does_nothing = true},
                  .layouts = 16},
                 findings);
  EXPECT_GT(findings.count(), 0u);
}

// Appends after a torn tail must survive the next crash.
TEST(WalCrashTest, TwoCrashesWithAppendsBetweenLoseNothing) {
  const std::vector<Batch> story = ShortStory();
  runtime::Random dice(runtime::StreamSeed(2, "layouts"));
  Findings findings;
  for (uint64_t first_at = 0;; ++first_at) {
    ModelDisk disk;
    disk.DieAfter(first_at);
    const Life first = Live(disk, StoryOptions(), story);
    if (!disk.dead()) break;
    const Promise promise = PromiseAfter(first, story.size());
    disk.ForEachLayout(4, dice, [&](std::unique_ptr<ModelDisk> left) {
      const Life peek = Recover(*left->Clone());
      const std::optional<size_t> from =
          Judge(story, promise, peek, "peek", findings);
      if (!from.has_value()) return;
      for (uint64_t second_at = 0;; ++second_at) {
        const auto again = left->Clone();
        again->DieAfter(second_at);
        const Life second = Live(*again, StoryOptions(), story, *from);
        const Promise next = PromiseAfter(second, story.size(), promise);
        again->ForEachLayout(3, dice, [&](std::unique_ptr<ModelDisk> last) {
          CheckLayout(story, next, *last,
                      absl::StrCat("dies at ", first_at, " and ", second_at),
                      findings);
        });
        if (!again->dead()) break;
      }
    });
  }
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

// After a sync that failed, the cache shows what the medium does not hold. What
// the next life reads and reports must not depend on it.
TEST(WalCrashTest, WhatOnlyTheCacheHoldsIsNotTrusted) {
  const std::vector<Batch> story = ShortStory();
  runtime::Random dice(runtime::StreamSeed(3, "layouts"));
  Findings findings;
  size_t failed = 0;
  for (uint64_t at = 0;; ++at) {
    ModelDisk disk;
    disk.FailSyncAfter(at);
    Promise promise;
    {
      const Life life = Live(disk, StoryOptions(), story);
      promise = PromiseAfter(life, story.size());
    }
    if (!disk.sync_failed()) break;
    ++failed;
    const std::string where = absl::StrCat("sync ", at, " fails");
    CheckCrashingRecovery(story, promise, disk, 16, where, dice, findings);
    disk.Restart();
    CheckLayout(story, promise, disk, where, findings);
  }
  EXPECT_EQ(findings.count(), 0u) << findings.first();
  EXPECT_GT(failed, 8u);
}

// A batch in each life, so that the next boot folds what they left.
std::unique_ptr<ModelDisk> ShortLives(const std::vector<Batch>& story) {
  auto disk = std::make_unique<ModelDisk>();
  for (size_t i = 0; i < story.size(); ++i) {
    const std::vector<Batch> until(
        story.begin(), story.begin() + static_cast<ptrdiff_t>(i) + 1);
    const Life life = Live(*disk, StoryOptions(), until, i);
    EXPECT_TRUE(life.status.ok()) << life.status;
    disk->Restart();
  }
  return disk;
}

std::vector<Batch> SmallEntries(uint64_t count) {
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= count; ++i) {
    story.push_back({Step().State(1, 1).Entry(i, 1, "entry").store});
  }
  return story;
}

TEST(WalCrashTest, ABootThatFoldsMayCrashAnywhere) {
  const std::vector<Batch> story = SmallEntries(4);
  runtime::Random dice(runtime::StreamSeed(4, "layouts"));
  Findings findings;
  for (size_t lives = 2; lives <= story.size(); ++lives) {
    const std::vector<Batch> written(
        story.begin(), story.begin() + static_cast<ptrdiff_t>(lives));
    const auto disk = ShortLives(written);
    const Promise promise = {.durable = lives,
                             .begun = lives,
                             .incarnation = runtime::Incarnation(lives)};
    CheckCrashingRecovery(written, promise, *disk, 64,
                          absl::StrCat("after ", lives, " lives"), dice,
                          findings);
    // And when the boot that crashed had crashed before.
    for (uint64_t at = 0;; ++at) {
      const auto again = disk->Clone();
      again->DieAfter(at);
      Recover(*again);
      if (!again->dead()) break;
      again->Restart();
      CheckCrashingRecovery(
          written, promise, *again, 4,
          absl::StrCat("after ", lives, " lives, died at ", at), dice,
          findings);
    }
  }
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

// A failed sync leaves names and pages that look durable; so does one of a boot
// that folds.
TEST(WalCrashTest, AFoldThatOnlyTheCacheHoldsIsNotTrusted) {
  const std::vector<Batch> story = SmallEntries(3);
  runtime::Random dice(runtime::StreamSeed(5, "layouts"));
  Findings findings;
  const auto disk = ShortLives(story);
  const Promise promise = {.durable = story.size(),
                           .begun = story.size(),
                           .incarnation = runtime::Incarnation(story.size())};
  for (uint64_t at = 0;; ++at) {
    const auto left = disk->Clone();
    left->FailSyncAfter(at);
    Recover(*left);
    if (!left->sync_failed()) break;
    left->Restart();
    CheckCrashingRecovery(story, promise, *left, 16,
                          absl::StrCat("sync ", at, " fails"), dice, findings);
    CheckLayout(story, promise, *left, absl::StrCat("sync ", at, " fails"),
                findings);
  }
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

// Sealing and ending in good order are writes like any other: they may be torn.
TEST(WalCrashTest, SealingAndClosingMayCrashAnywhere) {
  const std::vector<Batch> story = SmallEntries(2);
  Findings findings;
  runtime::Random dice(runtime::StreamSeed(6, "layouts"));
  for (uint64_t at = 0;; ++at) {
    ModelDisk disk;
    Life life = Live(disk, StoryOptions(), story);
    ASSERT_TRUE(life.status.ok()) << life.status;
    disk.Restart();
    disk.DieAfter(at);
    if (life.writer->Seal().ok()) life.writer->Close().IgnoreError();
    const Promise promise = PromiseAfter(life, story.size());
    disk.ForEachLayout(64, dice, [&](std::unique_ptr<ModelDisk> left) {
      CheckLayout(story, promise, *left, absl::StrCat("dies at ", at),
                  findings);
    });
    if (!disk.dead()) break;
  }
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

TEST(WalCrashTest, RestartsWithoutWritesDoNotFillTheDisk) {
  ModelDisk disk;
  const std::vector<Batch> story = ShortStory();
  ASSERT_EQ(Live(disk, StoryOptions(), story).durable, story.size());
  Recover(disk);
  const size_t files = disk.Files().size();
  for (int i = 0; i < 20; ++i) {
    const Life life = Recover(disk);
    ASSERT_TRUE(life.recovered.has_value()) << life.status;
    EXPECT_LE(disk.Files().size(), files + 2);
  }
  EXPECT_EQ(Describe(Recover(disk).recovered->groups),
            StateAfter(story, story.size()));
}

// One random story, lived through power cuts, kills and failed syncs.
void LiveThrough(uint64_t seed, Findings& findings) {
  runtime::Random dice(runtime::StreamSeed(seed, "lives"));
  const std::vector<Batch> story = RandomStory(dice, 40);
  auto disk = std::make_unique<ModelDisk>();
  Promise promise;
  for (int life_number = 0; life_number < 200; ++life_number) {
    const std::string where =
        absl::StrCat("seed ", seed, " life ", life_number);
    const Life peek = Recover(*disk->Clone());
    const std::optional<size_t> from =
        Judge(story, promise, peek, where, findings);
    if (!from.has_value() || *from == story.size()) return;
    const uint64_t die_after = dice.Below(40);
    if (dice.Chance(800'000)) disk->DieAfter(die_after);
    const uint64_t fail_sync_after = dice.Below(20);
    if (dice.Chance(300'000)) disk->FailSyncAfter(fail_sync_after);
    promise = PromiseAfter(Live(*disk, StoryOptions(), story, *from),
                           story.size(), promise);
    if (dice.Chance(700'000)) {
      std::vector<size_t> choices = disk->Choices();
      for (size_t& choice : choices) choice = dice.Below(choice);
      disk = disk->AfterPowerCut(choices);
    }
    disk->Restart();
  }
  findings.Add(absl::StrCat("seed ", seed, " never ends"));
}

TEST(WalCrashTest, RandomStoriesOverManyLivesLoseNothing) {
  Findings findings;
  for (uint64_t seed = 1; seed <= 150; ++seed) LiveThrough(seed, findings);
  EXPECT_EQ(findings.count(), 0u) << findings.first();
}

}  // namespace
}  // namespace persist
