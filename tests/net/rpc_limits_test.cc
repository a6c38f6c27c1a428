#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/client_end.h"
#include "net/rpc_codec.h"
#include "net/rpc_server.h"
#include "tests/net/rpc_world.h"

namespace net {
namespace {

using runtime::Instant;

class RpcLimitsTest : public RpcWorld {};

TEST_F(RpcLimitsTest, ManyCallsAreInFlightOnOneConnection) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    runtime::FiberGroup callers(process.network_executor());
    int right = 0;
    const Instant begun = process.network_executor().Now();
    for (int i = 0; i < 200; ++i) {
      callers.Spawn("caller", [&, i] {
        const std::string text = absl::StrCat("call ", i);
        const CallResult<EchoReply> result =
            Echo(*client, text, absl::Milliseconds(1000 - i));
        right += result.ok() && result.response.text == text ? 1 : 0;
      });
    }
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(right, 200);
    // One after the other they would take three minutes.
    EXPECT_LT(process.network_executor().Now() - begun, absl::Seconds(2));
  });
  EXPECT_EQ(server_->stats().connections, 1u);
  EXPECT_EQ(server_->stats().calls, 200u);
}

TEST_F(RpcLimitsTest, BeyondTheLimitCallsAreRefusedAndNotExecuted) {
  Begin();
  BootServer(1, {},
             [](ServerConfig& config) { config.calls_per_connection_max = 2; });
  Talk([&](sim::Process& process) {
    const auto client = Client(
        process, 1, [](ClientConfig& config) { config.attempts_max = 1; });
    runtime::FiberGroup callers(process.network_executor());
    std::map<Delivery, int> outcomes;
    for (int i = 0; i < 5; ++i) {
      callers.Spawn("caller", [&] {
        const auto result = Echo(*client, "x", absl::Seconds(1));
        ++outcomes[result.delivery];
        if (result.delivery == Delivery::kRefused) {
          EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
        }
      });
    }
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(outcomes[Delivery::kAnswered], 2);
    EXPECT_EQ(outcomes[Delivery::kRefused], 3);
  });
  EXPECT_EQ(seen_.begun, 2u);
  EXPECT_EQ(server_->stats().calls_refused, 3u);
}

TEST_F(RpcLimitsTest, ARefusedCallIsTriedAgainUntilThereIsRoom) {
  Begin();
  BootServer(1, {}, [](ServerConfig& config) { config.calls_max = 1; });
  Talk([&](sim::Process& process) {
    const auto client = Client(
        process, 1, [](ClientConfig& config) { config.attempts_max = 50; });
    runtime::FiberGroup callers(process.network_executor());
    int answered = 0;
    for (int i = 0; i < 5; ++i) {
      callers.Spawn("caller", [&] {
        answered += Echo(*client, "x", absl::Milliseconds(50)).ok() ? 1 : 0;
      });
    }
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(answered, 5);
  });
  EXPECT_EQ(seen_.begun, 5u);
}

TEST_F(RpcLimitsTest, TheClientBoundsWhatIsInFlight) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process, 1, [](ClientConfig& config) {
      config.calls_max = 1;
      config.attempts_max = 1;
      config.frame_bytes_max = 1000;
    });
    runtime::FiberGroup callers(process.network_executor());
    callers.Spawn("caller", [&] {
      EXPECT_TRUE(Echo(*client, "first", absl::Seconds(1)).ok());
    });
    Sleep(process, absl::Milliseconds(100));
    const auto second = Echo(*client, "second");
    EXPECT_EQ(second.delivery, Delivery::kNotSent);
    EXPECT_EQ(second.status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(callers.Join().ok());
    const auto large = Echo(*client, std::string(2000, 'x'));
    EXPECT_EQ(large.delivery, Delivery::kNotSent);
    EXPECT_EQ(large.status.code(), absl::StatusCode::kInvalidArgument);
  });
}

TEST_F(RpcLimitsTest, AResponseBeyondTheLimitIsAnErrorNotABreak) {
  Begin();
  BootServer(1, {},
             [](ServerConfig& config) { config.frame_bytes_max = 5000; });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    // The reply carries a few bytes more than the request did.
    const auto result = Echo(*client, std::string(4988, 'x'));
    EXPECT_EQ(result.delivery, Delivery::kAnswered);
    EXPECT_TRUE(result.ok());
    const auto larger = Echo(*client, std::string(4989, 'x'));
    EXPECT_EQ(larger.delivery, Delivery::kAnswered);
    EXPECT_EQ(larger.status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(client->stats().connects, 1u);
  });
}

TEST_F(RpcLimitsTest, WhatCallsAndRepliesHoldIsBounded) {
  Begin();
  BootServer(1, {}, [](ServerConfig& config) {
    config.requests_held_max = 5000;
    config.replies_held_max = 8000;
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(
        process, 1, [](ClientConfig& config) { config.attempts_max = 1; });
    // One is always let in, a second beside it is not.
    int done = 0;
    int refused = 0;
    runtime::FiberGroup callers(process.network_executor());
    for (int i = 0; i < 2; ++i) {
      callers.Spawn("caller", [&] {
        const auto result =
            Echo(*client, std::string(6000, 'x'), absl::Seconds(1));
        if (result.ok()) ++done;
        if (result.delivery == Delivery::kRefused) ++refused;
      });
    }
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(done, 1);
    EXPECT_EQ(refused, 1);
    // Given back.
    EXPECT_TRUE(Echo(*client, std::string(6000, 'x')).ok());
  });
}

std::unique_ptr<Stream> DialServer(sim::Process& process) {
  return *process.network().Dial(
      ServerAddress(1), Framing::kBytes,
      process.network_executor().Now() + absl::Seconds(1));
}

void WriteAll(sim::Process& process, Stream& stream, FrameBatch& batch) {
  stream
      .Write(batch.Spans(), process.network_executor().Now() + absl::Seconds(1))
      .IgnoreError();
}

TEST_F(RpcLimitsTest, WhoDoesNotSpeakTheProtocolLosesItsConnection) {
  Begin();
  BootServer(1);
  std::vector<std::function<void(FrameBatch&)>> nonsense = {
      [](FrameBatch& batch) { batch.Add(99, {}, {}); },
      [](FrameBatch& batch) { AddEmpty(batch, RpcFrame::kCall); },
      [](FrameBatch& batch) {
        batch.Add(static_cast<uint8_t>(RpcFrame::kCall),
                  runtime::AsBytes("\xff\xff\xff\xff----"), {});
      },
      [](FrameBatch& batch) { AddEmpty(batch, RpcFrame::kCancel); },
      [](FrameBatch& batch) { AddEmpty(batch, RpcFrame::kReply); },
      [](FrameBatch& batch) {
        AddCall(batch, {.id = 5, .remaining_nanos = 1, .method = "x"}, {});
        AddCall(batch, {.id = 5, .remaining_nanos = 1, .method = "x"}, {});
      },
  };
  Talk([&](sim::Process& process) {
    for (const auto& make : nonsense) {
      const std::unique_ptr<Stream> stream = DialServer(process);
      FrameBatch batch;
      make(batch);
      WriteAll(process, *stream, batch);
      std::byte buffer[256];
      absl::StatusOr<size_t> size = 1u;
      while (size.ok() && *size > 0) {
        size = stream->Read(buffer, In(process, absl::Seconds(1)));
      }
      EXPECT_FALSE(absl::IsDeadlineExceeded(size.status()));
    }
    const std::unique_ptr<Stream> stream = DialServer(process);
    stream
        ->Write(runtime::AsBytes("GET / HTTP/1.1\r\nHost: here\r\n\r\n"),
                In(process, absl::Seconds(1)))
        .IgnoreError();
    Sleep(process, absl::Seconds(1));
    const auto client = Client(process);
    EXPECT_TRUE(Echo(*client, "still here").ok());
    EXPECT_EQ(server_->stats().connections_now, 1u);
  });
  EXPECT_EQ(server_->stats().connections_malformed, nonsense.size() + 1);
}

// A server of one connection after the other that answers by itself.
void BootFake(sim::World& world,
              std::function<void(sim::Process&, Stream&)> answer) {
  world.Boot(1, [answer](sim::Process& process) {
    auto listener = process.network().Listen(ServerAddress(1));
    ASSERT_TRUE(listener.ok());
    while (true) {
      auto stream = (*listener)->Accept(Instant::InfiniteFuture());
      ASSERT_TRUE(stream.ok());
      std::byte buffer[4096];
      (void)(*stream)->Read(
          buffer, process.network_executor().Now() + absl::Seconds(1));
      answer(process, **stream);
      process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    }
  });
}

TEST_F(RpcLimitsTest, AServerThatAnswersNonsenseLosesItsConnection) {
  Begin();
  BootFake(*world_, [](sim::Process& process, Stream& stream) {
    FrameBatch batch;
    batch.Add(static_cast<uint8_t>(RpcFrame::kReply),
              runtime::AsBytes("\xff\xff\xff\xff"), {});
    WriteAll(process, stream, batch);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const auto result = Echo(*client, "x");
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(client->stats().malformed, 1u);
  });
}

TEST_F(RpcLimitsTest, AReplyToACallThatNobodyMadeIsDroppedAndCounted) {
  Begin();
  BootFake(*world_, [](sim::Process& process, Stream& stream) {
    FrameBatch batch;
    AddReply(batch, {.id = 77, .executed = true}, {});
    AddReply(batch, {.id = 1, .executed = true},
             EncodePieces(EchoReply{"right", 0}));
    AddReply(batch, {.id = 1, .executed = true}, {});
    WriteAll(process, stream, batch);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const auto result = Echo(*client, "x");
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.response.text, "right");
    Sleep(process, absl::Milliseconds(100));
    EXPECT_EQ(client->stats().replies_late, 2u);
  });
}

TEST_F(RpcLimitsTest, ServerConnectionsAreBounded) {
  Begin();
  BootServer(1, {}, [](ServerConfig& config) { config.connections_max = 2; });
  Talk([&](sim::Process& process) {
    std::vector<absl::StatusOr<std::unique_ptr<Stream>>> crowd;
    for (int i = 0; i < 5; ++i) {
      crowd.push_back(process.network().Dial(ServerAddress(1), Framing::kBytes,
                                             In(process, absl::Seconds(1))));
    }
    Sleep(process, absl::Milliseconds(100));
    EXPECT_EQ(server_->stats().connections_now, 2u);
    EXPECT_EQ(server_->stats().connections_refused, 3u);
  });
}

TEST_F(RpcLimitsTest, WhoNeverReadsItsRepliesIsCutOff) {
  Begin();
  BootServer(1, {},
             [](ServerConfig& config) { config.reply_bytes_max = 100'000; });
  Talk([&](sim::Process& process) {
    const std::unique_ptr<Stream> stream = DialServer(process);
    const auto request = EncodePieces(EchoRequest{std::string(50'000, 'x'), 0});
    for (uint64_t id = 1; id <= 200; ++id) {
      FrameBatch batch;
      AddCall(
          batch,
          {.id = id, .remaining_nanos = 1'000'000'000, .method = "test.Echo"},
          request);
      WriteAll(process, *stream, batch);
    }
    Sleep(process, absl::Seconds(10));
    EXPECT_EQ(server_->stats().connections_now, 0u);
    // Backpressure: it stopped reading long before.
    EXPECT_LT(seen_.begun, 30u);
  });
}

}  // namespace
}  // namespace net
