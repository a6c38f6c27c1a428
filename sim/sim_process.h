// One process of a simulated host, from boot to end: two executors, the handles
// to network and disk, and a root fiber whose stack owns everything else.

#ifndef SIM_SIM_PROCESS_H_
#define SIM_SIM_PROCESS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/network.h"
#include "persist/disk.h"
#include "runtime/fiber_group.h"
#include "sim/engine.h"
#include "sim/life.h"
#include "sim/sim_clock.h"
#include "sim/sim_executor.h"
#include "sim/world.h"

namespace sim {

class SimProcess final : public Process {
 public:
  // Why a process ended by itself.
  struct End {
    int code = 0;
    std::string why;
    std::optional<Crash> crash;  // Unless it left in good order.
  };
  // The end of one that a fault crashes.
  static End EndBy(Crash crash);
  // Called on the fiber that ends the process, once.
  using EndHandler = std::function<void(End)>;

  // `engine` and `clock` must outlive this.
  SimProcess(Engine& engine, SimClock& clock, HostId host, uint64_t boot,
             EndHandler on_end);
  // Dead first, then unwound: no destructor of the guest reaches the world.
  ~SimProcess() override;

  // To be called once, before Start().
  void Attach(std::unique_ptr<net::Network> network,
              std::unique_ptr<persist::Disk> disk);
  void Start(std::function<void(Process&)> body);

  HostId host() const override { return life_->host; }
  uint64_t boot() const override { return life_->boot; }
  SimExecutor& network_executor() override { return network_executor_; }
  SimExecutor& storage_executor() override { return storage_executor_; }
  net::Network& network() override;
  persist::Disk& disk() override;
  runtime::Random Stream(absl::string_view label) override;
  [[noreturn]] void Exit(int code, absl::string_view why) override;

  // As Exit(), by a fault. Requires: on a fiber of this process.
  [[noreturn]] void CrashNow(Crash crash);
  // As std::bad_alloc that nobody catches. Requires: as above.
  [[noreturn]] void FailToAllocate();

  // Shared: the handles of the process may outlive it by a moment.
  const std::shared_ptr<Life>& life() const { return life_; }

  // A fiber was abandoned by a failed check: nothing here can be unwound.
  void SetAbandoned();
  bool abandoned() const { return abandoned_; }

 private:
  void Die(End end);
  [[noreturn]] void EndFromInside(End end);

  Engine& engine_;
  const EndHandler on_end_;
  const std::shared_ptr<Life> life_;
  bool abandoned_ = false;
  SimExecutor network_executor_;
  SimExecutor storage_executor_;
  std::unique_ptr<net::Network> network_;
  std::unique_ptr<persist::Disk> disk_;
  std::unique_ptr<runtime::FiberGroup> root_;
};

}  // namespace sim

#endif  // SIM_SIM_PROCESS_H_
