// Simulated code that reaches for the real world dies with the name of what it
// called; everybody else may.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "scenarios/sweep_crash.h"
#include "sim/world.h"

namespace scenarios {
namespace {

// Keeps the compiler from leaving a call out.
template <class T>
void Use(T&& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

void* NoThread(void*) { return nullptr; }

struct Reach {
  const char* name;  // Of the trap.
  std::function<void()> call;
};

std::vector<Reach> Reaches() {
  return {
      {"clock_gettime",
       [] {
         timespec now{};
         Use(clock_gettime(CLOCK_MONOTONIC, &now));
       }},
      {"clock_gettime", [] { Use(std::chrono::steady_clock::now()); }},
      {"clock_gettime", [] { Use(std::chrono::system_clock::now()); }},
      {"clock_gettime", [] { Use(absl::Now()); }},
      {"gettimeofday",
       [] {
         timeval now{};
         Use(gettimeofday(&now, nullptr));
       }},
      {"time", [] { Use(std::time(nullptr)); }},
      {"clock", [] { Use(std::clock()); }},
      {"nanosleep",
       [] {
         const timespec span{0, 1};
         Use(nanosleep(&span, nullptr));
       }},
      {"clock_nanosleep",
       [] {
         const timespec span{0, 1};
         Use(clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr));
       }},
      {"usleep", [] { Use(usleep(1)); }},
      {"sleep", [] { Use(sleep(0)); }},
      {"getrandom",
       [] {
         char byte = 0;
         Use(getrandom(&byte, 1, 0));
       }},
      {"getentropy",
       [] {
         char byte = 0;
         Use(getentropy(&byte, 1));
       }},
      {"rand", [] { Use(std::rand()); }},
      {"random", [] { Use(random()); }},
      {"random_device", [] { Use(std::random_device()()); }},
      {"pthread_create",
       [] {
         pthread_t thread{};
         if (pthread_create(&thread, nullptr, NoThread, nullptr) == 0) {
           pthread_join(thread, nullptr);
         }
       }},
      {"pthread_create", [] { std::thread([] {}).join(); }},
      {"socket", [] { close(socket(AF_INET, SOCK_STREAM, 0)); }},
      {"connect", [] { Use(connect(-1, nullptr, 0)); }},
      {"bind", [] { Use(bind(-1, nullptr, 0)); }},
      {"open", [] { close(open("/dev/null", O_RDONLY)); }},
      {"openat", [] { close(openat(AT_FDCWD, "/dev/null", O_RDONLY)); }},
      {"fopen", [] { std::fclose(std::fopen("/dev/null", "r")); }},
      {"fopen", [] { std::ifstream("/dev/null").get(); }},
      {"fsync", [] { Use(fsync(-1)); }},
      {"fdatasync", [] { Use(fdatasync(-1)); }},
      {"unlink", [] { Use(unlink("/nowhere/at/all")); }},
      {"rename", [] { Use(std::rename("/nowhere/at/all", "/nowhere/b")); }},
      {"getenv", [] { Use(std::getenv("HOME")); }},
  };
}

void CallFromAFiber(const std::function<void()>& call) {
  sim::World world({.seed = 1});
  const sim::HostId host = world.AddHost("h");
  world.Boot(host, [&call](sim::Process&) { call(); });
  world.RunFor(absl::Seconds(1));
}

class WorldTrapsTest : public testing::Test {
 protected:
  void SetUp() override {
#if !defined(WORLD_TRAPS_LINKED)
    GTEST_SKIP() << "not linked into a build with a sanitizer";
#endif
  }
};
using WorldTrapsDeathTest = WorldTrapsTest;

TEST_F(WorldTrapsDeathTest, EachSpringsUnderAFiber) {
  for (const Reach& reach : Reaches()) {
    EXPECT_DEATH(
        CallFromAFiber(reach.call),
        absl::StrCat("trap: simulated code calls ", reach.name, "(64)?; "));
  }
}

TEST_F(WorldTrapsDeathTest, ItSpringsInAPostedTaskAsWell) {
  EXPECT_DEATH(
      {
        sim::World world({.seed = 1});
        const sim::HostId host = world.AddHost("h");
        world.Boot(host, [](sim::Process& process) {
          runtime::Executor& storage = process.storage_executor();
          storage.Post([] { Use(std::time(nullptr)); });
          static_cast<void>(
              process.network_executor().SleepFor(absl::Seconds(1)));
        });
        world.RunFor(absl::Seconds(2));
      },
      "trap: simulated code calls time; use runtime::Clock");
}

TEST_F(WorldTrapsDeathTest, TheStackIsPrintedWhereCrashesPrintTheirs) {
  EXPECT_DEATH(
      {
        InstallCrashHandlers();
        CallFromAFiber([] { Use(std::time(nullptr)); });
      },
      "calls time(.|\n)*the stack, innermost first:(.|\n)*scenarios_test");
}

TEST_F(WorldTrapsTest, NoneSpringsOutsideOfTheWorld) {
  for (const Reach& reach : Reaches()) reach.call();
}

TEST_F(WorldTrapsTest, NoneSpringsInADriverOfTheWorld) {
  sim::World world({.seed = 1});
  int calls = 0;
  for (const Reach& reach : Reaches()) {
    world.At(world.now(), sim::EventClass::kDriver,
             [&calls, call = reach.call] {
               call();
               ++calls;
             });
  }
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(calls, static_cast<int>(Reaches().size()));
}

}  // namespace
}  // namespace scenarios
