// Hosts of a simulated world that call one another: the small language of the
// RPC tests.

#ifndef TESTS_NET_RPC_WORLD_H_
#define TESTS_NET_RPC_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/client_end.h"
#include "net/rpc_server.h"
#include "runtime/fiber_group.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace net {

inline constexpr uint16_t kRpcPort = 7002;
inline constexpr sim::HostId kClientHost = 0;

// Server s<i>, from 1, lives on host number i.
inline Address ServerAddress(uint64_t server) {
  return {absl::StrCat("s", server), kRpcPort};
}

struct EchoRequest {
  std::string text;
  int64_t sleep_nanos = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(text, sleep_nanos);
  }
};

struct EchoReply {
  std::string text;
  int64_t remaining_nanos = 0;  // Of the call's deadline, when it began.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(text, remaining_nanos);
  }
};

// What the handlers of the test's servers have seen.
struct Seen {
  uint64_t begun = 0;
  uint64_t ended = 0;
  uint64_t cancelled = 0;  // A handler's wait said so.
};

class RpcWorld : public ::testing::Test {
 protected:
  using ServerScript = std::function<void(sim::Process&, RpcServer&)>;
  using ClientScript = std::function<void(sim::Process&)>;

  void Begin(uint64_t servers = 1, const sim::NetworkKnobs& knobs = {},
             uint64_t seed = 1) {
    sim::WorldOptions options{.seed = seed, .knobs = {}};
    options.knobs.network = knobs;
    world_.reset();  // One world at a time.
    world_ = std::make_unique<sim::World>(std::move(options));
    world_->AddHost("client");
    for (uint64_t i = 1; i <= servers; ++i)
      world_->AddHost(absl::StrCat("s", i));
  }

  // Starts an echo server; `script` runs on its first fiber.
  void BootServer(uint64_t server, ServerScript script = {},
                  const std::function<void(ServerConfig&)>& change = {}) {
    ServerConfig config;
    config.listen = ServerAddress(server);
    if (change) change(config);
    world_->Boot(static_cast<sim::HostId>(server), [this, script, config](
                                                       sim::Process& process) {
      RpcServer rpc(process.network_executor(), process.network(), config);
      HandleEcho(process, rpc);
      server_ = &rpc;
      const absl::Status started = rpc.Start();
      ASSERT_TRUE(started.ok()) << started;
      if (script) script(process, rpc);
      process.network_executor().SleepFor(absl::Hours(1000)).IgnoreError();
    });
  }

  // Runs `script` on the first fiber of the client's process, a little later
  // than the servers begin. done_ tells that it has returned.
  void BootClient(ClientScript script) {
    done_ = false;
    world_->Boot(kClientHost, [this, script](sim::Process& process) {
      Sleep(process, absl::Milliseconds(10));
      script(process);
      done_ = true;
      Sleep(process, absl::Hours(1000));
    });
  }

  // BootClient() and RunFor(), for scripts that must return in time.
  void Talk(ClientScript script, absl::Duration within = absl::Minutes(5)) {
    BootClient(std::move(script));
    world_->RunFor(within);
    ASSERT_FALSE(world_->failure().has_value()) << world_->failure()->message;
    ASSERT_TRUE(done_) << "the script did not return";
  }

  static std::unique_ptr<ClientEnd> Client(
      sim::Process& process, uint64_t servers = 1,
      const std::function<void(ClientConfig&)>& change = {}) {
    ClientConfig config;
    for (uint64_t i = 1; i <= servers; ++i) {
      config.targets.push_back(ServerAddress(i));
    }
    if (change) change(config);
    return std::make_unique<ClientEnd>(process.network_executor(),
                                       process.network(),
                                       process.Stream("client"), config);
  }
  static CallResult<EchoReply> Echo(ClientEnd& client, absl::string_view text,
                                    absl::Duration server_sleep = {},
                                    const CallOptions& options = {}) {
    return client.Call<EchoRequest, EchoReply>(
        "test.Echo",
        {std::string(text), absl::ToInt64Nanoseconds(server_sleep)}, options);
  }

  static void Sleep(sim::Process& process, absl::Duration span) {
    process.network_executor().SleepFor(span).IgnoreError();
  }
  static runtime::Instant In(sim::Process& process, absl::Duration span) {
    return process.network_executor().Now() + span;
  }
  sim::SimNetwork& network() { return world_->network(); }

  std::unique_ptr<sim::World> world_;
  RpcServer* server_ = nullptr;  // The one booted last; valid while it lives.
  Seen seen_;
  bool done_ = false;

 private:
  void HandleEcho(sim::Process& process, RpcServer& rpc) {
    rpc.Handle<EchoRequest, EchoReply>(
        "test.Echo",
        [this, &process](const CallContext& call, const EchoRequest& request)
            -> absl::StatusOr<EchoReply> {
          ++seen_.begun;
          const absl::Duration remaining =
              call.deadline - process.network_executor().Now();
          const absl::Status slept = process.network_executor().SleepFor(
              absl::Nanoseconds(request.sleep_nanos));
          if (!slept.ok()) {
            ++seen_.cancelled;
            return slept;
          }
          ++seen_.ended;
          if (request.text == "fail") {
            return absl::FailedPreconditionError("as you wish");
          }
          return EchoReply{request.text, absl::ToInt64Nanoseconds(remaining)};
        });
  }
};

}  // namespace net

#endif  // TESTS_NET_RPC_WORLD_H_
