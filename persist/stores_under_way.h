// What lies between the network runtime and the storage runtime: the stores
// that were submitted and are not reported durable, counted and bounded.
//
// A store takes its place when it is submitted and gives it back when the news
// of its durability has been taken in. So both ways are bounded at once: the
// stores that go there and the reports that come back, wherever they are.
//
// Nobody waits here, and no store is turned away: a promise must be kept. The
// caller asks for room() first and leaves what can be left: see StoreRoom. So
// the last store that found room may be larger than what was left.
//
// After a failure of the medium no place is given back: that is final.
//
// Concurrency: one executor.

#ifndef PERSIST_STORES_UNDER_WAY_H_
#define PERSIST_STORES_UNDER_WAY_H_

#include <cstdint>
#include <deque>

#include "persist/persister.h"
#include "runtime/instant.h"

namespace persist {

struct StoreLimits {
  uint64_t stores_max = 4096;  // Twice as many with those that only promise.
  uint64_t bytes_max = uint64_t{64} << 20;  // Of payload.
};

class StoresUnderWay {
 public:
  explicit StoresUnderWay(StoreLimits limits) : limits_(limits) {}

  void Add(const Store& store, runtime::Instant now);
  // The `count` oldest are reported durable.
  // Requires: so many are under way.
  void Remove(uint64_t count, runtime::Instant now);

  StoreRoom room() const;
  bool empty() const { return stores_.empty(); }
  void FillIn(PersisterStats& stats, runtime::Instant now) const;

 private:
  struct UnderWay {
    runtime::Instant since;
    uint64_t bytes;
  };

  const StoreLimits limits_;
  std::deque<UnderWay> stores_;  // Oldest first.
  uint64_t bytes_ = 0;
  uint64_t stores_peak_ = 0;
  uint64_t bytes_peak_ = 0;
};

}  // namespace persist

#endif  // PERSIST_STORES_UNDER_WAY_H_
