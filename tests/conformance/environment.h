// Where a conformance test runs: the same body, on a fiber of the simulator and
// on a fiber of the real world.
//
// A twin joins by one more line in environment.cc. A test is written once:
//
//   class ExecutorTest : public conformance::Test {};
//   TEST_P(ExecutorTest, ...) { Run([](conformance::Place& place) { ... }); }
//   CONFORMANCE_SUITE(ExecutorTest);
//
// The body runs under the rules of the real world: what belongs to the storage
// executor is reached by Post() only.

#ifndef TESTS_CONFORMANCE_ENVIRONMENT_H_
#define TESTS_CONFORMANCE_ENVIRONMENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "net/network.h"
#include "persist/disk.h"
#include "runtime/executor.h"

namespace conformance {

// What the body of a test has of the world.
class Place {
 public:
  virtual ~Place() = default;
  virtual runtime::Executor& network_executor() = 0;
  virtual runtime::Executor& storage_executor() = 0;
  virtual net::Network& network() = 0;  // On the network executor.
  virtual persist::Disk& disk() = 0;    // On the storage executor; empty.
  // The host part of addresses at which this place can listen.
  virtual std::string host() = 0;
};

class Environment {
 public:
  virtual ~Environment() = default;
  // Runs `body` on a fiber of the network executor until it returns. The test
  // fails if that takes more than a minute of the environment's time.
  virtual void Run(std::function<void(Place&)> body) = 0;
};

struct Twin {
  const char* name;
  std::unique_ptr<Environment> (*make)();
};

std::vector<Twin> Twins();

class Test : public testing::TestWithParam<Twin> {
 protected:
  void Run(std::function<void(Place&)> body) {
    GetParam().make()->Run(std::move(body));
  }
};

std::string NameOf(const testing::TestParamInfo<Twin>& twin);

// Suspends: runs `task` on `there`, outside of its fibers, and waits for it.
// Requires: on a fiber of `here`.
void CallOn(runtime::Executor& there, runtime::Executor& here,
            runtime::Executor::Task task);

}  // namespace conformance

#define CONFORMANCE_SUITE(suite)                                    \
  INSTANTIATE_TEST_SUITE_P(Twins, suite,                            \
                           testing::ValuesIn(conformance::Twins()), \
                           conformance::NameOf)

#endif  // TESTS_CONFORMANCE_ENVIRONMENT_H_
