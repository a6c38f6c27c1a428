// Clogged links, and connections that are broken or forgotten all at once.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

class SimClogTest : public NetworkWorld {
 protected:
  // The client sends 30 numbers, one every 10 ms; the server writes down when
  // each arrives.
  void Talk(net::Framing framing) {
    Serve([this](Process& process, net::Stream& stream) {
      while (true) {
        const auto some = Read(process, stream, absl::Hours(1));
        if (!some.ok() || some->empty()) return;
        got_ += *some;
        arrivals_.push_back(world_->now());
      }
    });
    Connect(
        [this](Process& process, net::Stream& stream) {
          for (int i = 0; i < 30; ++i) {
            ASSERT_TRUE(Write(process, stream, absl::StrCat(i, ",")).ok());
            sent_ += absl::StrCat(i, ",");
            Sleep(process, absl::Milliseconds(10));
          }
        },
        framing);
  }

  std::string sent_;
  std::string got_;
  std::vector<Time> arrivals_;
};

TEST_F(SimClogTest, AClogHoldsEverythingAndLetsItGoInOneBurst) {
  for (const net::Framing framing :
       {net::Framing::kFrames, net::Framing::kBytes}) {
    sent_.clear();
    got_.clear();
    arrivals_.clear();
    Begin();
    Talk(framing);
    world_->RunFor(absl::Milliseconds(95));
    const std::string before = got_;
    EXPECT_FALSE(before.empty());
    network().Clog(kClient, kServer);
    EXPECT_TRUE(network().IsClogged(kClient, kServer));
    EXPECT_FALSE(network().IsClogged(kServer, kClient));
    world_->RunFor(absl::Seconds(2));
    EXPECT_EQ(got_, before);
    EXPECT_GT(Count("net.clogged"), 15u);
    const Time freed = world_->now();
    arrivals_.clear();
    network().Unclog(kClient, kServer);
    world_->RunFor(absl::Seconds(1));
    EXPECT_EQ(got_, sent_) << "nothing is lost, and in order";
    EXPECT_LT(arrivals_.back() - freed,
              absl::ToInt64Nanoseconds(absl::Milliseconds(1)));
    EXPECT_EQ(Count("net.frame_cut"), 0u);
  }
}

TEST_F(SimClogTest, HealingAllUnclogs) {
  Begin();
  network().Clog(kClient, kServer);
  network().HealAll();
  EXPECT_FALSE(network().IsClogged(kClient, kServer));
}

TEST_F(SimClogTest, ADialWaitsInAClog) {
  Begin();
  Serve([](Process& process, net::Stream&) { Sleep(process, absl::Hours(1)); });
  network().Clog(kClient, kServer);
  Dialled dialled;
  Dial(dialled, absl::Seconds(10));
  world_->RunFor(absl::Seconds(3));
  network().Unclog(kClient, kServer);
  world_->RunFor(absl::Seconds(10));
  EXPECT_TRUE(dialled.status.ok()) << dialled.status;
  EXPECT_GE(dialled.took, absl::Seconds(3));
}

TEST_F(SimClogTest, WhatTheDeadSentIntoAClogStillArrives) {
  Begin();
  Talk(net::Framing::kFrames);
  world_->RunFor(absl::Milliseconds(95));
  network().Clog(kClient, kServer);
  world_->RunFor(absl::Milliseconds(100));
  const std::string before = got_;
  world_->PowerOff(kClient);
  world_->RunFor(absl::Seconds(1));
  network().Unclog(kClient, kServer);
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(got_, sent_);
  EXPECT_GT(got_.size(), before.size());
}

TEST_F(SimClogTest, ACutOfAClogLosesWhatArrivesDuringIt) {
  Begin();
  Talk(net::Framing::kFrames);
  world_->RunFor(absl::Milliseconds(95));
  network().Clog(kClient, kServer);
  world_->RunFor(absl::Milliseconds(50));
  network().Cut(kClient, kServer);
  world_->RunFor(absl::Milliseconds(50));
  network().Unclog(kClient, kServer);
  world_->RunFor(absl::Milliseconds(50));
  EXPECT_LT(got_.size(), sent_.size() / 2);
  network().Heal(kClient, kServer);
  world_->RunFor(absl::Seconds(1));
  EXPECT_GT(Count("net.clogged"), 2u);
  EXPECT_GT(Count("net.frame_cut"), 5u);
}

// Two clients of one server; returns how both sides of each stream end.
class SimHerdTest : public NetworkWorld {
 protected:
  void Connected() {
    Begin();
    Serve([this](Process& process, net::Stream& stream) {
      server_end_.push_back(
          ReadEverything(process, stream, absl::Hours(1)).end);
    });
    const auto client = [this](Process& process) {
      auto stream = process.network().Dial(
          {"server", kPort}, net::Framing::kBytes, InAMinute(process));
      ASSERT_TRUE(stream.ok()) << stream.status();
      client_end_.push_back(
          Read(process, **stream, absl::Minutes(10)).status());
      Sleep(process, absl::Hours(1));
    };
    world_->Boot(kClient, client);
    world_->Boot(kThird, client);
    world_->RunFor(absl::Seconds(1));
    ASSERT_EQ(network().connection_count(), 2u);
  }

  std::vector<absl::Status> server_end_;
  std::vector<absl::Status> client_end_;
};

TEST_F(SimHerdTest, AResetOfAHostBreaksAllItsConnectionsForBothSides) {
  Connected();
  network().ResetConnections(kServer);
  world_->RunFor(absl::Seconds(1));
  ASSERT_EQ(server_end_.size(), 2u);
  ASSERT_EQ(client_end_.size(), 2u);
  for (const auto& ends : {server_end_, client_end_}) {
    for (const absl::Status& end : ends) EXPECT_TRUE(absl::IsUnavailable(end));
  }
  EXPECT_EQ(Count("net.reset"), 2u);
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimHerdTest, AResetOfAClientLeavesTheOther) {
  Connected();
  network().ResetConnections(kThird);
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(client_end_.size(), 1u);
  EXPECT_EQ(network().connection_count(), 1u);
}

TEST_F(SimHerdTest, AHostThatForgetsTellsNobodyElse) {
  Connected();
  network().ForgetConnections(kServer);
  world_->RunFor(absl::Minutes(5));
  ASSERT_EQ(server_end_.size(), 2u);
  EXPECT_TRUE(absl::IsUnavailable(server_end_[0])) << server_end_[0];
  EXPECT_TRUE(client_end_.empty()) << "nobody told them";
  EXPECT_EQ(Count("net.half_open"), 2u);
}

TEST_F(SimHerdTest, WhoSendsToAHostThatHasForgottenIsTold) {
  Begin();
  Serve([](Process& process, net::Stream& stream) {
    ReadEverything(process, stream, absl::Hours(1));
  });
  absl::Status told;
  Connect([&](Process& process, net::Stream& stream) {
    Sleep(process, absl::Seconds(2));
    ASSERT_TRUE(Write(process, stream, "are you there?").ok());
    told = Read(process, stream, absl::Seconds(10)).status();
  });
  world_->RunFor(absl::Seconds(1));
  network().ForgetConnections(kServer);
  world_->RunFor(absl::Seconds(20));
  EXPECT_TRUE(absl::IsUnavailable(told)) << told;
  EXPECT_EQ(network().connection_count(), 0u);
}

}  // namespace
}  // namespace sim
