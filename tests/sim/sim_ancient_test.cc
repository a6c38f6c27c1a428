// Frames that come again after seconds, on their connection or on its heir.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

NetworkKnobs AlwaysAfter(absl::Duration age) {
  return {.frame_ancient_ppm = 1'000'000,
          .frame_ancient_max = age,
          .frame_late_max = age};
}

class SimAncientTest : public NetworkWorld {
 protected:
  // Collects what each stream brings, one string each.
  void Collect() {
    Serve([this](Process& process, net::Stream& stream) {
      const size_t at = got_.size();
      got_.emplace_back();
      while (true) {
        const auto some = Read(process, stream, absl::Hours(1));
        if (!some.ok() || some->empty()) return;
        got_[at] += *some;
      }
    });
  }

  std::vector<std::string> got_;
};

TEST_F(SimAncientTest, AFrameComesAgainAfterSeconds) {
  Begin(AlwaysAfter(absl::Seconds(7)));
  Collect();
  Connect(
      [](Process& process, net::Stream& stream) {
        EXPECT_TRUE(Write(process, stream, "x,").ok());
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Seconds(6));
  EXPECT_EQ(got_[0], "x,");
  world_->RunFor(absl::Seconds(3));
  EXPECT_EQ(got_[0], "x,x,");
  EXPECT_EQ(Count("net.frame_ancient"), 1u);
  EXPECT_EQ(Count("net.frame_of_old_connection"), 0u);
}

TEST_F(SimAncientTest, ByteStreamsSufferNothingOfThis) {
  Begin(AlwaysAfter(absl::Seconds(2)));
  Collect();
  Connect([](Process& process, net::Stream& stream) {
    EXPECT_TRUE(Write(process, stream, "x,").ok());
  });
  world_->RunFor(absl::Seconds(10));
  EXPECT_EQ(got_[0], "x,");
  EXPECT_EQ(Count("net.frame_ancient"), 0u);
}

TEST_F(SimAncientTest, ItComesInTheNextConnectionWhenItsOwnIsGone) {
  Begin(AlwaysAfter(absl::Seconds(5)));
  Collect();
  Connect(
      [](Process& process, net::Stream& stream) {
        EXPECT_TRUE(Write(process, stream, "old").ok());
        Sleep(process, absl::Seconds(1));
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Seconds(2));
  world_->Kill(kClient);  // Its connection with it.
  Connect([](Process&, net::Stream&) {}, net::Framing::kFrames);
  world_->RunFor(absl::Seconds(10));
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[1], "old");
  EXPECT_EQ(Count("net.frame_of_old_connection"), 1u);
}

TEST_F(SimAncientTest, ItComesToTheNextLifeOfTheReceiver) {
  Begin(AlwaysAfter(absl::Seconds(5)));
  Collect();
  Connect(
      [](Process& process, net::Stream& stream) {
        EXPECT_TRUE(Write(process, stream, "old").ok());
        EXPECT_FALSE(Read(process, stream).ok());
        auto next = process.network().Dial(
            {"server", kPort}, net::Framing::kFrames, InAMinute(process));
        EXPECT_TRUE(next.ok()) << next.status();
        Sleep(process, absl::Minutes(1));
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Seconds(1));
  world_->Kill(kServer);
  got_.clear();
  Collect();
  world_->RunFor(absl::Seconds(20));
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0], "old");
}

TEST_F(SimAncientTest, ItIsLostWhenNobodyIsThere) {
  Begin(AlwaysAfter(absl::Seconds(5)));
  Collect();
  Connect(
      [](Process& process, net::Stream& stream) {
        EXPECT_TRUE(Write(process, stream, "x").ok());
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Seconds(1));
  world_->PowerOff(kServer);
  world_->RunFor(absl::Seconds(20));
  EXPECT_EQ(Count("net.frame_ancient"), 0u);
}

}  // namespace
}  // namespace sim
