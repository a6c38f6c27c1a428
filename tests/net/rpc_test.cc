#include <string>
#include <utility>
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

}  // namespace
}  // namespace net
