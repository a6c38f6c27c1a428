#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/client_end.h"
#include "net/rpc_codec.h"
#include "net/rpc_server.h"
#include "tests/net/rpc_world.h"

namespace net {
namespace {

using runtime::Instant;

class RpcFailureTest : public RpcWorld {};

TEST_F(RpcFailureTest, WhenNobodyListensNothingIsSent) {
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

TEST_F(RpcFailureTest, WhenTheHostIsSilentTheDeadlineHolds) {
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

TEST_F(RpcFailureTest, ACallThatWaitsForItsServerIsSentWhenThatComes) {
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

TEST_F(RpcFailureTest, AfterAResetTheOutcomeIsUnknownAndIsNotTriedAgain) {
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

TEST_F(RpcFailureTest, AnIdempotentCallIsTriedAgainAfterAReset) {
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

TEST_F(RpcFailureTest, AVanishedServerIsNoticedLongBeforeTheDeadline) {
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

// Each call is given up when a ping is due, or long before; the next one
// follows at once. None of them may put the ping off.
TEST_F(RpcFailureTest, ASerialCallerLeavesADeadConnectionHoweverImpatientItIs) {
  for (const absl::Duration patience :
       {absl::Milliseconds(50), absl::Milliseconds(700), absl::Seconds(1),
        absl::Seconds(3)}) {
    SCOPED_TRACE(absl::FormatDuration(patience));
    Begin();
    BootServer(1);
    world_->At(sim::Time{500'000'000}, sim::EventClass::kDriver,
               [this] { network().SwallowConnections(kClientHost, 1); });
    Talk([&](sim::Process& process) {
      const auto client = Client(process);
      ASSERT_TRUE(Echo(*client, "x").ok());
      Sleep(process, absl::Seconds(1));
      const Instant begun = process.network_executor().Now();
      CallResult<EchoReply> result;
      do {
        const CallOptions options{.deadline = In(process, patience)};
        result = Echo(*client, "x", {}, options);
      } while (!result.ok() &&
               process.network_executor().Now() - begun < absl::Minutes(1));
      EXPECT_TRUE(result.ok()) << result.status;
      // A ping leaves with the first call, since nothing was heard for long.
      EXPECT_LT(process.network_executor().Now() - begun,
                client->config().keepalive_timeout + absl::Seconds(1));
      EXPECT_EQ(client->stats().half_open, 1u);
    });
  }
}

TEST_F(RpcFailureTest, AMessageOnASlowLinkIsNotTakenForABrokenConnection) {
  sim::NetworkKnobs knobs;
  knobs.bandwidth_bytes_per_second = 128 << 10;
  Begin(1, knobs);
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    const std::string text(1 << 20, 'x');
    const CallOptions options{.deadline = In(process, absl::Minutes(2))};
    const CallResult<EchoReply> result = Echo(*client, text, {}, options);
    ASSERT_TRUE(result.ok()) << result.status;
    EXPECT_EQ(result.response.text, text);
    EXPECT_EQ(client->stats().connects, 1u);
  });
}

TEST_F(RpcFailureTest, ASlowCallOnALiveConnectionIsNotTakenForDead) {
  Begin();
  BootServer(1);
  Talk([&](sim::Process& process) {
    const auto client = Client(process);
    CallOptions options{.deadline = In(process, absl::Minutes(2))};
    EXPECT_TRUE(Echo(*client, "x", absl::Minutes(1), options).ok());
    EXPECT_EQ(client->stats().half_open, 0u);
  });
}

TEST_F(RpcFailureTest, CallsGoRoundTheServers) {
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

TEST_F(RpcFailureTest, ADeadServerIsPassedOver) {
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
