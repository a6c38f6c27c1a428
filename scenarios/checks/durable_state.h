// What a node's disk would still say if its power failed now: the ground truth
// that every promise is held against.
//
// Reads the shadow of the simulated disk, not the node's memory, and walks the
// write-ahead log by itself: it shares the format with persist, but neither its
// recovery nor its idea of what is durable. Catching up costs what has become
// durable since the last time.

#ifndef SCENARIOS_CHECKS_DURABLE_STATE_H_
#define SCENARIOS_CHECKS_DURABLE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "persist/record.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "runtime/ids.h"
#include "scenarios/checks/log_mirror.h"

namespace scenarios {

// How the shadow of a disk is read; see sim/sim_disk.h.
struct ShadowReader {
  // Up to out.size() durable bytes of `path`; 0 if there is no such file.
  std::function<size_t(const std::string& path, uint64_t offset,
                       std::span<std::byte> out)>
      read;
  // No durable byte of `path` has changed while this has not.
  std::function<uint64_t(const std::string& path)> file_version;
  // No durable byte of any file has changed while this has not.
  std::function<uint64_t()> version;
};

class DurableState {
 public:
  // Of the group `group`.
  DurableState(ShadowReader shadow, runtime::GroupId group);

  // Catches up with what has become durable. Cheap when nothing has.
  void Update();
  // Forgets and reads everything again.
  void Reread();
  // The node has booted: its log goes on in another segment, mostly where it
  // ended. Reads everything again when it does not, and at the first, second,
  // fourth, eighth ... boot: so all readings together cost what the last one
  // does, and yet every byte is read again.
  void OnBoot();

  // The first of the entries that log() has lost since this was last asked: it
  // was cut, or is shorter since it was read anew. Of several losses, the one
  // with the lowest index.
  struct Loss {
    persist::Index index;
    LogMirror::Entry entry;
  };
  std::optional<Loss> TakeLoss() { return std::exchange(loss_, std::nullopt); }

  const persist::HardState& hard_state() const { return hard_state_; }
  const LogMirror& log() const { return log_; }
  runtime::Incarnation incarnation() const { return superblock_.incarnation; }

 private:
  void ReadSuperblock();
  bool IsListed(persist::SegmentId id) const;
  // Whether what was read is still how the log begins.
  bool GoesOn() const;
  // The durable bytes of the current segment from `offset_` on: all that were
  // read, at least `size` of them unless there are fewer.
  std::span<const std::byte> BytesAhead(size_t size);
  // Those of the next frame, if it ends within the file; not verified.
  std::span<const std::byte> FrameAhead();
  // The next frame of the current segment, if it is there whole.
  bool TakeFrame();
  // Goes on to the next segment, if that is where the next frame belongs.
  bool EnterNextSegment();
  void Apply(const persist::FrameHead& head);
  // `log` has had the entry at `from`, if any; log_ is about to lose it.
  void NoteLoss(const LogMirror& log, persist::Index from);
  static bool PayloadsAreWhole(const persist::FrameHead& head,
                               std::span<const std::byte> bytes);

  const ShadowReader shadow_;
  const runtime::GroupId group_;
  uint64_t boots_ = 0;
  // Of the shadow and of the superblock, when last read.
  std::optional<uint64_t> version_;
  std::optional<uint64_t> superblock_version_;

  persist::Superblock superblock_;
  std::optional<persist::SegmentHeader> segment_;  // The current one.
  uint64_t offset_ = 0;                            // Of its next frame.
  persist::Lsn last_;                              // The last frame taken.
  uint32_t chain_ = 0;
  std::string segment_path_;
  // What was read of it last, from `window_begin_` on. Stale, and empty, as
  // soon as anything else has become durable.
  std::vector<std::byte> window_;
  size_t window_bytes_ = 0;
  uint64_t window_begin_ = 0;

  persist::HardState hard_state_;
  LogMirror log_;
  std::optional<Loss> loss_;
};

using Disks = std::vector<std::unique_ptr<DurableState>>;  // n1 is at 0.

// How many of the disks hold `entry` at `index`, brought up to date.
size_t HoldersOf(persist::Index index, const LogMirror::Entry& entry,
                 const Disks& disks);

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_DURABLE_STATE_H_
