// Numbers that one thread counts and any thread reads.
//
// Counting costs a load and a store: no lock, no locked instruction. Reading
// gives some value that was true a moment ago; two counters read together need
// not fit each other.

#ifndef PROD_COUNTERS_H_
#define PROD_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

#include "runtime/instant.h"

namespace prod {

class Counter {
 public:
  // Of one thread only, for the life of the counter.
  void Add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count,
                 std::memory_order_relaxed);
  }
  // Any thread.
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The last value that one thread gave.
class Gauge {
 public:
  // Of one thread only.
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  // Any thread.
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A system call that may hang.
struct DiskCall {
  const char* name = "";
  int64_t began_nanos = 0;  // As Instant::nanos(); 0: none is under way.

  absl::Duration Lasted(runtime::Instant now) const {
    return began_nanos == 0 ? absl::ZeroDuration()
                            : absl::Nanoseconds(now.nanos() - began_nanos);
  }
};

// The one that is under way.
class DiskCallUnderWay {
 public:
  // Of one thread only.
  void Begin(const char* name, runtime::Instant now) {
    name_.store(name, std::memory_order_relaxed);
    began_nanos_.store(now.nanos(), std::memory_order_release);
  }
  void End() { began_nanos_.store(0, std::memory_order_relaxed); }
  // Any thread.
  DiskCall Get() const {
    const int64_t began = began_nanos_.load(std::memory_order_acquire);
    return {name_.load(std::memory_order_relaxed), began};
  }

 private:
  std::atomic<const char*> name_{""};
  std::atomic<int64_t> began_nanos_{0};
};

// How long something took, in buckets whose bounds double.
class DurationHistogram {
 public:
  // The first bucket ends here; the one behind the last has no end.
  static constexpr absl::Duration kFirstBound = absl::Microseconds(100);
  static constexpr size_t kBounds = 17;  // The last is 6.5 s.

  // Of one thread only.
  void Add(absl::Duration span) {
    size_t bucket = 0;
    absl::Duration bound = kFirstBound;
    while (bucket < kBounds && span > bound) {
      bound *= 2;
      ++bucket;
    }
    buckets_[bucket].Add();
    nanos_.Add(static_cast<uint64_t>(absl::ToInt64Nanoseconds(span)));
  }

  // Any thread. Of spans in one bucket, not of all below its end.
  uint64_t in_bucket(size_t bucket) const { return buckets_[bucket].value(); }
  absl::Duration sum() const {
    return absl::Nanoseconds(static_cast<int64_t>(nanos_.value()));
  }

 private:
  std::array<Counter, kBounds + 1> buckets_;
  Counter nanos_;
};

// Of a RealExecutor; its thread counts.
struct ExecutorCounters {
  Counter polls;       // Calls of epoll_wait.
  Counter sleeps;      // Of those: with nothing to do, until something comes.
  Counter wakes;       // Sleeps that another thread's Post() ended.
  Counter tasks;       // Posted, and run.
  Counter fiber_runs;  // Switches to a fiber.
};

// Of a TcpNetwork and its streams; the executor's thread counts.
struct NetworkCounters {
  Counter reads;   // System calls, also those that found nothing.
  Counter writes;  // System calls.
  Counter bytes_read;
  Counter bytes_written;
  Counter accepted;  // Connections.
  Counter dialled;   // Connections that stood.
};

// Of a PosixDisk and its files; the thread that uses the disk counts.
struct DiskCounters {
  Counter reads;   // System calls.
  Counter writes;  // System calls.
  Counter bytes_read;
  Counter bytes_written;
  DurationHistogram syncs;  // fdatasync and fsync of files.
  Counter slow_calls;       // Took DiskCallGuard::kSlow or longer.
  DiskCallUnderWay call;
  Gauge size_bytes;  // Of the file system; 0: not measured yet.
  Gauge free_bytes;  // For this user.
};

}  // namespace prod

#endif  // PROD_COUNTERS_H_
