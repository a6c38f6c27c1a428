// Traps for code that reaches out of its simulated world.
//
// This file defines the functions of the C library that read a real clock, ask
// for entropy, start threads, open sockets or files, and look at the
// environment. What a program defines itself comes before what shared libraries
// define, so the calls of libstdc++ (std::chrono, std::thread, std::ifstream)
// and of Abseil (absl::Now) arrive here as well, which `ld --wrap` would not
// do. Each one aborts with its name when a fiber or a task of a simulated
// process calls it (sim/guest_code.h); else it calls the function that it
// stands in front of.
//
// Linked into raft_sim and scenarios_test, as an object of its own and in no
// archive. Not in builds with a sanitizer: those have definitions of their own
// in front of the same functions. The golden digests cover them.

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sim/guest_code.h"

namespace {

void Spring(const char* name, const char* instead) {
  sim::guest_code_runs = false;  // What dies now may look at the world.
  std::fprintf(stderr, "trap: simulated code calls %s; %s\n", name, instead);
  std::abort();
}

constexpr const char* kClock = "use runtime::Clock";
constexpr const char* kSleep = "use Executor::SleepFor";
constexpr const char* kDice = "use runtime::Random";
constexpr const char* kFiber = "use runtime::FiberGroup";
constexpr const char* kNetwork = "use net::Network";
constexpr const char* kDisk = "use persist::Disk";
constexpr const char* kOption = "take it as an option";

// The function of this name that the program would have without this file.
template <class Function>
Function* Behind(const char* name, Function*) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// The mode of open(), if there is one.
mode_t ModeOf(int flags, va_list arguments) {
  const bool creates =
      (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return creates ? static_cast<mode_t>(va_arg(arguments, unsigned)) : 0;
}

}  // namespace

// One macro, because thirty functions differ in nothing but their signature.
#define TRAP(result, name, parameters, arguments, exceptions, instead) \
  extern "C" result name parameters exceptions {                       \
    if (sim::guest_code_runs) Spring(#name, instead);                  \
    static auto* const behind = Behind(#name, &name);                  \
    return behind arguments;                                           \
  }

TRAP(int, clock_gettime, (clockid_t id, timespec* out), (id, out), noexcept,
     kClock)
TRAP(int, gettimeofday, (timeval * out, void* zone), (out, zone), noexcept,
     kClock)
TRAP(time_t, time, (time_t * out), (out), noexcept, kClock)
TRAP(clock_t, clock, (), (), noexcept, kClock)

TRAP(int, nanosleep, (const timespec* span, timespec* left), (span, left), ,
     kSleep)
TRAP(int, clock_nanosleep,
     (clockid_t id, int flags, const timespec* span, timespec* left),
     (id, flags, span, left), , kSleep)
TRAP(int, usleep, (useconds_t span), (span), , kSleep)
TRAP(unsigned, sleep, (unsigned span), (span), , kSleep)

TRAP(ssize_t, getrandom, (void* out, size_t size, unsigned flags),
     (out, size, flags), , kDice)
TRAP(int, getentropy, (void* out, size_t size), (out, size), , kDice)
TRAP(int, rand, (), (), noexcept, kDice)
TRAP(long, random, (), (), noexcept, kDice)
TRAP(double, drand48, (), (), noexcept, kDice)

TRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t* attributes,
      void* (*body)(void*), void* argument),
     (thread, attributes, body, argument), noexcept, kFiber)
TRAP(pid_t, fork, (), (), noexcept, kFiber)

TRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol), noexcept, kNetwork)
TRAP(int, connect, (int fd, const sockaddr* address, socklen_t size),
     (fd, address, size), , kNetwork)
TRAP(int, bind, (int fd, const sockaddr* address, socklen_t size),
     (fd, address, size), noexcept, kNetwork)

TRAP(FILE*, fopen, (const char* path, const char* mode), (path, mode), , kDisk)
TRAP(FILE*, fopen64, (const char* path, const char* mode), (path, mode), ,
     kDisk)
TRAP(int, fsync, (int fd), (fd), , kDisk)
TRAP(int, fdatasync, (int fd), (fd), , kDisk)
TRAP(int, unlink, (const char* path), (path), noexcept, kDisk)
TRAP(int, rename, (const char* from, const char* to), (from, to), noexcept,
     kDisk)

TRAP(char*, getenv, (const char* name), (name), noexcept, kOption)

#undef TRAP

// The same for the four that take a mode only sometimes.
#define TRAP_OPEN(name, parameters, arguments)        \
  extern "C" int name parameters {                    \
    if (sim::guest_code_runs) Spring(#name, kDisk);   \
    static auto* const behind = Behind(#name, &name); \
    va_list rest;                                     \
    va_start(rest, flags);                            \
    const mode_t mode = ModeOf(flags, rest);          \
    va_end(rest);                                     \
    return behind arguments;                          \
  }

TRAP_OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
TRAP_OPEN(open64, (const char* path, int flags, ...), (path, flags, mode))
TRAP_OPEN(openat, (int directory, const char* path, int flags, ...),
          (directory, path, flags, mode))
TRAP_OPEN(openat64, (int directory, const char* path, int flags, ...),
          (directory, path, flags, mode))

#undef TRAP_OPEN

// std::random_device asks the processor, not the C library.
extern "C" unsigned RandomDeviceGetval(void* device) asm(
    "_ZNSt13random_device9_M_getvalEv");
extern "C" unsigned RandomDeviceGetval(void* device) {
  if (sim::guest_code_runs) Spring("random_device", kDice);
  static auto* const behind =
      Behind("_ZNSt13random_device9_M_getvalEv", &RandomDeviceGetval);
  return behind(device);
}
