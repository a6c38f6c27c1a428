#include "tests/conformance/environment.h"

#include <utility>

#include "absl/time/time.h"

#include "runtime/remote_channel.h"
#include "sim/world.h"

namespace conformance {
namespace {

class SimPlace final : public Place {
 public:
  explicit SimPlace(sim::Process& process) : process_(process) {}

  runtime::Executor& network_executor() override {
    return process_.network_executor();
  }
  runtime::Executor& storage_executor() override {
    return process_.storage_executor();
  }
  net::Network& network() override { return process_.network(); }
  persist::Disk& disk() override { return process_.disk(); }
  std::string host() override { return "h0"; }

 private:
  sim::Process& process_;
};

class SimEnvironment final : public Environment {
 public:
  void Run(std::function<void(Place&)> body) override {
    sim::World world({.seed = 1});
    const sim::HostId host = world.AddHost("h0");
    bool ended = false;
    world.SetExitHandler(
        [&](sim::HostId, int, const std::string&) { ended = true; });
    world.Boot(host, [&body](sim::Process& process) {
      SimPlace place(process);
      body(place);
    });
    const sim::Time deadline =
        world.now() + absl::ToInt64Nanoseconds(absl::Minutes(1));
    while (!ended && world.now() < deadline && world.Step()) {
    }
    if (world.failure().has_value()) {
      ADD_FAILURE() << world.failure()->check << ": "
                    << world.failure()->message;
    } else {
      EXPECT_TRUE(ended) << "the body did not return";
    }
  }
};

}  // namespace

std::vector<Twin> Twins() {
  return {
      {"Sim",
       []() -> std::unique_ptr<Environment> {
         return std::make_unique<SimEnvironment>();
       }},
  };
}

std::string NameOf(const testing::TestParamInfo<Twin>& twin) {
  return twin.param.name;
}

void CallOn(runtime::Executor& there, runtime::Executor& here,
            runtime::Executor::Task task) {
  runtime::RemoteChannel<bool> done(here, 1);
  there.Post([&done, task = std::move(task)]() mutable {
    task();
    const bool posted = done.TryPost(true);
    EXPECT_TRUE(posted);
  });
  EXPECT_TRUE(done.Receive().ok());
}

}  // namespace conformance
