// A disk for the tests of the checks: a write-ahead log made by hand, all of it
// durable.

#ifndef TESTS_SCENARIOS_FAKE_SHADOW_H_
#define TESTS_SCENARIOS_FAKE_SHADOW_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "persist/record.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "runtime/ids.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/log_mirror.h"

namespace scenarios {

class FakeShadow {
 public:
  static constexpr runtime::GroupId kGroup{1};

  // Valid as long as this.
  ShadowReader Reader();

  // The life that the superblock tells.
  void SetIncarnation(uint64_t incarnation);
  // An empty log in a first segment.
  void Found();
  // The next frame: truncates from `truncate_from` (0: not), then appends
  // entries of these terms.
  void Store(persist::HardState hard_state, const std::vector<uint64_t>& terms,
             persist::Index truncate_from = persist::Index(0));
  // A new segment begins after the last frame.
  void Roll();
  // A new segment begins after frame `lsn`: what is behind it is dead.
  void RollBackTo(uint64_t lsn);
  // Of the last frame.
  void DamageLastByte();

  // The entry that Store() makes of a term.
  static LogMirror::Facts FactsOf(uint64_t term);

 private:
  struct FrameEnd {
    uint32_t chain = 0;
    uint64_t log_size = 0;
  };

  void BeginSegment();
  void WriteSuperblock();

  std::map<std::string, std::vector<std::byte>> files_;
  uint64_t version_ = 0;
  persist::Superblock superblock_;
  persist::SegmentHeader segment_;
  std::vector<FrameEnd> frames_ = {{}};  // By lsn; before the first is one.
};

}  // namespace scenarios

#endif  // TESTS_SCENARIOS_FAKE_SHADOW_H_
