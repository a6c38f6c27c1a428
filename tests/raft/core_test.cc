// Seeded storms over bare cores: lossy, reordering, repeating networks, slow
// and hanging disks, crashes that lose what was not durable. The Oracle judges
// every step; in the end all heals, and then the group must work.

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/check.h"
#include "runtime/probe.h"
#include "tests/raft/core_cluster.h"

namespace raft {
namespace {

#ifdef __OPTIMIZE__
constexpr uint64_t kSeeds = 3000;
#else
constexpr uint64_t kSeeds = 400;
#endif

uint64_t seed_under_test = 0;

void PrintSeed(const runtime::CheckFailure& failure) {
  std::fprintf(stderr, "seed %llu: %s:%d: %s %s\n",
               static_cast<unsigned long long>(seed_under_test), failure.file,
               failure.line, failure.condition.c_str(),
               failure.message.c_str());
}

// Counts what was reached, and lets BUGGIFY strike in some of the seeds.
class StormProbes : public runtime::ProbeSink {
 public:
  StormProbes() {
    runtime::probe_sink = this;
    runtime::SetCheckHandler(&PrintSeed);
  }
  ~StormProbes() override {
    runtime::probe_sink = nullptr;
    runtime::SetCheckHandler(nullptr);
  }

  void Begin(uint64_t seed) {
    seed_under_test = seed;
    dice_ = runtime::Random(runtime::StreamSeed(seed, "buggify"));
    armed_ = dice_.Chance(300'000);
  }

  void OnNote(absl::string_view, std::span<const runtime::NoteField>) override {
  }
  void OnReached(const runtime::ProbeSite& site) override {
    ++reached_[site.name];
  }
  bool OnBuggify(const runtime::ProbeSite&) override {
    return armed_ && dice_.Chance(200'000);
  }

  const std::map<std::string, uint64_t>& reached() const { return reached_; }

 private:
  runtime::Random dice_{0};
  bool armed_ = false;
  std::map<std::string, uint64_t> reached_;
};

// One seed: what it is given, and what is done to it.
class Storm {
 public:
  explicit Storm(uint64_t seed)
      : dice_(runtime::StreamSeed(seed, "storm")), cluster_(Draw(seed)) {}

  void Rage() {
    const int64_t moves = dice_.Between(40, 120);
    for (int64_t i = 0; i < moves; ++i) {
      const absl::Duration pause =
          dice_.Between(absl::Milliseconds(1), absl::Milliseconds(150));
      cluster_.RunFor(pause);
      Move();
    }
  }

  // All heals. A group that is whole elects, agrees, writes and reads.
  void Calm() {
    ClusterOptions& options = cluster_.options();
    options.drop_ppm = 0;
    options.duplicate_ppm = 0;
    cluster_.Heal();
    for (const NodeId node : cluster_.nodes()) {
      cluster_.ResumeDisk(node);
      if (!cluster_.alive(node)) cluster_.Restart(node);
    }
    // A leader that was cut off until now may still find out: clients retry.
    bool served = false;
    for (int attempt = 0; attempt < 4 && !served; ++attempt) {
      ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Agree(); },
                                    absl::Seconds(20)))
          << "no agreement after all has healed, seed " << seed_under_test;
      served = WritesAndReads(cluster_.leader());
    }
    ASSERT_TRUE(served) << "a whole group does not serve, seed "
                        << seed_under_test;
  }

  CoreCluster& cluster() { return cluster_; }

 private:
  bool WritesAndReads(NodeId leader) {
    const uint64_t write = cluster_.Propose(leader, "last words");
    const uint64_t read = cluster_.AskRead(leader);
    return cluster_.RunUntil(
        [&] {
          return cluster_.Agree() &&
                 cluster_.applied(leader) >= cluster_.proposal(write).index &&
                 cluster_.read(read).state == ReadState::kReady;
        },
        absl::Seconds(2));
  }

  ClusterOptions Draw(uint64_t seed) {
    ClusterOptions options;
    options.seed = seed;
    options.nodes = 1 + dice_.Below(5);
    options.latency_max = absl::Milliseconds(1 + dice_.Between(0, 60));
    options.sync_min = absl::Microseconds(100);
    options.sync_max = absl::Milliseconds(dice_.Between(1, 40));
    // Swarm: whole classes of faults are absent from many seeds.
    if (dice_.Chance(500'000)) {
      options.drop_ppm = static_cast<uint32_t>(dice_.Below(200'000));
    }
    if (dice_.Chance(500'000)) {
      options.duplicate_ppm = static_cast<uint32_t>(dice_.Below(200'000));
    }
    crashes_ = dice_.Chance(600'000);
    cuts_ = dice_.Chance(600'000);
    pauses_ = dice_.Chance(400'000);
    options.core.inflight_messages_max = 1 + dice_.Below(8);
    options.core.append_bytes_max = 1 + dice_.Below(64);
    options.core.uncommitted_bytes_max = 16 + dice_.Below(240);
    return options;
  }

  // Leaders are struck more often than others.
  NodeId AnyNode() {
    const NodeId leader = cluster_.leader();
    if (leader != NodeId() && dice_.Chance(300'000)) return leader;
    return NodeId(1 + dice_.Below(cluster_.nodes().size()));
  }

  void Move() {
    const NodeId node = AnyNode();
    const NodeId other = AnyNode();
    switch (dice_.Below(14)) {
      case 0:
        if (crashes_ && cluster_.alive(node)) {
          cluster_.Crash(node, dice_.Below(cluster_.unsynced(node) + 1));
        }
        break;
      case 1:
      case 2:
        if (!cluster_.alive(node)) cluster_.Restart(node);
        break;
      case 3:
        if (cuts_ && node != other) cluster_.Cut(node, other);
        break;
      case 4:
        if (cuts_) cluster_.Isolate(node);
        break;
      case 5:
      case 6:
        cluster_.Heal();
        break;
      case 7:
        if (pauses_) cluster_.PauseDisk(node);
        break;
      case 8:
        cluster_.ResumeDisk(node);
        break;
      case 9:
        if (node != other) cluster_.BreakLink(node, other);
        break;
      case 10:
        HandOver();
        break;
      case 11:  // All of them stand still.
        cluster_.Pass(absl::Milliseconds(dice_.Below(1000)));
        break;
      default:
        Serve();
    }
  }

  void HandOver() {
    const NodeId leader = cluster_.leader();
    if (leader == NodeId()) return;
    const uint64_t to = dice_.Below(cluster_.nodes().size() + 1);
    cluster_.Transfer(leader, NodeId(to));
  }

  // Clients ask everyone who believes to lead, and sometimes who does not.
  void Serve() {
    for (const NodeId node : cluster_.nodes()) {
      if (!cluster_.alive(node)) continue;
      const bool leads = cluster_.core(node).role() == Role::kLeader;
      if (!leads && dice_.Chance(900'000)) continue;
      const uint64_t writes = dice_.Below(6);
      for (uint64_t i = 0; i < writes; ++i) {
        cluster_.Propose(node,
                         absl::StrCat("w", ++writes_, " by ", node.value()));
        if (dice_.Chance(300'000)) cluster_.AskRead(node);
      }
      cluster_.AskRead(node);
    }
  }

  runtime::Random dice_;
  bool crashes_ = false;
  bool cuts_ = false;
  bool pauses_ = false;
  uint64_t writes_ = 0;
  CoreCluster cluster_;
};

TEST(CoreTest, NothingUnsafeHappensInStormsAndEveryGroupRecovers) {
  StormProbes probes;
  uint64_t committed = 0;
  uint64_t leaders = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    probes.Begin(seed);
    Storm storm(seed);
    storm.Rage();
    storm.Calm();
    if (HasFatalFailure()) return;
    committed += storm.cluster().oracle().committed().value();
    leaders += storm.cluster().oracle().leaders_seen();
  }
  // The storms are storms: much is elected, and still much is written.
  EXPECT_GT(leaders, kSeeds * 3);
  EXPECT_GT(committed, kSeeds * 10);
  for (const runtime::ProbeSite* site : runtime::ProbeSites()) {
    const std::string name = site->name;
    const bool wanted = site->kind == runtime::ProbeKind::kSometimes ||
                        site->kind == runtime::ProbeKind::kReachable;
    if (!wanted || name.rfind("raft.", 0) != 0) continue;
    if (std::string(site->file).find("raft/core/") == std::string::npos) {
      continue;
    }
    EXPECT_GT(probes.reached().count(name), 0u)
        << name << " was never reached in " << kSeeds << " seeds";
  }
}

// The same seed tells the same story, to the last chain of the log.
TEST(CoreTest, SameSeedGivesTheSameHistory) {
  StormProbes probes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::array<std::vector<uint64_t>, 2> histories;
    std::array<size_t, 2> messages{};
    for (size_t run = 0; run < 2; ++run) {
      probes.Begin(seed);
      Storm storm(seed);
      storm.Rage();
      histories[run] = storm.cluster().oracle().history();
      messages[run] = storm.cluster().left().size();
    }
    EXPECT_EQ(histories[0], histories[1]) << "seed " << seed;
    EXPECT_EQ(messages[0], messages[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace raft
