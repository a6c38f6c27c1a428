#include "tests/conformance/environment.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>

#include "absl/time/time.h"

#include "prod/posix_disk.h"
#include "prod/real_clock.h"
#include "prod/real_executor.h"
#include "prod/tcp_network.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"
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

// Two threads, as in raft_server, and a directory that is gone afterwards.
class RealPlace final : public Place {
 public:
  RealPlace()
      : network_executor_(clock_, network_stacks_),
        storage_executor_(clock_, storage_stacks_),
        network_(network_executor_) {
    std::string root =
        (std::filesystem::temp_directory_path() / "conformance.XXXXXX")
            .string();
    CHECK(mkdtemp(root.data()) != nullptr, "no temporary directory");
    root_ = root;
    absl::StatusOr<std::unique_ptr<prod::PosixDisk>> disk =
        prod::PosixDisk::Open(root);
    CHECK(disk.ok(), disk.status().message());
    disk_ = *std::move(disk);
  }
  ~RealPlace() override {
    disk_.reset();
    std::filesystem::remove_all(root_);
  }

  prod::RealExecutor& network_executor() override { return network_executor_; }
  prod::RealExecutor& storage_executor() override { return storage_executor_; }
  net::Network& network() override { return network_; }
  persist::Disk& disk() override { return *disk_; }
  std::string host() override { return "127.0.0.1"; }

 private:
  prod::RealClock clock_;
  runtime::StackPool network_stacks_;
  runtime::StackPool storage_stacks_;
  prod::RealExecutor network_executor_;
  prod::RealExecutor storage_executor_;
  prod::TcpNetwork network_;
  std::filesystem::path root_;
  std::unique_ptr<prod::PosixDisk> disk_;
};

class RealEnvironment final : public Environment {
 public:
  void Run(std::function<void(Place&)> body) override {
    RealPlace place;
    std::promise<void> ended;
    std::thread storage([&place] { place.storage_executor().Run(); });
    std::thread network([&] {
      runtime::FiberGroup root(place.network_executor());
      root.Spawn("test", [&] {
        body(place);
        ended.set_value();
      });
      place.network_executor().Run();
    });
    const bool in_time = ended.get_future().wait_for(std::chrono::minutes(1)) ==
                         std::future_status::ready;
    EXPECT_TRUE(in_time) << "the body did not return";
    place.network_executor().Stop();
    network.join();
    place.storage_executor().Stop();
    storage.join();
  }
};

}  // namespace

std::vector<Twin> Twins() {
  return {
      {"Simulated",
       []() -> std::unique_ptr<Environment> {
         return std::make_unique<SimEnvironment>();
       }},
      {"Real",
       []() -> std::unique_ptr<Environment> {
         return std::make_unique<RealEnvironment>();
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
