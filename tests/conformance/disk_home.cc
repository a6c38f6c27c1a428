#include "tests/conformance/disk_home.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "prod/posix_disk.h"
#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "sim/world.h"

namespace conformance {
namespace {

class SimulatedHome final : public DiskHome {
 public:
  SimulatedHome()
      : world_({.seed = 1, .knobs = {}}), host_(world_.AddHost("h0")) {}

  void Run(std::function<void(persist::Disk&)> body) override {
    bool ended = false;
    world_.Boot(host_, [&](sim::Process& process) {
      runtime::FiberGroup group(process.storage_executor());
      runtime::RemoteChannel<bool> done(process.network_executor(), 1);
      process.storage_executor().Post([&] {
        group.Spawn("body", [&] {
          body(process.disk());
          ended = true;
          done.TryPost(true);
        });
      });
      done.Receive().IgnoreError();
    });
    while (world_.running(host_) && world_.Step()) {
    }
    EXPECT_TRUE(ended) << "the body did not return";
    if (world_.failure().has_value()) {
      ADD_FAILURE() << world_.failure()->message;
    }
  }

 private:
  sim::World world_;
  const sim::HostId host_;
};

class RealHome final : public DiskHome {
 public:
  RealHome() : path_(testing::TempDir() + "disk_XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
  }
  ~RealHome() override { std::filesystem::remove_all(path_); }

  void Run(std::function<void(persist::Disk&)> body) override {
    auto disk = prod::PosixDisk::Open(path_ + "/root");
    ASSERT_TRUE(disk.ok()) << disk.status();
    body(**disk);
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<DiskHome> MakeSimulatedHome() {
  return std::make_unique<SimulatedHome>();
}

std::unique_ptr<DiskHome> MakeRealHome() {
  return std::make_unique<RealHome>();
}

}  // namespace conformance
