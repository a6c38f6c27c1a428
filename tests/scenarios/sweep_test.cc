#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/sweep_report.h"
#include "scenarios/sweep_workers.h"

namespace scenarios {

// With a name that the stack can show.
[[gnu::noinline]] void CrashHere() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

namespace {

constexpr uint64_t kSeeds = 40;
constexpr uint64_t kAborts = 3;
constexpr uint64_t kExits = 17;
constexpr uint64_t kHangs = 21;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_WITH_SANITIZER() GTEST_SKIP() << "the sanitizer reports this"
#else
#define SKIP_WITH_SANITIZER()
#endif

RunResult Passed(const SweepJob& job) {
  RunResult result;
  result.seed = job.seed;
  result.events = 10;
  return result;
}

class SweepTest : public testing::Test {
 protected:
  SweepCalls Calls() {
    SweepCalls calls;
    calls.job = [](uint64_t n, SweepJob* job) {
      job->seed = n;
      return n < kSeeds;
    };
    calls.run = Passed;
    calls.on_result = [this](const SweepJob& job, RunResult result) {
      EXPECT_TRUE(results_.emplace(job.seed, std::move(result)).second)
          << "seed " << job.seed << " twice";
      return true;
    };
    return calls;
  }

  std::map<uint64_t, RunResult> results_;
};

TEST_F(SweepTest, EverySeedHasOneResult) {
  for (const size_t jobs : {1u, 3u}) {
    for (const size_t batch : {1u, 7u, 100u}) {
      results_.clear();
      ASSERT_TRUE(
          RunSweepWorkers({.jobs = jobs, .batch_seeds = batch}, Calls()).ok());
      EXPECT_EQ(results_.size(), kSeeds);
    }
  }
}

TEST_F(SweepTest, ACrashAnExitAndAHangAreThatSeedsFailureAndTheSweepGoesOn) {
  SweepCalls calls = Calls();
  calls.run = [](const SweepJob& job) {
    if (job.seed == kAborts) {
      std::fprintf(stderr, "broken at 17\n");
      std::abort();
    }
    if (job.seed == kExits) _exit(7);
    if (job.seed == kHangs) {
      while (true) pause();
    }
    return Passed(job);
  };
  ASSERT_TRUE(RunSweepWorkers({.jobs = 2,
                               .batch_seeds = 8,
                               .seed_timeout = absl::Milliseconds(700)},
                              calls)
                  .ok());
  ASSERT_EQ(results_.size(), kSeeds);
  EXPECT_EQ(results_[kAborts].signature, "crash SIGABRT: broken at #");
  EXPECT_EQ(results_[kExits].signature, "exit 7");
  EXPECT_EQ(results_[kHangs].signature, "hang");
  EXPECT_NE(results_[kHangs].message.find("the stack"), std::string::npos)
      << results_[kHangs].message;
  for (const auto& [seed, result] : results_) {
    const bool bad = seed == kAborts || seed == kExits || seed == kHangs;
    EXPECT_EQ(result.passed(), !bad) << seed << " " << result.signature;
  }
}

TEST_F(SweepTest, ACrashWithoutAWordIsNamedByWhereItHappened) {
  SKIP_WITH_SANITIZER();
  SweepCalls calls = Calls();
  calls.run = [](const SweepJob& job) {
    if (job.seed == kAborts) CrashHere();
    return Passed(job);
  };
  ASSERT_TRUE(RunSweepWorkers({.jobs = 2, .batch_seeds = 8}, calls).ok());
  EXPECT_EQ(results_[kAborts].signature,
            "crash SIGSEGV: in scenarios::CrashHere()");
}

TEST_F(SweepTest, ASeedThatWantsAllTheMemoryFailsAlone) {
  SKIP_WITH_SANITIZER();
  SweepCalls calls = Calls();
  calls.run = [](const SweepJob& job) {
    std::vector<std::unique_ptr<char[]>> taken;
    while (job.seed == kAborts) {
      taken.push_back(std::make_unique<char[]>(1 << 20));
    }
    return Passed(job);
  };
  ASSERT_TRUE(
      RunSweepWorkers(
          {.jobs = 2, .batch_seeds = 8, .memory_bytes_max = uint64_t{1} << 30},
          calls)
          .ok());
  ASSERT_EQ(results_.size(), kSeeds);
  EXPECT_EQ(results_[kAborts].signature, "crash SIGABRT: out of memory");
  EXPECT_TRUE(results_[kAborts + 1].passed());
}

TEST_F(SweepTest, ASeedThatLeavesMemoryBehindHasFailed) {
  SKIP_WITH_SANITIZER();
  SweepCalls calls = Calls();
  calls.run = [](const SweepJob& job) {
    static std::vector<std::unique_ptr<char[]>> leaked;
    for (int i = 0; i < 200 && job.seed == kAborts; ++i) {
      leaked.push_back(std::make_unique<char[]>(10'000));
    }
    return Passed(job);
  };
  ASSERT_TRUE(RunSweepWorkers({.jobs = 1, .batch_seeds = 8}, calls).ok());
  EXPECT_EQ(results_[kAborts].signature, "leak");
  EXPECT_TRUE(results_[kAborts + 1].passed());
}

TEST_F(SweepTest, ASweepCanBeEndedEarly) {
  SweepCalls calls = Calls();
  int seen = 0;
  calls.on_result = [&](const SweepJob&, RunResult) { return ++seen < 3; };
  ASSERT_TRUE(RunSweepWorkers({.jobs = 2, .batch_seeds = 1}, calls).ok());
  EXPECT_EQ(seen, 3);
}

TEST_F(SweepTest, LargeResultsArriveWhole) {
  SweepCalls calls = Calls();
  calls.run = [](const SweepJob& job) {
    RunResult result = Passed(job);
    result.message = std::string(300'000, 'x');
    return result;
  };
  ASSERT_TRUE(RunSweepWorkers({.jobs = 2, .batch_seeds = 4}, calls).ok());
  ASSERT_EQ(results_.size(), kSeeds);
  EXPECT_EQ(results_[5].message.size(), 300'000u);
}

RunResult Failure(std::string signature, uint64_t seed, uint64_t events) {
  RunResult result;
  result.scenario = "calm";
  result.seed = seed;
  result.outcome = RunResult::Outcome::kFailed;
  result.signature = std::move(signature);
  result.events = events;
  return result;
}

TEST(SweepReportTest, EqualSignaturesAreOneGroupWithTheShortestFirst) {
  SweepReport report;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    report.Add(Failure("election-safety", seed, 100 - seed));
  }
  report.Add(Failure("log-matching", 7, 1));
  EXPECT_EQ(report.ExitCode(), 1);
  ASSERT_EQ(report.groups().size(), 2u);
  const SweepReport::Group& group = report.groups().at("election-safety");
  EXPECT_EQ(group.count, 10u);
  ASSERT_EQ(group.exemplars.size(), SweepReport::kExemplarsMax);
  EXPECT_EQ(group.exemplars[0].seed, 9u);
  EXPECT_NE(report.ToText(absl::Seconds(1))
                .find("raft_sim replay --scenario calm --seed 9"),
            std::string::npos);
}

TEST(SweepReportTest, WhatNeverHappenedIsSaid) {
  SweepReport report;
  report.MustReach(
      "calm", {.states = {"raft.split-vote", "wal.torn-tail"}, .seeds = 2});
  report.Catalogue({"raft.split-vote", "wal.torn-tail", "net.reconnect"});
  RunResult result;
  result.scenario = "calm";
  result.expected_faults = {"crash", "network.frame_loss"};
  result.faults = {{"crash", 2}, {"network.frame_loss", 0}};
  result.reached = {{"wal.torn-tail", 1}};
  report.Add(result);
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(report.NeverStruck(),
            std::vector<std::string>{"network.frame_loss"});
  ASSERT_EQ(report.Missed().size(), 1u);
  EXPECT_EQ(report.Missed().front().ToText(),
            "calm: raft.split-vote in none of 1 seed");
  EXPECT_EQ(report.NeverReached().size(), 2u);
}

RunResult PassedSeed(std::string scenario, uint64_t seed, Counts reached) {
  RunResult result;
  result.scenario = std::move(scenario);
  result.seed = seed;
  result.reached = std::move(reached);
  return result;
}

// One seed is not asked; so many that the scenario says are, all together.
TEST(SweepReportTest, ADemandThatEnoughSeedsMissMakesTheSweepRed) {
  SweepReport report;
  report.MustReach("calm", {.states = {"raft.split-vote"}, .seeds = 2});
  report.Add(PassedSeed("calm", 1, {{"raft.split-vote", 0}}));
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_NE(report.ToText(absl::Seconds(1))
                .find("in too few seeds to demand it\n  calm: raft.split-vote "
                      "in none of 1 seed, demanded of 2\n"),
            std::string::npos);
  report.Add(PassedSeed("calm", 2, {}));
  EXPECT_EQ(report.ExitCode(), 1);
  EXPECT_EQ(report.missed_demands(), 1u);
  const std::string text = report.ToText(absl::Seconds(1));
  EXPECT_NE(text.find("rare states not reached that must be (failed)\n  calm: "
                      "raft.split-vote in none of 2 seeds\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("2 seeds, 0 not passed, 1 rare state missed; "),
            std::string::npos)
      << text;
  report.Add(PassedSeed("calm", 3, {{"raft.split-vote", 1}}));
  EXPECT_EQ(report.ExitCode(), 0);
}

TEST(SweepReportTest, AnotherScenarioThatReachesItDoesNotCount) {
  SweepReport report;
  report.MustReach("calm", {.states = {"raft.split-vote"}, .seeds = 1});
  report.Add(PassedSeed("storm", 1, {{"raft.split-vote", 7}}));
  EXPECT_EQ(report.ExitCode(), 0) << "no seed of it has run";
  report.Add(PassedSeed("calm", 1, {}));
  EXPECT_EQ(report.ExitCode(), 1);
}

TEST(SweepReportTest, AShardIsNotAsked) {
  SweepReport report;
  report.BeShard();
  report.MustReach("calm", {.states = {"raft.split-vote"}, .seeds = 1});
  report.Add(PassedSeed("calm", 1, {}));
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(report.Missed().size(), 1u);
}

TEST(SweepReportTest, HowManyRanTwiceIsSaid) {
  SweepReport report;
  RunResult twice = PassedSeed("calm", 1, {});
  twice.counts = {{SweepReport::kRanTwice, 1}};
  report.Add(twice);
  report.Add(PassedSeed("calm", 2, {}));
  EXPECT_EQ(report.ran_twice(), 1u);
  EXPECT_NE(report.ToText(absl::Seconds(1))
                .find("determinism: 1 of 2 seeds ran twice, 0 differed\n"),
            std::string::npos);
}

TEST(SweepReportTest, TheExitCodeTellsWhatKindOfRed) {
  SweepReport report;
  EXPECT_EQ(report.ExitCode(), 0);
  RunResult inconclusive;
  inconclusive.outcome = RunResult::Outcome::kInconclusive;
  report.Add(inconclusive);
  EXPECT_EQ(report.ExitCode(), 1);
  RunResult different;
  different.outcome = RunResult::Outcome::kNotDeterministic;
  report.Add(different);
  EXPECT_EQ(report.ExitCode(), 3);
}

}  // namespace
}  // namespace scenarios
