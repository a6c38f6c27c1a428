// Filters by kind of message, through a lens for a protocol of one letter.

#include "sim/frame_filter.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "sim/message_lens.h"
#include "tests/sim/network_world.h"

namespace sim {
namespace {

// Messages of four letters, named by their first: "avvv" is an "a". A '?'
// begins what nobody knows.
class LetterLens final : public MessageLens {
 public:
  std::vector<SeenMessage> Look(const runtime::Bytes& write,
                                Detail detail) const override {
    std::vector<SeenMessage> messages;
    for (size_t i = 0; i + 4 <= write.size(); i += 4) {
      const char letter = static_cast<char>(write.data()[i]);
      if (letter == '?') break;
      messages.push_back({.kind = letter == 'a' ? "a" : "b", .bytes = 4});
      if (detail == Detail::kFields) {
        messages.back().fields.emplace_back("at", i);
      }
    }
    return messages;
  }
};

struct Delivered final : TraceSink {
  void OnEvent(const TraceEvent& event) override {
    if (event.level == TraceLevel::kMessages) lines.push_back(ToText(event));
  }
  std::vector<std::string> lines;
};

class FrameFilterTest : public NetworkWorld {
 protected:
  // Sends each of these as one write, 10 ms apart; returns what arrives.
  std::string Send(const std::vector<std::string>& writes,
                   net::Framing framing = net::Framing::kFrames) {
    std::string got;
    Serve([&](Process& process, net::Stream& stream) {
      while (true) {
        const auto some = Read(process, stream, absl::Hours(1));
        if (!some.ok() || some->empty()) return;
        got += *some;
      }
    });
    Connect(
        [&](Process& process, net::Stream& stream) {
          for (const std::string& write : writes) {
            ASSERT_TRUE(Write(process, stream, write).ok());
            Sleep(process, absl::Milliseconds(10));
          }
        },
        framing);
    world_->RunFor(absl::Seconds(5));
    return got;
  }

  void BeginWithLens() {
    Begin();
    network().SetLens(&lens_);
  }

  LetterLens lens_;
};

TEST_F(FrameFilterTest, MessagesOfAKindAreLostAndCounted) {
  BeginWithLens();
  network().AddFilter(kClient, kServer,
                      {.kinds = {"a"}, .drop_ppm = 1'000'000});
  EXPECT_EQ(Send({"a111", "b222", "a333", "b444"}), "b222b444");
  EXPECT_EQ(Count("net.filtered"), 2u);
  EXPECT_EQ(Count("net.frame_lost"), 0u);
}

TEST_F(FrameFilterTest, OneWriteIsTakenApartIntoItsMessages) {
  BeginWithLens();
  network().AddFilter(kClient, kServer,
                      {.kinds = {"a"}, .drop_ppm = 1'000'000});
  EXPECT_EQ(Send({"a111b222a333b444", "a555?xyz"}), "b222b444?xyz");
}

TEST_F(FrameFilterTest, ItEndsAfterItsNumberOfStrikes) {
  BeginWithLens();
  network().AddFilter(
      kClient, kServer,
      {.kinds = {"a"}, .drop_ppm = 1'000'000, .strikes_max = 2});
  EXPECT_EQ(Send({"a111", "b222", "a333", "a444"}), "b222a444");
}

TEST_F(FrameFilterTest, WhatIsDelayedIsOvertaken) {
  BeginWithLens();
  network().AddFilter(kClient, kServer,
                      {.kinds = {"a"},
                       .delay_min = absl::Seconds(1),
                       .delay_max = absl::Seconds(1)});
  EXPECT_EQ(Send({"a111", "b222", "b333"}), "b222b333a111");
  EXPECT_EQ(Count("net.filtered"), 1u);
}

TEST_F(FrameFilterTest, MessagesAreRepeated) {
  BeginWithLens();
  network().AddFilter(kClient, kServer,
                      {.kinds = {"b"}, .duplicate_ppm = 1'000'000});
  const std::string got = Send({"a111", "b222"});
  EXPECT_EQ(got, "a111b222b222");
}

TEST_F(FrameFilterTest, ItActsOnOneDirectionUntilItIsRemoved) {
  BeginWithLens();
  network().AddFilter(kServer, kClient, {.drop_ppm = 1'000'000});
  const uint64_t id =
      network().AddFilter(kClient, kServer, {.drop_ppm = 1'000'000});
  network().RemoveFilter(kClient, kServer, id);
  EXPECT_EQ(Send({"a111"}), "a111");
  network().HealAll();
}

TEST_F(FrameFilterTest, HealingAllRemovesIt) {
  BeginWithLens();
  network().AddFilter(kClient, kServer, {.drop_ppm = 1'000'000});
  network().HealAll();
  EXPECT_EQ(Send({"a111"}), "a111");
}

TEST_F(FrameFilterTest, WithoutALensAllMessagesAreOfNoKind) {
  Begin();
  network().AddFilter(kClient, kServer,
                      {.kinds = {"a"}, .drop_ppm = 1'000'000});
  EXPECT_EQ(Send({"a111"}), "a111");
}

TEST_F(FrameFilterTest, ByteStreamsAreNotFiltered) {
  BeginWithLens();
  network().AddFilter(kClient, kServer, {.drop_ppm = 1'000'000});
  EXPECT_EQ(Send({"a111"}, net::Framing::kBytes), "a111");
}

TEST_F(FrameFilterTest, ATraceNamesWhatArrivesAndChangesNothing) {
  BeginWithLens();
  Send({"a111b222"});
  const uint64_t digest = world_->digest().value();
  world_.reset();
  Delivered delivered;
  world_ = std::make_unique<World>(
      WorldOptions{.seed = 1, .knobs = {}, .trace = &delivered});
  for (const char* name : {"client", "server", "third"}) world_->AddHost(name);
  network().SetLens(&lens_);
  Send({"a111b222"});
  EXPECT_EQ(world_->digest().value(), digest);
  ASSERT_EQ(delivered.lines.size(), 2u);
  EXPECT_NE(
      delivered.lines[1].find("server net.deliver from=client kind=b at=4"),
      std::string::npos)
      << delivered.lines[1];
  world_.reset();
}

}  // namespace
}  // namespace sim
