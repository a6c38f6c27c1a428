#include <algorithm>
#include <map>
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

class RpcTest : public RpcWorld {};

TEST_F(RpcTest, ATypedCallIsAnswered) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const CallResult<EchoReply> result = Echo(*client, "hello");
    EXPECT_TRUE(result.ok()) << result.status;
    EXPECT_EQ(result.response.text, "hello");
    EXPECT_EQ(client->stats().answered, 1u);
    EXPECT_EQ(client->stats().failures, 0u);
    EXPECT_TRUE(client->stats().last_success.has_value());
    EXPECT_GT(client->stats().latency_max, absl::ZeroDuration());
  });
}

TEST_F(RpcTest, LargeRequestsAndResponsesArriveWhole) {
  Begin(1, {.short_read_ppm = 300'000, .write_split_ppm = 300'000});
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    std::string text(3 << 20, '\0');
    for (size_t i = 0; i < text.size(); ++i) {
      text[i] = static_cast<char>(i * 7 + i / 251);
    }
    const CallResult<EchoReply> result = Echo(*client, text);
    ASSERT_TRUE(result.ok()) << result.status;
    EXPECT_TRUE(result.response.text == text);
  });
}

TEST_F(RpcTest, TheHandlersErrorIsAnAnswer) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const CallResult<EchoReply> result = Echo(*client, "fail");
    EXPECT_EQ(result.delivery, Delivery::kAnswered);
    EXPECT_EQ(result.status, absl::FailedPreconditionError("as you wish"));
    EXPECT_EQ(client->stats().failures, 1u);
    EXPECT_EQ(client->stats().retries, 0u);
  });
  EXPECT_EQ(seen_.begun, 1u);
}

TEST_F(RpcTest, AnUnknownMethodIsRefused) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const RawResult result = client->CallRaw("test.Nothing", {}, {});
    EXPECT_EQ(result.delivery, Delivery::kRefused);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnimplemented);
  });
}

TEST_F(RpcTest, AnUndecodableRequestIsRefusedAndTheConnectionStays) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const RawResult result =
        client->CallRaw("test.Echo", {runtime::Bytes::Copy("?")}, {});
    EXPECT_EQ(result.delivery, Delivery::kRefused);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(Echo(*client, "good").ok());
    EXPECT_EQ(client->stats().connects, 1u);
  });
  EXPECT_EQ(seen_.begun, 1u);
}

TEST_F(RpcTest, AnUndecodableResponseIsDataLoss) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    // An EchoReply is longer than what Health answers without metadata.
    const CallResult<EchoReply> result =
        client->Call<HealthRequest, EchoReply>(kHealthMethod, {});
    EXPECT_EQ(result.delivery, Delivery::kAnswered);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
  });
}

TEST_F(RpcTest, HealthAndMetadataAreAnswered) {
  Begin();
  BootServer(1, {}, [](ServerConfig& config) {
    config.metadata = {{"zone", "a"}, {"role", "voter"}};
    config.health = [] { return absl::UnavailableError("warming up"); };
    config.advertised = Address{"public", 1};
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const CallResult<HealthReply> result =
        client->Call<HealthRequest, HealthReply>(kHealthMethod, {});
    ASSERT_TRUE(result.ok()) << result.status;
    EXPECT_EQ(result.response.code,
              static_cast<uint8_t>(absl::StatusCode::kUnavailable));
    EXPECT_EQ(result.response.message, "warming up");
    const std::vector<std::pair<std::string, std::string>> metadata = {
        {"role", "voter"}, {"zone", "a"}};
    EXPECT_EQ(result.response.metadata, metadata);
  });
  EXPECT_EQ(server_->local_address(), ServerAddress(1));
  EXPECT_EQ(server_->advertised_address(), (Address{"public", 1}));
}

// ------------------------------------------------------------------- deadlines

TEST_F(RpcTest, TheDeadlineTravelsAsTheTimeThatIsLeft) {
  Begin();
  BootServer(1);
  world_->SetClockDrift(1, 1000);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = In(process, absl::Milliseconds(500))};
    const CallResult<EchoReply> result = Echo(*client, "x", {}, options);
    ASSERT_TRUE(result.ok());
    const absl::Duration left =
        absl::Nanoseconds(result.response.remaining_nanos);
    EXPECT_LE(left, absl::Milliseconds(500));
    EXPECT_GT(left, absl::Milliseconds(400));
  });
}

TEST_F(RpcTest, TheServerBoundsHowLongACallMayTake) {
  Begin();
  BootServer(1, {}, [](ServerConfig& config) {
    config.call_timeout_max = absl::Milliseconds(300);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = Instant::InfiniteFuture()};
    const CallResult<EchoReply> result = Echo(*client, "x", {}, options);
    ASSERT_TRUE(result.ok());
    const absl::Duration left =
        absl::Nanoseconds(result.response.remaining_nanos);
    EXPECT_LE(left, absl::Milliseconds(300));
    EXPECT_GT(left, absl::Milliseconds(299));
  });
}

TEST_F(RpcTest, WhenTheDeadlinePassesTheHandlerIsCancelled) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const Instant begun = process.network_executor().Now();
    CallOptions options{.deadline = begun + absl::Milliseconds(100),
                        .idempotent = true};
    const CallResult<EchoReply> result =
        Echo(*client, "x", absl::Hours(1), options);
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_LT(process.network_executor().Now() - begun,
              absl::Milliseconds(101));
    Sleep(process, absl::Milliseconds(100));
    EXPECT_TRUE(Echo(*client, "still fine").ok());
    EXPECT_EQ(client->stats().connects, 1u);
  });
  EXPECT_EQ(seen_.cancelled, 1u);
  EXPECT_EQ(server_->stats().calls_cancelled, 1u);
  EXPECT_EQ(server_->stats().calls_now, 0u);
}

TEST_F(RpcTest, ACancelledCallerCancelsTheHandler) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallResult<EchoReply> result;
    runtime::FiberGroup callers(process.network_executor());
    callers.Spawn("caller",
                  [&] { result = Echo(*client, "x", absl::Hours(1)); });
    Sleep(process, absl::Milliseconds(100));
    callers.Cancel();
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kCancelled);
    Sleep(process, absl::Milliseconds(100));
    EXPECT_EQ(seen_.cancelled, 1u);
  });
}

TEST_F(RpcTest, ACallWhoseTimeIsUpOnArrivalIsNotExecuted) {
  Begin(1, {.latency_min = absl::Milliseconds(40),
            .latency_max = absl::Milliseconds(40)});
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    ASSERT_TRUE(Echo(*client, "connect").ok());
    const RawResult result = client->CallRaw(
        "test.Echo", EncodePieces(EchoRequest{"late", 0}),
        {.deadline = process.network_executor().Now() - absl::Seconds(1)});
    EXPECT_NE(result.delivery, Delivery::kAnswered);
    Sleep(process, absl::Seconds(1));
  });
  EXPECT_EQ(seen_.begun, 1u);
}

// ---------------------------------------------------------- nobody, and
// nothing

TEST_F(RpcTest, WhenNobodyListensNothingIsSent) {
  Begin();
  world_->Boot(1,
               [](sim::Process& process) { Sleep(process, absl::Hours(1)); });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const CallResult<EchoReply> result = Echo(*client, "x");
    EXPECT_EQ(result.delivery, Delivery::kNotSent);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(client->stats().retries, client->config().attempts_max - 1);
    EXPECT_EQ(client->stats().not_sent, 1u);
    EXPECT_GT(client->stats().connect_failures, 0u);
  });
}

TEST_F(RpcTest, WhenTheHostIsSilentTheDeadlineHolds) {
  Begin();
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const Instant begun = process.network_executor().Now();
    CallOptions options{.deadline = begun + absl::Milliseconds(1500)};
    EXPECT_EQ(Echo(*client, "x", {}, options).delivery, Delivery::kNotSent);
    EXPECT_LE(process.network_executor().Now() - begun,
              absl::Milliseconds(1501));
  });
}

TEST_F(RpcTest, ACallThatWaitsForItsServerIsSentWhenThatComes) {
  Begin();
  world_->Boot(1,
               [](sim::Process& process) { Sleep(process, absl::Hours(1)); });
  world_->At(sim::Time{500'000'000}, sim::EventClass::kDriver, [this] {
    world_->Kill(1);
    BootServer(1);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(
        process, 1, [](ClientConfig& config) { config.attempts_max = 20; });
    EXPECT_TRUE(Echo(*client, "patient").ok());
    EXPECT_GT(client->stats().retries, 0u);
  });
}

TEST_F(RpcTest, AfterAResetTheOutcomeIsUnknownAndIsNotTriedAgain) {
  Begin();
  BootServer(1);
  world_->At(sim::Time{500'000'000}, sim::EventClass::kDriver, [this] {
    world_->Kill(1);
    BootServer(1);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const CallResult<EchoReply> result = Echo(*client, "x", absl::Seconds(2));
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(client->stats().retries, 0u);
  });
  EXPECT_EQ(seen_.begun, 1u);
}

TEST_F(RpcTest, AnIdempotentCallIsTriedAgainAfterAReset) {
  Begin();
  BootServer(1);
  world_->At(sim::Time{500'000'000}, sim::EventClass::kDriver, [this] {
    world_->Kill(1);
    BootServer(1);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = {}, .idempotent = true};
    const CallResult<EchoReply> result =
        Echo(*client, "again", absl::Seconds(2), options);
    EXPECT_TRUE(result.ok()) << result.status;
    EXPECT_EQ(client->stats().retries, 1u);
  });
  EXPECT_EQ(seen_.begun, 2u);
}

TEST_F(RpcTest, AVanishedServerIsNoticedLongBeforeTheDeadline) {
  Begin();
  BootServer(1);
  world_->At(sim::Time{500'000'000}, sim::EventClass::kDriver,
             [this] { world_->PowerOff(1); });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const Instant begun = process.network_executor().Now();
    CallOptions options{.deadline = begun + absl::Minutes(1)};
    const CallResult<EchoReply> result =
        Echo(*client, "x", absl::Seconds(30), options);
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_LT(process.network_executor().Now() - begun, absl::Seconds(7));
    EXPECT_EQ(client->stats().half_open, 1u);
  });
}

TEST_F(RpcTest, ASlowCallOnALiveConnectionIsNotTakenForDead) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = In(process, absl::Minutes(2))};
    EXPECT_TRUE(Echo(*client, "x", absl::Minutes(1), options).ok());
    EXPECT_EQ(client->stats().half_open, 0u);
  });
}

// --------------------------------------------------------------- many and
// limits

TEST_F(RpcTest, ManyCallsAreInFlightOnOneConnection) {
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

TEST_F(RpcTest, BeyondTheLimitCallsAreRefusedAndNotExecuted) {
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

TEST_F(RpcTest, ARefusedCallIsTriedAgainUntilThereIsRoom) {
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

TEST_F(RpcTest, TheClientBoundsWhatIsInFlight) {
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

TEST_F(RpcTest, AResponseBeyondTheLimitIsAnErrorNotABreak) {
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

// --------------------------------------------------------------- several
// servers

TEST_F(RpcTest, CallsGoRoundTheServers) {
  Begin(3);
  for (uint64_t i = 1; i <= 3; ++i) BootServer(i);
  Talk([&](sim::Process& process) {
    const auto client = Client(process, 3);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(Echo(*client, "x").ok());
    for (const TargetState& target : client->targets()) {
      EXPECT_TRUE(target.connected) << target.address->ToString();
    }
  });
  EXPECT_EQ(server_->stats().calls, 10u);
}

TEST_F(RpcTest, ADeadServerIsPassedOver) {
  Begin(3);
  BootServer(1);
  BootServer(3);
  world_->Boot(2,
               [](sim::Process& process) { Sleep(process, absl::Hours(1)); });
  Talk([&](sim::Process& process) {
    const auto client = Client(process, 3);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(Echo(*client, "x").ok());
    EXPECT_GT(client->stats().connect_failures, 0u);
    EXPECT_LT(client->stats().retries, 34u);
  });
}

// ------------------------------------------------------------------ stopping

TEST_F(RpcTest, AStoppingServerAnswersWhatItHasBegunAndTakesNoMore) {
  Begin();
  absl::Status stopped = absl::UnknownError("not yet");
  BootServer(1, [&](sim::Process& process, RpcServer& rpc) {
    Sleep(process, absl::Milliseconds(500));
    stopped = rpc.Stop(In(process, absl::Seconds(10)));
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    runtime::FiberGroup callers(process.network_executor());
    callers.Spawn("caller", [&] {
      EXPECT_TRUE(Echo(*client, "begun", absl::Seconds(1)).ok());
    });
    Sleep(process, absl::Milliseconds(600));
    const auto late = Echo(*client, "late");
    EXPECT_TRUE(late.delivery == Delivery::kNotSent ||
                late.delivery == Delivery::kRefused);
    EXPECT_TRUE(callers.Join().ok());
  });
  EXPECT_TRUE(stopped.ok()) << stopped;
  EXPECT_EQ(seen_.begun, 1u);
  EXPECT_EQ(seen_.ended, 1u);
}

TEST_F(RpcTest, NoCallIsLeftInDoubtByAServerThatStops) {
  // Calls keep coming, from many fibers, while the server stops.
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Begin(1, {}, seed);
    seen_ = {};
    BootServer(1, [&](sim::Process& process, RpcServer& rpc) {
      Sleep(process, absl::Milliseconds(500));
      EXPECT_TRUE(rpc.Stop(In(process, absl::Seconds(10))).ok());
    });
    uint64_t answered = 0;
    uint64_t not_executed = 0;
    Talk([&](sim::Process& process) {
      const auto client = Client(
          process, 1, [](ClientConfig& config) { config.attempts_max = 1; });
      runtime::FiberGroup callers(process.network_executor());
      for (int i = 0; i < 20; ++i) {
        callers.Spawn("caller", [&] {
          while (true) {
            const auto result = Echo(*client, "x", absl::Milliseconds(3));
            EXPECT_NE(result.delivery, Delivery::kUnknown) << result.status;
            if (!result.ok()) break;
            ++answered;
          }
          ++not_executed;
        });
      }
      EXPECT_TRUE(callers.Join().ok());
    });
    EXPECT_EQ(not_executed, 20u);
    EXPECT_EQ(seen_.begun, answered);
  }
}

TEST_F(RpcTest, AServerThatMustStopNowCancelsItsHandlers) {
  Begin();
  absl::Status stopped;
  BootServer(1, [&](sim::Process& process, RpcServer& rpc) {
    Sleep(process, absl::Milliseconds(500));
    stopped = rpc.Stop(In(process, absl::Milliseconds(100)));
    EXPECT_EQ(rpc.stats().calls_now, 0u);
  });
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = In(process, absl::Minutes(1))};
    const auto result = Echo(*client, "long", absl::Minutes(1), options);
    EXPECT_EQ(result.delivery, Delivery::kUnknown);
  });
  EXPECT_EQ(stopped.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(seen_.cancelled, 1u);
}

TEST_F(RpcTest, AStoppedClientEndsItsCalls) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    runtime::FiberGroup callers(process.network_executor());
    CallResult<EchoReply> begun;
    callers.Spawn("caller",
                  [&] { begun = Echo(*client, "x", absl::Minutes(1)); });
    Sleep(process, absl::Milliseconds(100));
    client->Stop();
    EXPECT_TRUE(callers.Join().ok());
    EXPECT_EQ(begun.delivery, Delivery::kUnknown);
    EXPECT_EQ(begun.status.code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(Echo(*client, "later").delivery, Delivery::kNotSent);
  });
}

// ------------------------------------------------------------------- nonsense

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

TEST_F(RpcTest, WhoDoesNotSpeakTheProtocolLosesItsConnection) {
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

TEST_F(RpcTest, AServerThatAnswersNonsenseLosesItsConnection) {
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

TEST_F(RpcTest, AReplyToACallThatNobodyMadeIsDroppedAndCounted) {
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

TEST_F(RpcTest, ServerConnectionsAreBounded) {
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

TEST_F(RpcTest, WhoNeverReadsItsRepliesIsCutOff) {
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

// ------------------------------------------------------------- a hostile
// network

class RpcChaosTest : public RpcWorld,
                     public ::testing::WithParamInterface<uint64_t> {};

// The one property that everything above rests on: what is said about a call is
// true.
TEST_P(RpcChaosTest, TheOutcomeOfEveryCallIsTrue) {
  const uint64_t seed = GetParam();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  sim::NetworkKnobs knobs;
  knobs.reset_ppm = 20'000;
  knobs.connect_refused_ppm = 100'000;
  knobs.connect_hang_ppm = 50'000;
  knobs.stall_ppm = 10'000;
  knobs.short_read_ppm = 100'000;
  knobs.write_split_ppm = 100'000;
  Begin(2, knobs, seed);
  // Which call was executed how often, across the lives of the servers.
  std::map<std::string, int> executed;
  const auto boot = [&](uint64_t server) {
    world_->Boot(static_cast<sim::HostId>(server), [&executed, server](
                                                       sim::Process& process) {
      RpcServer rpc(
          process.network_executor(), process.network(),
          {.listen = ServerAddress(server), .calls_per_connection_max = 4});
      rpc.Handle<EchoRequest, EchoReply>(
          "test.Echo",
          [&](const CallContext&,
              const EchoRequest& request) -> absl::StatusOr<EchoReply> {
            ++executed[request.text];
            Sleep(process, absl::Nanoseconds(request.sleep_nanos));
            return EchoReply{request.text, 0};
          });
      ASSERT_TRUE(rpc.Start().ok());
      Sleep(process, absl::Hours(1000));
    });
  };
  boot(1);
  boot(2);
  for (int64_t second = 3; second < 30; second += 3) {
    world_->At(second * 1'000'000'000, sim::EventClass::kFault, [&, second] {
      const uint64_t victim = static_cast<uint64_t>(second) % 2 + 1;
      world_->Kill(static_cast<sim::HostId>(victim));
      boot(victim);
    });
  }
  std::map<Delivery, int> outcomes;
  Talk([&](sim::Process& process) {
    const auto client = Client(process, 2);
    runtime::FiberGroup callers(process.network_executor());
    for (int caller = 0; caller < 20; ++caller) {
      callers.Spawn("caller", [&, caller] {
        for (int i = 0; i < 60; ++i) {
          const std::string text = absl::StrCat(caller, "/", i);
          CallOptions options{.deadline = In(process, absl::Seconds(1)),
                              .idempotent = i % 3 == 0};
          const auto result =
              Echo(*client, text, absl::Milliseconds(i % 7 * 20), options);
          ++outcomes[result.delivery];
          switch (result.delivery) {
            case Delivery::kAnswered:
              ASSERT_TRUE(result.ok());
              ASSERT_EQ(result.response.text, text);
              ASSERT_GE(executed[text], 1);
              if (!options.idempotent) {
                ASSERT_EQ(executed[text], 1);
              }
              break;
            case Delivery::kUnknown:
              break;
            default:
              // Now and, as is checked below, for ever.
              ASSERT_EQ(executed[text], 0);
              executed[text] = -1000;
              break;
          }
          Sleep(process, absl::Milliseconds(300));
        }
      });
    }
    EXPECT_TRUE(callers.Join().ok());
  });
  for (const auto& [text, times] : executed) {
    EXPECT_TRUE(times == -1000 || (times >= 0 && times <= 4)) << text;
  }
  EXPECT_GT(outcomes[Delivery::kAnswered], 600);
  EXPECT_GT(outcomes[Delivery::kUnknown], 0);
  EXPECT_GT(outcomes[Delivery::kNotSent] + outcomes[Delivery::kRefused], 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RpcChaosTest, ::testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace net
