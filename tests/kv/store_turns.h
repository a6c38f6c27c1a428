// A store on the executor of a simulated process, where commands take turns
// with others.

#ifndef TESTS_KV_STORE_TURNS_H_
#define TESTS_KV_STORE_TURNS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

#include "kv/command.h"
#include "kv/reply.h"
#include "kv/store.h"
#include "runtime/fiber_group.h"
#include "sim/world.h"

namespace kv {

// Fibers of one test come and go; all else is as in a server.
class StoreTurns : public ::testing::Test {
 protected:
  void Run(const std::function<void()>& script) {
    sim::Knobs knobs;
    // Who has yielded waits for all others.
    knobs.process.schedule = sim::Schedule::kFifo;
    sim::World world({.seed = 1, .knobs = knobs});
    const sim::HostId host = world.AddHost("n1");
    bool done = false;
    world.Boot(host, [&](sim::Process& process) {
      executor_ = &process.network_executor();
      store_ = std::make_unique<Store>(Sessions::kSessionsMax, executor_);
      script();
      store_.reset();
      done = true;
    });
    world.RunFor(absl::Minutes(1));
    ASSERT_FALSE(world.failure().has_value()) << world.failure()->message;
    EXPECT_TRUE(done) << "the script did not return";
  }

  // Counts the turns of another fiber while `work` is done.
  template <class Work>
  size_t TurnsOfAnother(Work&& work) {
    bool over = false;
    size_t turns = 0;
    runtime::FiberGroup fibers(*executor_);
    fibers.Spawn("test.other", [&] {
      for (; !over; ++turns) executor_->Yield();
    });
    executor_->Yield();
    turns = 0;
    work();
    over = true;
    EXPECT_TRUE(fibers.Join().ok());
    return turns;
  }

  KvReply Apply(Operation operation,
                const std::vector<absl::string_view>& args) {
    CommandBatch batch;
    batch.Add(operation, args);
    return Apply(batch);
  }
  KvReply Apply(const CommandBatch& batch) {
    const raft::Command command{++index_, persist::Term(1),
                                EncodeEntry({}, {}, batch)};
    runtime::Bytes result;
    EXPECT_TRUE(store_->AwaitApply().ok());
    store_->Apply({&command, 1}, {&result, 1});
    ResultReader reader(result.text());
    return ToKvReply(reader);
  }

  std::string Read(Operation operation,
                   const std::vector<absl::string_view>& args) {
    CommandBatch batch;
    batch.Add(operation, args);
    return Read(batch);
  }
  std::string Read(const CommandBatch& batch) {
    EXPECT_TRUE(
        store_->AwaitRead(batch, runtime::Instant::InfiniteFuture()).ok());
    const auto results = store_->Read(batch, 0, {});
    return results.has_value() ? std::string(results->text()) : "due";
  }

  runtime::Executor* executor_ = nullptr;
  std::unique_ptr<Store> store_;
  persist::Index index_;
};

}  // namespace kv

#endif  // TESTS_KV_STORE_TURNS_H_
