#include "net/peer_transport.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/net/peer_world.h"

namespace net {
namespace {

using runtime::Incarnation;
using runtime::NodeId;

class PeerTransportTest : public PeerWorld {};

TEST_F(PeerTransportTest, MessagesArriveBothWaysInOrder) {
  Begin(2);
  const auto script = [](PeerNode& self) {
    const uint64_t other = self.process.host() == 0 ? 2 : 1;
    self.Sleep(absl::Milliseconds(100));
    for (int i = 0; i < 100; ++i) self.Send(other, absl::StrCat("m", i));
  };
  Boot(1, script);
  Boot(2, script);
  Run(absl::Seconds(1));
  for (const uint64_t node : {1u, 2u}) {
    ASSERT_EQ(Node(node).heard.size(), 100u);
    for (size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(Node(node).heard[i].text, absl::StrCat("m", i));
      EXPECT_EQ(Node(node).heard[i].from, NodeId(3 - node));
      EXPECT_EQ(Node(node).heard[i].sender, Incarnation(1));
    }
    EXPECT_EQ(Stats(node).messages_sent, 100u);
    EXPECT_EQ(Stats(node).connects, 2u);  // Control and bulk.
  }
}

TEST_F(PeerTransportTest, WhatWaitsForTheFirstConnectionIsSent) {
  Begin(2);
  Boot(2);
  Run(absl::Milliseconds(10));
  Boot(1, [](PeerNode& self) { self.Send(2, "at once"); });
  Run(absl::Seconds(1));
  EXPECT_TRUE(Node(2).Heard("at once"));
}

TEST_F(PeerTransportTest, HigherLanesOvertakeLowerOnes) {
  Begin(2);
  Boot(2);
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    self.Send(2, "snapshot", Lane::kSnapshot);
    self.Send(2, "append1", Lane::kAppend);
    self.Send(2, "append2", Lane::kAppend);
  });
  Run(absl::Seconds(1));
  std::string order;
  for (const auto& one : Node(2).heard) absl::StrAppend(&order, one.text, " ");
  EXPECT_EQ(order, "append1 append2 snapshot ");
}

// What a socket has taken already no precedence can hold back.
TEST_F(PeerTransportTest, ControlDoesNotWaitForBulkThatIsUnderWay) {
  Begin(2, {.bandwidth_bytes_per_second = 64 << 10});
  Boot(2);
  absl::Duration waited = absl::InfiniteDuration();
  Boot(1, [&](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    self.Send(2, std::string(1 << 20, 'b'), Lane::kAppend);  // 16 s.
    self.Sleep(absl::Milliseconds(100));
    const sim::Time began = world_->now();
    self.Send(2, "control");
    while (!Node(2).Heard("control")) self.Sleep(absl::Milliseconds(1));
    waited = absl::Nanoseconds(world_->now() - began);
  });
  Run(absl::Seconds(30));
  EXPECT_LT(waited, absl::Milliseconds(50));
}

// Bytes move all the time: neither a write nor a ping gives the peer up.
TEST_F(PeerTransportTest, AConnectionThatIsOnlySlowIsLeftAlone) {
  Begin(2, {.bandwidth_bytes_per_second = 64 << 10});
  Boot(2);
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    for (int i = 0; i < 8; ++i) {
      self.Send(2, std::string(512 << 10, 'b'), Lane::kAppend);
    }
  });
  Run(absl::Seconds(70));
  EXPECT_EQ(Node(2).heard.size(), 8u);
  EXPECT_EQ(Stats(1).connects_lost, 0u);
  EXPECT_EQ(Stats(2).connects_lost, 0u);
}

TEST_F(PeerTransportTest, AConnectionThatTakesNothingIsGivenUp) {
  Begin(2, {.bandwidth_bytes_per_second = 64 << 10});
  Boot(2);
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    for (int i = 0; i < 8; ++i) {
      self.Send(2, std::string(512 << 10, 'b'), Lane::kAppend);
    }
  });
  Run(absl::Seconds(10));
  network().Cut(Host(1), Host(2));
  Run(absl::Seconds(4));
  EXPECT_EQ(Stats(1).connects_lost, 2u);
  EXPECT_EQ(Node(1).bulk_lost, std::vector<uint64_t>{2});
}

TEST_F(PeerTransportTest, TheQueueOfAPeerIsBoundedAndKeepsWhatMatters) {
  Begin(2);
  Boot(2);
  Boot(
      1,
      [](PeerNode& self) {
        self.Sleep(absl::Milliseconds(100));
        for (int i = 0; i < 100; ++i) {
          self.Send(2, std::string(1000, 's'), Lane::kSnapshot);
        }
        self.Send(2, "control");
      },
      [](PeerTransportOptions& options) { options.queued_bytes_max = 10'000; });
  Run(absl::Seconds(1));
  EXPECT_TRUE(Node(2).Heard("control"));
  EXPECT_GT(Stats(1).dropped_full, 85u);
  EXPECT_EQ(Node(2).heard.size() + Stats(1).dropped_full, 101u);
}

TEST_F(PeerTransportTest, AMessageBeyondTheFrameLimitIsCountedNotSent) {
  Begin(2);
  Boot(2);
  Boot(
      1,
      [](PeerNode& self) {
        self.Sleep(absl::Milliseconds(100));
        self.Send(2, std::string(1001, 'x'));
        self.Send(2, std::string(1000, 'y'));
      },
      [](PeerTransportOptions& options) { options.frame_bytes_max = 1000; });
  Run(absl::Seconds(1));
  EXPECT_EQ(Stats(1).dropped_too_large, 1u);
  EXPECT_TRUE(Node(2).Heard(std::string(1000, 'y')));
}

TEST_F(PeerTransportTest, MessagesOfGroupsWithoutAReceiverAreCounted) {
  Begin(2);
  Boot(2);
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    self.Send(2, "lost", Lane::kControl, 0, runtime::GroupId(99));
    self.Send(9, "to nobody");
  });
  Run(absl::Seconds(1));
  EXPECT_EQ(Stats(2).dropped_no_group, 1u);
  EXPECT_EQ(Stats(1).dropped_no_peer, 1u);
  EXPECT_TRUE(Node(2).heard.empty());
}

TEST_F(PeerTransportTest, WhatEchoesAnotherLifeOfOursIsDropped) {
  Begin(2);
  const auto second_life = [](PeerTransportOptions& options) {
    options.incarnation = Incarnation(2);
  };
  Boot(2, {}, second_life);
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Milliseconds(100));
    self.Send(2, "to the first life", Lane::kControl, 1);
    self.Send(2, "to the second life", Lane::kControl, 2);
    self.Send(2, "to the third life", Lane::kControl, 3);
    self.Send(2, "to any life", Lane::kControl, 0);
  });
  Run(absl::Seconds(1));
  ASSERT_EQ(Node(2).heard.size(), 2u);
  EXPECT_EQ(Node(2).heard[0].text, "to the second life");
  EXPECT_EQ(Node(2).heard[1].text, "to any life");
  EXPECT_EQ(Stats(2).dropped_other_life, 2u);
}

TEST_F(PeerTransportTest, LinksAreReportedUpAndDown) {
  Begin(2);
  Boot(1);
  Boot(2);
  Run(absl::Seconds(1));
  // Its own connection and the peer's.
  const std::vector<std::pair<uint64_t, bool>> up = {{2, true}, {2, true}};
  EXPECT_EQ(Node(1).links, up);
  world_->Kill(Host(2));
  Run(absl::Seconds(1));
  // Those for bulk say so, too: what they brought later was of before.
  ASSERT_EQ(Node(1).links.size(), 6u);
  for (size_t i = 2; i < 6; ++i) {
    EXPECT_EQ(Node(1).links[i], std::pair(uint64_t{2}, false));
  }
}

// ----------------------------------------------------------- a hostile network

// Sends numbered messages for a while and judges what came.
class PeerTransportChaosTest : public PeerTransportTest,
                               public ::testing::WithParamInterface<uint64_t> {
};

TEST_P(PeerTransportChaosTest, WhatArrivesIsUnalteredAndMostArrives) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  sim::NetworkKnobs knobs;
  knobs.frame_loss_ppm = 50'000;
  knobs.frame_duplicate_ppm = 50'000;
  knobs.frame_reorder_ppm = 100'000;
  knobs.frame_corrupt_ppm = 50'000;
  knobs.short_read_ppm = 200'000;
  Begin(2, knobs, GetParam(), 500'000);
  Boot(2);
  constexpr int kMessages = 2000;
  Boot(1, [](PeerNode& self) {
    self.Sleep(absl::Seconds(2));
    for (int i = 0; i < kMessages; ++i) {
      self.Send(2, absl::StrCat(i, std::string(static_cast<size_t>(i), 'x')),
                static_cast<Lane>(i % 3));
      self.Sleep(absl::Milliseconds(2));
    }
  });
  Run(absl::Seconds(10));
  std::set<std::string> sent;
  for (int i = 0; i < kMessages; ++i) {
    sent.insert(absl::StrCat(i, std::string(static_cast<size_t>(i), 'x')));
  }
  std::set<std::string> distinct;
  for (const auto& one : Node(2).heard) {
    ASSERT_EQ(sent.count(one.text), 1u) << "altered: " << one.text;
    distinct.insert(one.text);
  }
  EXPECT_GT(distinct.size(), size_t{kMessages} * 3 / 4);
  EXPECT_GT(Node(2).heard.size(), distinct.size());  // Some came twice.
  EXPECT_GT(Stats(2).frames_damaged, 0u);
  EXPECT_EQ(Stats(2).frames_unexpected, 0u);
}

TEST_P(PeerTransportChaosTest, ConnectionsThatBreakAreMadeAgain) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  sim::NetworkKnobs knobs;
  knobs.reset_ppm = 100'000;
  knobs.connect_refused_ppm = 200'000;
  knobs.connect_hang_ppm = 100'000;
  knobs.stall_ppm = 10'000;
  knobs.frame_loss_ppm = 20'000;
  Begin(3, knobs, GetParam());
  const auto script = [](PeerNode& self) {
    for (int i = 0; i < 300; ++i) {
      for (uint64_t to = 1; to <= 3; ++to) self.Send(to, absl::StrCat("m", i));
      self.Sleep(absl::Milliseconds(100));
    }
  };
  for (const uint64_t node : {1u, 2u, 3u}) Boot(node, script);
  Run(absl::Seconds(30));
  for (const uint64_t node : {1u, 2u, 3u}) {
    EXPECT_GT(Stats(node).connects_lost, 5u);
    EXPECT_GT(Stats(node).connect_failures, 0u);
    EXPECT_GT(Node(node).heard.size(), 150u);
  }
  // Once the network is calm everything arrives.
  world_->knobs().network = {};
  Run(absl::Seconds(5));
  for (const uint64_t node : {1u, 2u, 3u}) Node(node).heard.clear();
  world_->At(world_->now(), sim::EventClass::kDriver, [this] {
    for (const uint64_t node : {1u, 2u, 3u})
      Node(node).Send(node % 3 + 1, "calm");
  });
  Run(absl::Seconds(1));
  for (const uint64_t node : {1u, 2u, 3u})
    EXPECT_TRUE(Node(node).Heard("calm"));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PeerTransportChaosTest,
                         ::testing::Range<uint64_t>(1, 6));

TEST_F(PeerTransportTest, AfterAPartitionHealsMessagesFlowAgain) {
  Begin(2);
  Boot(1);
  Boot(2);
  Run(absl::Seconds(1));
  network().Partition({{Host(1)}, {Host(2)}});
  Run(absl::Seconds(30));
  EXPECT_GE(Stats(1).half_open, 1u);
  network().HealAll();
  Run(absl::Seconds(3));
  world_->At(world_->now(), sim::EventClass::kDriver,
             [this] { Node(1).Send(2, "healed"); });
  Run(absl::Milliseconds(100));
  EXPECT_TRUE(Node(2).Heard("healed"));
}

TEST_F(PeerTransportTest, AOneWayCutIsNoticedByTheSideThatCannotBeAnswered) {
  Begin(2);
  Boot(1);
  Boot(2);
  Run(absl::Seconds(1));
  network().Cut(Host(1), Host(2));  // 2 hears nothing of 1 any more.
  Run(absl::Seconds(5));
  EXPECT_GE(Stats(1).half_open, 1u);
  network().HealAll();
  Run(absl::Seconds(3));
  world_->At(world_->now(), sim::EventClass::kDriver, [this] {
    Node(1).Send(2, "there");
    Node(2).Send(1, "back");
  });
  Run(absl::Milliseconds(100));
  EXPECT_TRUE(Node(2).Heard("there"));
  EXPECT_TRUE(Node(1).Heard("back"));
}

TEST_F(PeerTransportTest, AVanishedPeerIsNoticedWithoutAWord) {
  Begin(2);
  Boot(1);
  Boot(2);
  Run(absl::Seconds(1));
  world_->PowerOff(Host(2));
  Run(absl::Seconds(4));  // A ping interval and the timeout.
  EXPECT_EQ(Stats(1).half_open, 2u);
  EXPECT_FALSE(Node(1).links.back().second);
  Boot(2);
  Run(absl::Seconds(3));
  world_->At(world_->now(), sim::EventClass::kDriver,
             [this] { Node(1).Send(2, "second life", Lane::kControl, 2); });
  Run(absl::Milliseconds(100));
  EXPECT_TRUE(Node(2).Heard("second life"));
}

TEST_F(PeerTransportTest, APeerThatComesBackIsDialledAtOnce) {
  Begin(2);
  Boot(1, {}, [](PeerTransportOptions& options) {
    // Only the peer's own dialling can be so fast.
    options.keepalive_interval = absl::Hours(1);
    options.keepalive_timeout = absl::Hours(1);
    options.backoff_min = absl::Hours(1);
    options.backoff_max = absl::Hours(1);
  });
  Boot(2);
  Run(absl::Seconds(1));
  world_->PowerOff(Host(2));
  Run(absl::Seconds(1));
  Boot(2);
  Run(absl::Seconds(1));
  world_->At(world_->now(), sim::EventClass::kDriver,
             [this] { Node(1).Send(2, "second life"); });
  Run(absl::Milliseconds(100));
  EXPECT_TRUE(Node(2).Heard("second life"));
  EXPECT_EQ(Stats(1).half_open, 2u);
}

TEST_F(PeerTransportTest, APeerThatMovedIsDialledAtItsNewAddress) {
  Begin(3);
  Boot(1);
  Boot(2);
  Run(absl::Seconds(1));
  world_->PowerOff(Host(2));
  Boot(3, {}, [](PeerTransportOptions& options) {
    options.self = NodeId(2);
    options.incarnation = Incarnation(2);
  });
  world_->At(world_->now(), sim::EventClass::kDriver,
             [this] { Node(1).transport.SetPeer(NodeId(2), AddressOf(3)); });
  Run(absl::Seconds(2));
  world_->At(world_->now(), sim::EventClass::kDriver,
             [this] { Node(1).Send(2, "moved"); });
  Run(absl::Milliseconds(100));
  EXPECT_TRUE(Node(3).Heard("moved"));
}

TEST_F(PeerTransportTest, StopEndsItsFibersAndLaterMessagesAreDropped) {
  Begin(2);
  Boot(2);
  bool stopped = false;
  Boot(1, [&](PeerNode& self) {
    self.Sleep(absl::Seconds(1));
    self.transport.Stop();
    stopped = true;
    self.Send(2, "too late");
  });
  Run(absl::Seconds(2));
  EXPECT_TRUE(stopped);
  EXPECT_EQ(Stats(1).dropped_no_peer, 1u);
  EXPECT_FALSE(Node(2).links.back().second);
}

// The one report of node 1, about node 2.
PeerLinkReport LinkOf(PeerNode& node) {
  const std::vector<PeerLinkReport> links = node.transport.links();
  EXPECT_EQ(links.size(), 1u);
  return links.empty() ? PeerLinkReport() : links[0];
}

TEST_F(PeerTransportTest, ALinkSaysHowItStandsAndWhyNot) {
  Begin(2);
  Boot(1);
  Run(absl::Seconds(2));
  const PeerLinkReport alone = LinkOf(Node(1));
  EXPECT_EQ(alone.node, NodeId(2));
  EXPECT_EQ(alone.address, AddressOf(2));
  EXPECT_FALSE(alone.connected);
  EXPECT_GE(alone.attempts, 2u);
  EXPECT_NE(alone.last_error, "");
  Boot(2);
  Run(absl::Seconds(3));
  const PeerLinkReport up = LinkOf(Node(1));
  EXPECT_TRUE(up.connected);
  EXPECT_EQ(up.attempts, 0u);
  EXPECT_EQ(up.last_error, "");
  EXPECT_GT(up.since, alone.since);
  world_->PowerOff(Host(2));
  Run(absl::Seconds(10));
  const PeerLinkReport lost = LinkOf(Node(1));
  EXPECT_FALSE(lost.connected);
  EXPECT_GT(lost.since, up.since);
  EXPECT_NE(lost.last_error, "");
}

TEST_F(PeerTransportTest, ARefusalIsTheLinksReason) {
  Begin(2);
  Boot(2);
  Boot(1, {}, [](PeerTransportOptions& options) {
    options.cluster = runtime::ClusterId(78);
  });
  Run(absl::Seconds(2));
  const PeerLinkReport link = LinkOf(Node(1));
  EXPECT_FALSE(link.connected);
  EXPECT_EQ(link.last_error, std::string(VerdictName(Verdict::kWrongCluster)));
}

}  // namespace
}  // namespace net
