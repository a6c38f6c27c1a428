// What the nodes say of each other while some are down or cut off: CLUSTER
// NODES, SHARDS and INFO, held against what is true in the simulated world.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "kv/resp/server.h"
#include "runtime/random.h"
#include "sim/sim_network.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

using sim::Process;

// Until a change must have been noticed: a connection that has gone silent is
// given up after 3 s, another one is made within 1 s, and it takes an election.
constexpr absl::Duration kNotice = absl::Seconds(6);
constexpr absl::Duration kLook = absl::Milliseconds(200);

constexpr size_t kSlots = kNodes + 1;  // By node; 0 is nobody.

// What one node says.
struct View {
  bool ok = false;        // cluster_state
  bool slots_ok = false;  // All of them; else none.
  std::array<bool, kSlots> connected = {};
  std::array<bool, kSlots> failed = {};  // "fail" or "fail?"
  size_t online = 0;                     // SHARDS: "online" ...
  size_t gone = 0;                       // ... and "fail".
  std::string text;
};

std::optional<View> Look(RedisClient& client) {
  const auto nodes = client.Ask({"CLUSTER", "NODES"});
  const auto info = client.Ask({"CLUSTER", "INFO"});
  const auto shards = client.Ask({"CLUSTER", "SHARDS"});
  if (!nodes.has_value() || !info.has_value() || !shards.has_value()) {
    return std::nullopt;
  }
  View view;
  view.text = absl::StrCat(*nodes, *info);
  view.ok = absl::StrContains(*info, "cluster_state:ok\r\n");
  view.slots_ok = absl::StrContains(*info, "cluster_slots_ok:16384\r\n");
  for (int node = 1; node <= kNodes; ++node) {
    for (const absl::string_view line : absl::StrSplit(*nodes, '\n')) {
      if (!absl::StrContains(line, absl::StrCat(" n", node, ":"))) continue;
      const auto slot = static_cast<size_t>(node);
      view.connected[slot] = absl::StrContains(line, " connected");
      view.failed[slot] = absl::StrContains(line, ",fail");
    }
  }
  for (const absl::string_view word : absl::StrSplit(*shards, "\r\n")) {
    if (word == "online") ++view.online;
    if (word == "fail") ++view.gone;
  }
  return view;
}

// A cluster whose nodes are asked all the time.
class ClusterView {
 public:
  explicit ClusterView(uint64_t seed) : cluster_(seed) {
    cluster_.BootAll();
    up_.fill(true);
    for (int node = 1; node <= kNodes; ++node) {
      cluster_.StartClient([this, node](Process& process) {
        RedisClient client(process);
        while (!done_) {
          if (client.connected() || client.Connect(node, kRedirectPort)) {
            views_[Slot(node)] = Look(client);
          } else {
            views_[Slot(node)].reset();
          }
          process.network_executor().SleepFor(kLook).IgnoreError();
        }
      });
    }
  }
  ~ClusterView() {
    done_ = true;
    HealAll();
    EXPECT_TRUE(cluster_.AwaitClients());
  }

  KvCluster& cluster() { return cluster_; }
  const std::optional<View>& view(int node) { return views_[Slot(node)]; }

  void Cut(int a, int b, bool cut) {
    sim::SimNetwork& network = cluster_.world().network();
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      const auto hosts = std::pair{cluster_.host(from), cluster_.host(to)};
      cut ? network.Cut(hosts.first, hosts.second)
          : network.Heal(hosts.first, hosts.second);
    }
    cut_[Slot(a)][Slot(b)] = cut_[Slot(b)][Slot(a)] = cut;
    Note();
  }
  void CutOff(int node, bool cut) {
    for (int other = 1; other <= kNodes; ++other) {
      if (other != node) Cut(node, other, cut);
    }
  }
  void HealAll() {
    for (int node = 1; node <= kNodes; ++node) CutOff(node, false);
  }
  void SetUp(int node, bool up) {
    if (up == up_[Slot(node)]) return;
    up ? cluster_.Boot(node) : cluster_.PowerOff(node);
    up_[Slot(node)] = up;
    views_[Slot(node)].reset();  // What it said in another life.
    Note();
  }
  bool up(int node) const { return up_[Slot(node)]; }

  // Runs on, and holds every view against the truth all the while.
  void RunFor(absl::Duration span) {
    for (int64_t i = 0; i < span / kLook; ++i) {
      cluster_.world().RunFor(kLook);
      now_ = now_ + kLook;
      for (int node = 1; node <= kNodes; ++node) Check(node);
    }
  }

  size_t checked() const { return checked_; }

 private:
  static size_t Slot(int node) { return static_cast<size_t>(node); }

  bool Together(int a, int b) const {
    return up_[Slot(a)] && up_[Slot(b)] && !cut_[Slot(a)][Slot(b)];
  }
  int Reaches(int node) const {
    int count = 1;
    for (int other = 1; other <= kNodes; ++other) {
      if (other != node && Together(node, other)) ++count;
    }
    return count;
  }
  // Something has changed: what can be known of anybody.
  void Note() { last_change_ = now_; }

  // Everything that changed, changed long enough ago.
  void Check(int node) {
    const std::optional<View>& seen = view(node);
    if (!up(node) || !seen.has_value()) return;
    if (now_ - last_change_ < kNotice) return;
    ++checked_;
    size_t online = 0;
    for (int other = 1; other <= kNodes; ++other) {
      const bool there = other == node || Together(node, other);
      online += there ? 1 : 0;
      EXPECT_EQ(seen->connected[Slot(other)], there)
          << "n" << node << " of n" << other << ":\n"
          << seen->text;
      EXPECT_EQ(seen->failed[Slot(other)], !there)
          << "n" << node << " of n" << other << ":\n"
          << seen->text;
    }
    EXPECT_EQ(seen->gone, kNodes - online) << "n" << node << ":\n"
                                           << seen->text;
    // With two of three a node is led, unless it is the bridge's far end.
    const bool led = Reaches(node) > kNodes / 2;
    if (led && IsBridged()) return;
    EXPECT_EQ(seen->ok, led) << "n" << node << ":\n" << seen->text;
    EXPECT_EQ(seen->slots_ok, seen->ok) << "n" << node << ":\n" << seen->text;
    // One that has not been led since it began holds nothing yet: "loading".
    if (led) {
      EXPECT_EQ(seen->online, online) << "n" << node << ":\n" << seen->text;
    }
  }
  // All are up, and exactly one pair is cut: one of the two ends may be led by
  // the other two, or not.
  bool IsBridged() const {
    int cuts = 0;
    for (int a = 1; a <= kNodes; ++a) {
      for (int b = a + 1; b <= kNodes; ++b) {
        if (!Together(a, b)) ++cuts;
      }
    }
    return cuts == 1;
  }

  KvCluster cluster_;
  bool done_ = false;
  runtime::Instant now_;
  runtime::Instant last_change_;
  std::array<bool, kSlots> up_ = {};
  std::array<std::array<bool, kSlots>, kSlots> cut_ = {};
  std::array<std::optional<View>, kSlots> views_;
  size_t checked_ = 0;
};

TEST(ClusterViewTest, WhileAllIsWellNobodyIsCalledDead) {
  ClusterView lab(1);
  lab.RunFor(absl::Seconds(20));
  EXPECT_GT(lab.checked(), 150u);
}

TEST(ClusterViewTest, ANodeThatIsDownIsCalledSoByAll) {
  ClusterView lab(2);
  const int leader = lab.cluster().AwaitLeader();
  const int down = leader % kNodes + 1;
  const int other = down % kNodes + 1;
  lab.SetUp(down, false);
  lab.RunFor(absl::Seconds(10));
  // The leader for the majority, the follower for itself.
  ASSERT_EQ(lab.cluster().leader(), leader);
  EXPECT_TRUE(absl::StrContains(lab.view(leader)->text, " slave,fail "));
  EXPECT_TRUE(absl::StrContains(lab.view(other)->text, " slave,fail? "));
  lab.SetUp(down, true);
  lab.RunFor(absl::Seconds(10));
  EXPECT_GT(lab.checked(), 40u);
}

TEST(ClusterViewTest, ALeaderThatIsDownIsNoMasterAnyMore) {
  ClusterView lab(3);
  const int leader = lab.cluster().AwaitLeader();
  const int other = leader % kNodes + 1;
  lab.SetUp(leader, false);
  lab.RunFor(absl::Seconds(10));
  const std::string& text = lab.view(other)->text;
  EXPECT_TRUE(absl::StrContains(text, " slave,fail")) << text;
  EXPECT_FALSE(absl::StrContains(text, "master,fail")) << text;
}

TEST(ClusterViewTest, WhoIsCutOffSaysThatNothingIsServed) {
  ClusterView lab(4);
  const int leader = lab.cluster().AwaitLeader();
  for (const int node : {leader, leader % kNodes + 1}) {
    lab.CutOff(node, true);
    // A leader notices within an election timeout, a follower as well.
    lab.RunFor(absl::Seconds(2));
    EXPECT_FALSE(lab.view(node)->ok) << lab.view(node)->text;
    EXPECT_FALSE(lab.view(node)->slots_ok) << lab.view(node)->text;
    lab.RunFor(absl::Seconds(8));
    lab.HealAll();
    lab.RunFor(absl::Seconds(10));
  }
  EXPECT_GT(lab.checked(), 100u);
}

TEST(ClusterViewTest, WithoutAQuorumTheLastOneSaysSo) {
  ClusterView lab(5);
  const int leader = lab.cluster().AwaitLeader();
  lab.SetUp(leader % kNodes + 1, false);
  lab.SetUp((leader + 1) % kNodes + 1, false);
  lab.RunFor(absl::Seconds(10));
  EXPECT_FALSE(lab.view(leader)->ok);
  EXPECT_EQ(lab.view(leader)->gone, 2u);
}

// Whatever happens, in whatever order.
TEST(ClusterViewTest, WhatIsSaidFollowsWhatIsTrue) {
  for (uint64_t seed = 10; seed < 16; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    ClusterView lab(seed);
    runtime::Random dice(seed);
    lab.cluster().AwaitLeader();
    for (int act = 0; act < 8; ++act) {
      const int node = 1 + static_cast<int>(dice.Below(kNodes));
      switch (dice.Below(4)) {
        case 0:
          lab.SetUp(node, !lab.up(node));
          break;
        case 1:
          lab.CutOff(node, true);
          break;
        case 2:
          lab.Cut(node, node % kNodes + 1, true);
          break;
        default:
          lab.HealAll();
      }
      lab.RunFor(kNotice + absl::Seconds(2));
    }
    EXPECT_GT(lab.checked(), 50u);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace kv
