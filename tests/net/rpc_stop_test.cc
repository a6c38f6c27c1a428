#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/client_end.h"
#include "net/rpc_codec.h"
#include "net/rpc_server.h"
#include "tests/net/rpc_world.h"

namespace net {
namespace {

class RpcStopTest : public RpcWorld {};

TEST_F(RpcStopTest, AStoppingServerAnswersWhatItHasBegunAndTakesNoMore) {
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

TEST_F(RpcStopTest, NoCallIsLeftInDoubtByAServerThatStops) {
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

TEST_F(RpcStopTest, AServerThatMustStopNowCancelsItsHandlers) {
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

TEST_F(RpcStopTest, AStoppedClientEndsItsCalls) {
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

}  // namespace
}  // namespace net
