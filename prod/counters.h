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
};

}  // namespace prod

#endif  // PROD_COUNTERS_H_
