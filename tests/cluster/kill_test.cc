// Three real servers under kill -9, pauses and cut wires while clients write:
// no acknowledged write is lost, every answer belongs to its question, and
// everything that the clients saw is explained by one order.
//
// TWINRAFT_KILL_SECONDS is how long the killing goes on (default 15).

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "scenarios/linearizability.h"
#include "tests/cluster/history_recorder.h"
#include "tests/cluster/nemesis.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/recording_client.h"
#include "tests/cluster/workload.h"

namespace cluster {
namespace {

constexpr uint32_t kClients = 8;

absl::Duration KillingTime() {
  const char* text = std::getenv("TWINRAFT_KILL_SECONDS");
  int seconds = 15;
  if (text != nullptr && (!absl::SimpleAtoi(text, &seconds) || seconds < 1)) {
    ADD_FAILURE() << "TWINRAFT_KILL_SECONDS is no number of seconds: " << text;
  }
  return absl::Seconds(seconds);
}

std::vector<uint16_t> RedisPorts(const RealCluster& cluster) {
  std::vector<uint16_t> ports;
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    ports.push_back(cluster.redis_port(node));
  }
  return ports;
}

// Reads every key through every node, into the history: an acknowledged write
// that is gone has no place in any order before these.
void ReadEverything(const RealCluster& cluster, HistoryRecorder& recorder) {
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    RecordingClient client(recorder, kClients + static_cast<uint32_t>(node),
                           {cluster.redis_port(node)}, absl::Seconds(5));
    for (const auto& keys : {Workload::Registers(), Workload::Counters()}) {
      for (const std::string& key : keys) {
        const absl::Time deadline = absl::Now() + RealCluster::kPatience;
        auto outcome = client.Get(key);
        while (outcome != RecordingClient::Outcome::kAnswered &&
               absl::Now() < deadline) {
          absl::SleepFor(absl::Milliseconds(50));
          outcome = client.Get(key);
        }
        ASSERT_EQ(outcome, RecordingClient::Outcome::kAnswered)
            << "node " << node << " does not answer for " << key;
      }
    }
  }
}

// The last thing that was read of a counter is at least what was acknowledged.
// The linearizability check says the same and more; this says it in one line.
void ExpectNoIncrementLost(const scenarios::History& history) {
  for (const std::string& key : Workload::Counters()) {
    int64_t acknowledged = 0;
    int64_t asked = 0;
    int64_t last_read = 0;
    for (const scenarios::OperationRecord& record : history.operations()) {
      if (record.question.key != key) continue;
      const bool done =
          record.state == scenarios::OperationRecord::State::kDone;
      if (record.question.operation == kv::Operation::kIncrement) {
        if (done) ++acknowledged;
        if (record.state != scenarios::OperationRecord::State::kRefused) {
          ++asked;
        }
      } else if (done && record.answer.kind == scenarios::Answer::Kind::kText) {
        EXPECT_TRUE(absl::SimpleAtoi(record.answer.text, &last_read));
      }
    }
    EXPECT_GE(last_read, acknowledged) << key;
    EXPECT_LE(last_read, asked) << key;
  }
}

void ExpectLinearizable(const scenarios::History& history) {
  const scenarios::LinearizabilityBudget budget{.steps_max = 400'000'000,
                                                .configurations_max = 100'000};
  const absl::Time begin = absl::Now();
  const scenarios::LinearizabilityResult result =
      scenarios::CheckLinearizability(history.operations(), budget);
  std::printf("linearizability: %s, %llu steps, %s\n",
              scenarios::VerdictName(result.verdict),
              static_cast<unsigned long long>(result.steps),
              absl::FormatDuration(absl::Now() - begin).c_str());
  EXPECT_EQ(result.verdict, scenarios::Verdict::kOk)
      << result.key << ": " << result.evidence;
}

void Print(const scenarios::History& history, const Workload::Counts& counts,
           const Nemesis::Strikes& strikes) {
  std::printf(
      "%zu operations: %llu acknowledged (%llu writes), %llu refused, "
      "%llu unknown\n%d kills of leaders, %d of followers, %d pauses, "
      "%d leaders isolated, %d pairs cut, %d one-way cuts, %d resets\n",
      history.operations().size(),
      static_cast<unsigned long long>(counts.answered),
      static_cast<unsigned long long>(counts.writes_answered),
      static_cast<unsigned long long>(counts.refused),
      static_cast<unsigned long long>(counts.unknown), strikes.leader_kills,
      strikes.follower_kills, strikes.pauses, strikes.isolations,
      strikes.pair_cuts, strikes.one_way_cuts, strikes.resets);
}

// How long a client is without service when the leader dies.
void PrintFailovers(std::vector<absl::Duration> spans) {
  if (spans.empty()) return;
  std::sort(spans.begin(), spans.end());
  const auto ms = [&spans](size_t percent) {
    return absl::ToInt64Milliseconds(spans[(spans.size() - 1) * percent / 100]);
  };
  std::printf(
      "fail-over of %zu leaders: p50 %lld ms, p90 %lld ms, max %lld ms\n",
      spans.size(), static_cast<long long>(ms(50)),
      static_cast<long long>(ms(90)), static_cast<long long>(ms(100)));
}

TEST(KillTest, NoAcknowledgedWriteIsLostAndEveryAnswerIsExplained) {
  const auto seed = static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()));
  std::printf("seed %llu (of the dice; the machine has its own)\n",
              static_cast<unsigned long long>(seed));
  RealCluster cluster(RealCluster::Wiring::kCuttable);
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());

  HistoryRecorder recorder;
  Workload workload(recorder, RedisPorts(cluster), kClients, seed + 1);
  Nemesis nemesis(cluster, seed);
  const Nemesis::Strikes strikes = nemesis.Rage(KillingTime());
  workload.Stop();
  const Workload::Counts counts = workload.Total();
  Print(recorder.history(), counts, strikes);
  PrintFailovers(strikes.failovers);
  const CutProxy::Counts wires = cluster.wires().counts();
  std::printf("wires: %llu connections, %llu of them swallowed, %llu reset\n",
              static_cast<unsigned long long>(wires.connections),
              static_cast<unsigned long long>(wires.swallowed),
              static_cast<unsigned long long>(wires.resets));
  ASSERT_EQ(strikes.never_recovered, 0) << "no leader after a strike";
  ASSERT_EQ(strikes.died, 0) << "a node ended that nobody had killed";
  ASSERT_NO_FATAL_FAILURE(ReadEverything(cluster, recorder));

  EXPECT_TRUE(counts.strange_errors.empty())
      << absl::StrJoin(counts.strange_errors, "\n");
  ExpectNoIncrementLost(recorder.history());
  ExpectLinearizable(recorder.history());
  // Something happened, in spite of it all.
  EXPECT_GE(strikes.leader_kills, 1);
  EXPECT_GE(strikes.failovers.size(), 1u);
  EXPECT_GE(strikes.isolations, 1);
  EXPECT_GE(counts.writes_answered, 100u);
}

}  // namespace
}  // namespace cluster
