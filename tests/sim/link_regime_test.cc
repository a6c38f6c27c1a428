// Regimes of links that come and go.

#include "sim/link_regime.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

constexpr uint32_t kAlways = 1'000'000;

// When each regime of one direction began.
struct Changes final : TraceSink {
  void OnEvent(const TraceEvent& event) override {
    if (event.kind != "net.regime" || event.host != kServer) return;
    changes.emplace_back(event.at, std::string(event.fields[1].text));
  }
  std::vector<std::pair<Time, std::string>> changes;
};

class LinkRegimeTest : public NetworkWorld {
 protected:
  // As Begin(), with somebody who follows.
  void BeginTraced(const NetworkKnobs& knobs, Changes& changes) {
    world_.reset();
    WorldOptions options{.seed = 1, .knobs = {}, .trace = &changes};
    options.knobs.network = knobs;
    world_ = std::make_unique<World>(std::move(options));
    for (const char* name : {"client", "server", "third"})
      world_->AddHost(name);
  }

  // One small write every 5 ms, on a stream of this framing.
  void Talk(net::Framing framing, absl::Duration span) {
    got_.clear();
    sent_.clear();
    Serve([this](Process& process, net::Stream& stream) {
      while (true) {
        const auto some = Read(process, stream, absl::Hours(1));
        if (!some.ok() || some->empty()) return;
        got_ += *some;
        last_ = world_->now();
      }
    });
    Connect(
        [this](Process& process, net::Stream& stream) {
          for (int i = 0;; ++i) {
            const std::string word = absl::StrCat(i, ",");
            if (!Write(process, stream, word, absl::Hours(1)).ok()) return;
            sent_ += word;
            Sleep(process, absl::Milliseconds(5));
          }
        },
        framing);
    world_->RunFor(span);
  }

  static size_t Words(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), ','));
  }

  std::string sent_;
  std::string got_;
  Time last_ = 0;
};

TEST_F(LinkRegimeTest, AllOfThemComeAndGoAndAreCounted) {
  Begin({.regime_lossy_ppm = 800'000,
         .regime_laggy_ppm = 800'000,
         .regime_reordering_ppm = 800'000,
         .regime_flapping_ppm = 800'000,
         .regime_slow_ppm = 800'000});
  Talk(net::Framing::kFrames, absl::Minutes(3));
  for (const char* kind :
       {"net.regime_lossy", "net.regime_laggy", "net.regime_reordering",
        "net.regime_flapping", "net.regime_slow", "net.frame_lost",
        "net.frame_reordered", "net.frame_cut", "net.regime_flap"}) {
    EXPECT_GT(Count(kind), 3u) << kind;
  }
}

TEST_F(LinkRegimeTest, SwitchingOneOffLeavesTheOthersAtTheirTimes) {
  NetworkKnobs knobs{.regime_lossy_ppm = 700'000,
                     .regime_laggy_ppm = 700'000,
                     .regime_flapping_ppm = 700'000};
  Changes with;
  BeginTraced(knobs, with);
  Talk(net::Framing::kFrames, absl::Minutes(2));
  knobs.regime_flapping_ppm = 0;
  Changes without;
  BeginTraced(knobs, without);
  Talk(net::Framing::kFrames, absl::Minutes(2));
  world_.reset();
  std::vector<std::pair<Time, std::string>> expected;
  for (const auto& [at, regime] : with.changes) {
    const std::string reigns = regime == "flapping" ? "calm" : regime;
    const bool changes =
        expected.empty() ? reigns != "calm" : expected.back().second != reigns;
    if (changes) expected.emplace_back(at, reigns);
  }
  // The dial may take longer in the one than in the other.
  ASSERT_EQ(without.changes.size(), expected.size());
  ASSERT_GT(expected.size(), 20u);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(without.changes[i].second, expected[i].second) << i;
    EXPECT_EQ(without.changes[i].first, expected[i].first) << i;
  }
}

TEST_F(LinkRegimeTest, WithoutRegimesNothingIsDrawn) {
  Begin();
  Talk(net::Framing::kFrames, absl::Seconds(30));
  EXPECT_EQ(Words(got_), Words(sent_));
  EXPECT_TRUE(world_->fault_counts().by_kind.empty());
}

TEST_F(LinkRegimeTest, ALossyLinkMakesAByteStreamSendAgain) {
  Begin({.regime_lossy_ppm = kAlways, .regime_dwell = absl::Milliseconds(500)});
  Talk(net::Framing::kBytes, absl::Seconds(30));
  EXPECT_GT(Count("net.segment_resent"), 20u);
  EXPECT_TRUE(absl::StartsWith(sent_, got_)) << "bytes keep their order";
  EXPECT_GT(got_.size(), sent_.size() * 9 / 10);
}

TEST_F(LinkRegimeTest, AFlappingLinkIsCutAndWholeInQuickSuccession) {
  Begin({.frame_held_ppm = kAlways,
         .regime_flapping_ppm = kAlways,
         .regime_dwell = absl::Seconds(20)});
  Talk(net::Framing::kFrames, absl::Minutes(2));
  EXPECT_GT(Count("net.regime_flap"), 50u);
  EXPECT_GT(Count("net.frame_held"), 500u);
  // Every flap lets go of what it held.
  EXPECT_GT(Words(got_), Words(sent_) * 9 / 10);
}

TEST_F(LinkRegimeTest, HealingEndsItWhenTheKnobsAreZeroAgain) {
  Begin({.regime_flapping_ppm = kAlways,
         .regime_slow_ppm = kAlways,
         .regime_dwell = absl::Hours(1)});
  Talk(net::Framing::kFrames, absl::Seconds(20));
  world_->knobs().network = {};
  network().HealAll();
  const uint64_t flaps = Count("net.regime_flap");
  const uint64_t cut = Count("net.frame_cut");
  world_->RunFor(absl::Seconds(30));
  EXPECT_EQ(Count("net.regime_flap"), flaps);
  EXPECT_EQ(Count("net.frame_cut"), cut);
}

TEST_F(LinkRegimeTest, ASlowLinkCarriesLittle) {
  Begin({.regime_slow_ppm = kAlways,
         .regime_dwell = absl::Hours(1),
         .regime_slow_bytes_per_second = 100});
  // A turn of "slow" comes with one chance in five: look for a seed.
  for (uint64_t seed = 1; Count("net.regime_slow") == 0; ++seed) {
    ASSERT_LT(seed, 100u);
    Begin({.regime_slow_ppm = kAlways,
           .regime_dwell = absl::Hours(1),
           .regime_slow_bytes_per_second = 100},
          seed);
    Talk(net::Framing::kBytes, absl::Seconds(30));
  }
  EXPECT_LT(got_.size(), 3200u);
  EXPECT_GT(sent_.size(), 20'000u);
}

}  // namespace
}  // namespace sim
