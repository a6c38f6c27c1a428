// What is on a simulated disk: files under names, as persist/disk.h defines
// every call, without time, faults or processes. sim/sim_disk.h adds those.
//
// It keeps the shadow: the part that would certainly be left if the power
// failed now. Checkers hold what a process promises against it; nothing that a
// process can do sees it.

#ifndef SIM_SIM_VOLUME_H_
#define SIM_SIM_VOLUME_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "runtime/random.h"
#include "sim/sim_file.h"
#include "sim/sim_names.h"

namespace sim {

// A view of the certain part of a file. Valid until the disk is used again.
class ShadowFile {
 public:
  explicit ShadowFile(const SimFile& file) : file_(&file) {}

  uint64_t size() const { return file_->durable_size(); }
  // Up to out.size() bytes; fewer only at the end.
  size_t Read(uint64_t offset, std::span<std::byte> out) const {
    return file_->ReadDurable(offset, out);
  }
  // The same file under another name has the same id; no other file ever has.
  uint64_t id() const { return file_->id(); }
  // As Read(), as if the device had kept its word: without phantom writes and
  // damage.
  size_t ReadSound(uint64_t offset, std::span<std::byte> out) const {
    return file_->ReadSound(offset, out);
  }
  // Grows with every change of these bytes or their size.
  uint64_t version() const { return file_->durable_version(); }

 private:
  const SimFile* file_;
};

// The durable bytes of `path` from `offset` on are `bytes` now. Called for
// files with a durable name only; when a name becomes durable, for all the
// bytes that the file already has. Zeros that no one wrote are not reported.
using DurableObserver = std::function<void(
    absl::string_view path, uint64_t offset, std::span<const std::byte> bytes)>;
// The medium has, or no longer has, a file under `path`. Before its bytes.
using NameObserver = std::function<void(absl::string_view path, bool durable)>;

// What a power failure took.
struct PowerOffTally {
  bool had_unsynced = false;
  uint64_t sectors_lost = 0;
  uint64_t sectors_torn = 0;
  uint64_t phantoms_lost = 0;
  uint64_t sizes_lost = 0;
  uint64_t names_lost = 0;
};

class SimVolume {
 public:
  using FilePtr = SimNames::FilePtr;
  using Pieces = std::span<const std::span<const std::byte>>;

  // Files larger than this do not exist here: a guest that writes so far out
  // has computed a wrong offset.
  static constexpr uint64_t kFileBytesMax = uint64_t{1} << 36;

  SimVolume() = default;
  SimVolume(const SimVolume&) = delete;
  SimVolume& operator=(const SimVolume&) = delete;

  // ---- persist::File. `capacity_bytes` bounds the sum of all sizes.
  absl::Status Write(SimFile& file, uint64_t offset, Pieces pieces,
                     uint64_t capacity_bytes);
  // The first `length` bytes of `pieces`, as a write that fails midway leaves.
  static void WriteFront(SimFile& file, uint64_t offset, Pieces pieces,
                         uint64_t length);
  absl::Status Resize(SimFile& file, uint64_t size, uint64_t capacity_bytes);
  void Sync(SimFile& file);
  void FailSync(SimFile& file) { file.FailSync(); }
  bool WriteBack(SimFile& file, runtime::Random& dice);

  // ---- persist::Disk
  absl::StatusOr<FilePtr> Open(absl::string_view path, persist::OpenMode mode);
  absl::StatusOr<std::vector<std::string>> List(absl::string_view path) const;
  absl::Status CreateDirectory(absl::string_view path);
  absl::Status Rename(absl::string_view from, absl::string_view to);
  absl::Status Remove(absl::string_view path);
  absl::Status SyncDirectory(absl::string_view path);
  absl::Status FailSyncDirectory(absl::string_view path);

  // ---- the world
  // Files and names each get a layout from `dice`, or all `layout`.
  PowerOffTally PowerOff(std::optional<CrashLayout> layout,
                         uint32_t torn_sector_ppm, runtime::Random& dice);
  // Any dirty sector of any file becomes durable by itself. False if none can.
  bool WriteBackAny(runtime::Random& dice);
  // The sum of all sizes.
  uint64_t TotalBytes() const { return names_.TotalBytes(); }

  // ---- damage: see sim/disk_damage.h. Errors: NOT_FOUND, OUT_OF_RANGE.
  absl::Status Corrupt(absl::string_view path, uint64_t offset,
                       std::span<const std::byte> flips);
  // The file under `path`, with `bytes` at `offset`.
  absl::StatusOr<FilePtr> Find(absl::string_view path, uint64_t offset,
                               uint64_t bytes) const;
  // Those that the medium has under a name.
  std::vector<FilePtr> DurableFiles() const;
  void WritePhantom(SimFile& file, uint64_t sector);
  // To be called when bytes at rest were changed.
  void NoteDamage() { ++shadow_version_; }
  // Nothing is left; observers hear of the names. File ids go on.
  void Wipe();

  // ---- the shadow
  std::optional<ShadowFile> Shadow(absl::string_view path) const;
  // The paths of all files that would certainly be there, sorted.
  std::vector<std::string> ShadowPaths() const { return names_.DurableFiles(); }
  // Nothing of bytes, sizes and names has changed while this has not.
  uint64_t shadow_version() const { return shadow_version_; }
  void SetDurableObserver(DurableObserver observer) {
    on_bytes_ = std::move(observer);
  }
  void SetNameObserver(NameObserver observer) {
    on_name_ = std::move(observer);
  }

 private:
  absl::Status CheckParent(absl::string_view path) const;
  // OK if `path` is a file.
  absl::Status CheckFile(absl::string_view path) const;
  absl::Status CheckDirectory(absl::string_view path) const;
  uint64_t FreeBytes(uint64_t capacity_bytes) const;

  // The sinks that turn what files and names report into observations.
  void OnBytes(const SimFile& file, uint64_t offset,
               std::span<const std::byte> bytes);
  void OnName(const std::string& path, SimFile* file);

  SimNames names_;
  uint64_t files_made_ = 0;

  uint64_t shadow_version_ = 0;
  DurableObserver on_bytes_;
  NameObserver on_name_;
};

}  // namespace sim

#endif  // SIM_SIM_VOLUME_H_
