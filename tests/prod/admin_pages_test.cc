#include "prod/admin_pages.h"

#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "nlohmann/json.hpp"
#include "prod/metrics_writer.h"
#include "prod/real_clock.h"
#include "prod/real_executor.h"
#include "prod/server_config.h"
#include "tests/tree.h"

namespace prod {
namespace {

NodeReport ServingReport() {
  NodeReport report;
  report.phase = NodeReport::Phase::kServing;
  report.uptime = absl::Seconds(7);
  report.raft = {.role = raft::Role::kLeader,
                 .term = raft::Term(4),
                 .leader = runtime::NodeId(1),
                 .commit = raft::Index(100),
                 .applied = raft::Index(90),
                 .last = raft::Index(120)};
  report.voters = {runtime::NodeId(1), runtime::NodeId(2)};
  report.followers = {{runtime::NodeId(2), raft::Index(95)}};
  return report;
}

ServerConfig TwoNodes() {
  ServerConfig config;
  const absl::Status read = ReadConfigText(
      "raft.yaml",
      "node: {id: 1, cluster: \"d\u00e9mo \\\"x\\\"\"}\n"
      "admin: {live_timeout: 50ms}\n"
      "discovery:\n"
      "  peers:\n"
      "    - {id: 1, host: a, peer_port: 1, rpc_port: 2, redis_port: 3,\n"
      "       admin_port: 4}\n"
      "    - {id: 2, host: b, peer_port: 1, rpc_port: 2, redis_port: 3}\n",
      config);
  EXPECT_TRUE(read.ok()) << read;
  return config;
}

TEST(AdminPagesTest, ReadyMeansALeaderAndLittleToApply) {
  NodeReport report = ServingReport();
  EXPECT_EQ(WhyNotReady(report, 10), "");
  EXPECT_EQ(WhyNotReady(report, 9), "applied up to 90, committed up to 100");
  report.raft.leader = runtime::NodeId();
  EXPECT_EQ(WhyNotReady(report, 10), "no leader is known");
  report.phase = NodeReport::Phase::kStopping;
  EXPECT_EQ(WhyNotReady(report, 10), "the node is stopping");
  report.phase = NodeReport::Phase::kStarting;
  EXPECT_EQ(WhyNotReady(report, 10), "the node is starting");
}

// The others of TwoNodes().
NodeReport FollowerReport() {
  NodeReport report = ServingReport();
  report.raft.role = raft::Role::kFollower;
  report.raft.leader = runtime::NodeId(2);
  report.followers.clear();
  report.now = runtime::Instant::FromNanos(9'000'000'000);
  report.links = {{.node = runtime::NodeId(2),
                   .address = {"b", 1},
                   .connected = true,
                   .since = runtime::Instant::FromNanos(2'000'000'000)}};
  report.peers = {{.node = runtime::NodeId(2),
                   .rpc = {"b", 2},
                   .asked = true,
                   .reached = true,
                   .round_trip = absl::Milliseconds(1),
                   .clock_difference = absl::Hours(2)}};
  return report;
}

TEST(AdminPagesTest, ReadyIncludesTheWayToTheLeader) {
  NodeReport report = FollowerReport();
  EXPECT_EQ(WhyNotReady(report, 10), "");
  report.peers[0].reached = false;
  report.peers[0].error = "b:2: connect: Connection refused";
  EXPECT_EQ(WhyNotReady(report, 10),
            "node 2 leads, but does not answer: b:2: connect: Connection "
            "refused");
  report.peers[0].asked = false;
  EXPECT_EQ(WhyNotReady(report, 10), "node 2 leads, but has not answered yet");
  report.raft.leader = runtime::NodeId(1);
  EXPECT_EQ(WhyNotReady(report, 10), "") << "it leads itself";
}

TEST(AdminPagesTest, WithoutALeaderItIsSaidWhy) {
  NodeReport report = FollowerReport();
  report.raft.leader = runtime::NodeId();
  report.raft.role = raft::Role::kPreCandidate;
  EXPECT_EQ(WhyNotReady(report, 10),
            "no leader is known; this node asks for votes (pre-candidate) and "
            "has too few: all others are connected, and some do not grant "
            "theirs (yet)");
  report.links[0].connected = false;
  report.links[0].last_error = "cannot resolve b: Name or service not known";
  EXPECT_EQ(WhyNotReady(report, 10),
            "no leader is known; this node asks for votes (pre-candidate) and "
            "has too few; not reached: node 2 at b:1: cannot resolve b: Name "
            "or service not known");
  report.raft.role = raft::Role::kFollower;
  report.links[0].last_error = "other founding";
  report.links[0].stranger = true;
  EXPECT_EQ(WhyNotReady(report, 10),
            "no leader is known; this node is not a member of the cluster of "
            "node 2 at b:1; not reached: node 2 at b:1: other founding");
}

TEST(AdminPagesTest, TheStatusHasTheWayToEachMember) {
  NodeReport report = FollowerReport();
  const auto member = [&report] {
    return nlohmann::json::parse(StatusJson(TwoNodes(), report))["members"][1];
  };
  EXPECT_EQ(member()["peer_connected"], true);
  EXPECT_EQ(member()["peer_since_seconds"], 7);
  EXPECT_EQ(member()["rpc_reached"], true);
  EXPECT_EQ(member()["clock_difference_ms"], 7'200'000);
  EXPECT_FALSE(member().contains("peer_error"));
  report.links[0].connected = false;
  report.links[0].last_error = "connect: Connection refused";
  report.peers[0].reached = false;
  report.peers[0].error = "b:2: node 3 answers there";
  EXPECT_EQ(member()["peer_error"], "connect: Connection refused");
  EXPECT_EQ(member()["rpc_error"], "b:2: node 3 answers there");
  EXPECT_FALSE(member().contains("clock_difference_ms"));
}

TEST(AdminPagesTest, TheStatusIsJson) {
  const nlohmann::json status =
      nlohmann::json::parse(StatusJson(TwoNodes(), ServingReport()));
  EXPECT_EQ(status["node"], 1);
  EXPECT_EQ(status["cluster"], "d\u00e9mo \"x\"");
  EXPECT_EQ(status["role"], "leader");
  EXPECT_EQ(status["term"], 4);
  EXPECT_EQ(status["commit_index"], 100);
  EXPECT_EQ(status["ready"], true);
  ASSERT_EQ(status["members"].size(), 2u);
  EXPECT_EQ(status["members"][0]["admin_port"], 4);
  EXPECT_FALSE(status["members"][1].contains("admin_port"));
  EXPECT_EQ(status["members"][1]["match"], 95);
  EXPECT_FALSE(status["members"][0].contains("match"));
}

TEST(AdminPagesTest, AStartingNodeClaimsNothing) {
  const nlohmann::json status =
      nlohmann::json::parse(StatusJson(TwoNodes(), NodeReport()));
  EXPECT_EQ(status["phase"], "starting");
  EXPECT_EQ(status["ready"], false);
  EXPECT_FALSE(status.contains("term"));
}

// A runtime that the test runs, or holds up.
class AdminPagesLiveTest : public testing::Test {
 protected:
  AdminPagesLiveTest()
      : executor_(clock_, stacks_),
        reporter_(executor_,
                  [this] {
                    ++reports_;
                    return FollowerReport();
                  }),
        pages_({config_, raft_, network_, disk_, executor_.counters(),
                executor_.counters()},
               reporter_),
        thread_([this] { executor_.Run(); }) {}
  ~AdminPagesLiveTest() override {
    executor_.Stop();
    thread_.join();
  }

  const ServerConfig config_ = TwoNodes();
  RaftCounters raft_;
  NetworkCounters network_;
  DiskCounters disk_;
  RealClock clock_;
  runtime::StackPool stacks_;
  RealExecutor executor_;
  std::atomic<int> reports_{0};
  NodeReporter reporter_;
  AdminPages pages_;
  std::thread thread_;
};

TEST_F(AdminPagesLiveTest, ALiveRuntimeIsAlive) {
  EXPECT_EQ(pages_.Answer("/livez").code, 200);
  EXPECT_EQ(pages_.Answer("/readyz").code, 200);
  EXPECT_EQ(pages_.Answer("/status").content_type, "application/json");
  EXPECT_EQ(pages_.Answer("/livez/").code, 404);
  EXPECT_EQ(pages_.Answer("/favicon.ico").code, 404);
}

TEST_F(AdminPagesLiveTest, AHangingRuntimeIsNotWaitedFor) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  executor_.Post([released] { released.wait(); });
  const HttpAnswer live = pages_.Answer("/livez");
  EXPECT_EQ(live.code, 503);
  EXPECT_EQ(live.body, "the network runtime has not answered for 50ms\n");
  EXPECT_EQ(pages_.Answer("/readyz").code, 503);
  EXPECT_EQ(pages_.Answer("/status").code, 503);
  const HttpAnswer metrics = pages_.Answer("/metrics");
  EXPECT_EQ(metrics.code, 200);
  EXPECT_TRUE(absl::StrContains(metrics.body, "\nraft_runtime_responsive 0\n"));
  EXPECT_TRUE(absl::StrContains(metrics.body, "\nraft_disk_writes_total 0\n"));
  EXPECT_FALSE(absl::StrContains(metrics.body, "\nraft_term "));
  release.set_value();
  // Four questions, one task.
  while (pages_.Answer("/livez").code != 200) std::this_thread::yield();
  EXPECT_LE(reports_, 2);
}

TEST_F(AdminPagesLiveTest, ManyMayAskAtATime) {
  std::vector<std::thread> askers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([this, &answered] {
      for (int k = 0; k < 50; ++k) {
        if (pages_.Answer(k % 2 == 0 ? "/status" : "/metrics").code == 200) {
          ++answered;
        }
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_GE(answered, 8 * 25);  // Only /status may have lost its patience.
}

// The rules of the format: HELP and TYPE before the samples of each family,
// once; names of the right letters; no sample twice; counters end in _total.
TEST_F(AdminPagesLiveTest, MetricsKeepToTheirFormat) {
  const HttpAnswer answer = pages_.Answer("/metrics");
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4");
  static const std::regex comment("# (HELP|TYPE) (raft_[a-z_]+) (.+)");
  static const std::regex sample(
      "(raft_[a-z_]+)(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? "
      "[0-9.e+-]+");
  std::istringstream lines(answer.body);
  std::set<std::string> families, samples;
  std::string family, type;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, comment)) {
      if (match[1] == "HELP") {
        family = match[2];
        EXPECT_TRUE(families.insert(family).second) << line;
      } else {
        EXPECT_EQ(match[2], family) << line;
        type = match[3];
        EXPECT_EQ(type == "counter", absl::EndsWith(family, "_total")) << line;
      }
      continue;
    }
    ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
    EXPECT_TRUE(absl::StartsWith(match[1].str(), family)) << line;
    if (type != "histogram") {
      EXPECT_EQ(match[1], family) << line;
    }
    EXPECT_TRUE(samples.insert(line.substr(0, line.find(' '))).second) << line;
  }
  EXPECT_GE(families.size(), 50u);
  EXPECT_TRUE(families.contains("raft_commit_index"));
}

TEST_F(AdminPagesLiveTest, EveryFamilyIsDocumented) {
  std::ifstream file(TWINRAFT_SOURCE_DIR "/docs/operations.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(manual.empty());
  std::istringstream lines(pages_.Answer("/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (!absl::StartsWith(line, "# HELP ")) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_TRUE(absl::StrContains(manual, absl::StrCat("`", name, "`")))
        << name << " is not in docs/operations.md";
  }
}

TEST(MetricsWriterTest, LabelsAreEscaped) {
  MetricsWriter out;
  out.Family("x", "gauge", "Help.");
  out.Sample(uint64_t{1}, {{"a", "q\"b\\s\nn"}, {"b", ""}});
  EXPECT_EQ(out.text(),
            "# HELP x Help.\n# TYPE x gauge\n"
            "x{a=\"q\\\"b\\\\s\\nn\",b=\"\"} 1\n");
}

TEST(MetricsWriterTest, BucketsAddUp) {
  DurationHistogram histogram;
  for (const absl::Duration span :
       {absl::Microseconds(100), absl::Microseconds(101), absl::Seconds(100),
        absl::ZeroDuration()}) {
    histogram.Add(span);
  }
  MetricsWriter out;
  out.Histogram("h", "Help.", histogram);
  EXPECT_TRUE(absl::StrContains(out.text(), "h_bucket{le=\"0.0001\"} 2\n"))
      << out.text();
  EXPECT_TRUE(absl::StrContains(out.text(), "h_bucket{le=\"0.0002\"} 3\n"));
  EXPECT_TRUE(absl::StrContains(out.text(), "h_bucket{le=\"6.5536\"} 3\n"));
  EXPECT_TRUE(absl::StrContains(out.text(), "h_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_TRUE(absl::StrContains(out.text(), "h_sum 100.000201\n"));
  EXPECT_TRUE(absl::EndsWith(out.text(), "h_count 4\n"));
}

}  // namespace
}  // namespace prod
