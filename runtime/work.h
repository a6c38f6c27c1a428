// How much code has computed, for a world in which computing takes no time by
// itself: nearly free when nobody listens.
//
//   Work(3)   so much was done just now, in units that the caller chooses.
//
// Who listens: a sim World, where it takes its time at once (the clock of the
// host shows it, and its processor is busy meanwhile); nobody in production.

#ifndef RUNTIME_WORK_H_
#define RUNTIME_WORK_H_

#include <cstdint>

namespace runtime {

class WorkSink {
 public:
  virtual ~WorkSink() = default;
  virtual void OnWork(uint64_t units) = 0;
};

// The one listener of this program, or null. Set before there are threads; it
// must outlive every use.
extern WorkSink* work_sink;

inline void Work(uint64_t units) {
  if (work_sink != nullptr) [[unlikely]] {
    work_sink->OnWork(units);
  }
}

}  // namespace runtime

#endif  // RUNTIME_WORK_H_
