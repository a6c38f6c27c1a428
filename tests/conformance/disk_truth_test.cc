// The simulated disk held against the real one: the same operations on both,
// and what a real file system shows, after a clean end and after kill -9, is
// what the model allows.
//
// kill -9 keeps the page cache: whatever had returned is there. What a power
// failure takes cannot be had here; the model's losses are sim_disk_test's.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

#include "prod/posix_disk.h"
#include "runtime/check.h"
#include "runtime/random.h"
#include "tests/conformance/disk_home.h"
#include "tests/conformance/disk_story.h"

namespace conformance {
namespace {

constexpr size_t kSteps = 60;

// How the first `steps` of a story ended, and what is there for the process
// that comes after the one that performed them.
struct Ending {
  std::vector<std::string> outcomes;
  DiskState state;
};

Ending TellTo(DiskHome& home, const std::vector<DiskStep>& story,
              size_t steps) {
  Ending ending;
  home.Run([&](persist::Disk& disk) {
    for (size_t i = 0; i < steps; ++i) {
      ending.outcomes.push_back(Perform(disk, story[i]));
    }
  });
  home.Run([&](persist::Disk& disk) { ending.state = StateOf(disk); });
  return ending;
}

TEST(DiskTruthTest, AfterACleanEndBothShowTheSame) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const std::vector<DiskStep> story = MakeDiskStory(seed, kSteps);
    const Ending model = TellTo(*MakeSimulatedHome(), story, story.size());
    const Ending truth = TellTo(*MakeRealHome(), story, story.size());
    for (size_t i = 0; i < story.size(); ++i) {
      EXPECT_EQ(model.outcomes[i], truth.outcomes[i])
          << "step " << i << ": " << story[i].ToString();
    }
    EXPECT_EQ(Difference(model.state, truth.state), "");
  }
}

// How far the child has come: it tells its parent even if it is killed.
struct Progress {
  std::atomic<size_t> begun;
  std::atomic<size_t> ended;
};

// A child that performs a story on a real directory until it is killed.
class DoomedChild {
 public:
  DoomedChild(const std::string& root, const std::vector<DiskStep>& story) {
    void* const page = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    progress_ = new (page) Progress{};
    pid_ = fork();
    CHECK(pid_ >= 0, "cannot fork");
    if (pid_ == 0) Live(root, story);
  }
  ~DoomedChild() { munmap(progress_, sizeof(Progress)); }

  size_t begun() const { return progress_->begun.load(); }
  size_t ended() const { return progress_->ended.load(); }

  // When step `step` has begun, and after so many turns of a loop more.
  void KillDuring(size_t step, uint64_t turns) {
    while (begun() < step + 1) {
    }
    for (uint64_t turn = 0; turn < turns; ++turn) (void)begun();
    kill(pid_, SIGKILL);
    int status = 0;
    CHECK(waitpid(pid_, &status, 0) == pid_);
    CHECK(WIFSIGNALED(status), "the child ended by itself");
  }

 private:
  [[noreturn]] void Live(const std::string& root,
                         const std::vector<DiskStep>& story) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto disk = prod::PosixDisk::Open(root);
    if (!disk.ok()) _exit(1);
    for (const DiskStep& step : story) {
      ++progress_->begun;
      Perform(**disk, step);
      ++progress_->ended;
    }
    for (;;) pause();
  }

  Progress* progress_;
  pid_t pid_;
};

class RealDirectory {
 public:
  RealDirectory() : path_(testing::TempDir() + "truth_XXXXXX") {
    CHECK(mkdtemp(path_.data()) != nullptr, path_);
  }
  ~RealDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  DiskState State() const {
    auto disk = prod::PosixDisk::Open(path_);
    CHECK(disk.ok(), disk.status().ToString());
    return StateOf(**disk);
  }

 private:
  std::string path_;
};

TEST(DiskTruthTest, AfterKillNineTheRealOneShowsWhatTheModelAllows) {
  constexpr uint64_t kKills = 300;
  size_t done = 0;
  size_t not_done = 0;
  size_t in_part = 0;
  for (uint64_t seed = 1; seed <= kKills; ++seed) {
    const std::vector<DiskStep> story = MakeDiskStory(seed, kSteps);
    runtime::Random dice(seed);
    const size_t step = 3 + dice.Below(kSteps - 3);
    const uint64_t turns = uint64_t{1} << dice.Below(21);
    const RealDirectory directory;
    DoomedChild child(directory.path(), story);
    child.KillDuring(step, turns);
    const DiskState seen = directory.State();
    const size_t begun = child.begun();
    const size_t ended = child.ended();
    SCOPED_TRACE(testing::Message()
                 << "seed " << seed << ", killed in step " << begun - 1 << ": "
                 << story[begun - 1].ToString());
    ASSERT_LE(begun - ended, 1u);
    const DiskState before = TellTo(*MakeSimulatedHome(), story, ended).state;
    const DiskState after = TellTo(*MakeSimulatedHome(), story, begun).state;
    EXPECT_TRUE(MayBeLeft(before, after, seen))
        << "before: " << Difference(before, seen)
        << "\nafter: " << Difference(after, seen);
    ++(seen == after ? done : seen == before ? not_done : in_part);
  }
  std::printf(
      "%zu kills: the step under way was done %zu times, not %zu "
      "times, in part %zu times\n",
      done + not_done + in_part, done, not_done, in_part);
  // The kills came when something was under way.
  EXPECT_GE(not_done + in_part, 1u);
}

// What MayBeLeft() refuses: or the test above would pass with anything.
TEST(DiskTruthTest, AStateThatNoKillLeavesIsRefused) {
  const std::string old_bytes(2000, 'o');
  const std::string new_bytes(3000, 'n');
  const DiskState before = {{"a", old_bytes}, {"b", "x"}};
  const DiskState after = {{"a", new_bytes}, {"b", "x"}};
  const auto with = [](std::string a, std::string b) {
    return DiskState{{"a", std::move(a)}, {"b", std::move(b)}};
  };
  EXPECT_TRUE(MayBeLeft(before, after, before));
  EXPECT_TRUE(MayBeLeft(before, after, after));
  EXPECT_TRUE(MayBeLeft(
      before, after,
      with(std::string(512, 'n') + std::string(2000 - 512, 'o'), "x")));
  // Half a sector, a third value, too short, too long, another file, a name.
  EXPECT_FALSE(
      MayBeLeft(before, after,
                with(std::string(100, 'n') + std::string(1900, 'o'), "x")));
  EXPECT_FALSE(MayBeLeft(before, after, with(std::string(2000, '?'), "x")));
  EXPECT_FALSE(MayBeLeft(before, after, with(std::string(1999, 'o'), "x")));
  EXPECT_FALSE(MayBeLeft(before, after, with(std::string(3001, 'n'), "x")));
  EXPECT_FALSE(MayBeLeft(before, after, with(old_bytes, "y")));
  EXPECT_FALSE(MayBeLeft(before, after, {{"a", new_bytes}}));
}

}  // namespace
}  // namespace conformance
