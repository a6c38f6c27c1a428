// A disk in memory that knows what a crash could leave of it.
//
// It never suspends. Every operation that changes something counts; after a
// given number of them the process is dead and all calls fail. Then each of the
// layouts that a power cut may leave can be made: of every unsynced sector the
// durable or any later contents, of every file size and of every creation,
// rename and removal whether it survived. It has no directories but the root.

#ifndef TESTS_PERSIST_MODEL_DISK_H_
#define TESTS_PERSIST_MODEL_DISK_H_

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "persist/disk.h"
#include "runtime/random.h"

namespace persist {

class ModelDisk final : public Disk {
 public:
  using Sector = std::array<std::byte, kSectorBytes>;

  // How it lies. A log on a lying disk must be caught by the tests.
  struct Lies {
    bool sync_data_does_nothing = false;
    bool sync_directory_does_nothing = false;
  };

  ModelDisk();
  ~ModelDisk() override;
  // A copy of its own, also of what is unsynced.
  std::unique_ptr<ModelDisk> Clone() const;

  // ---- Disk
  absl::StatusOr<std::unique_ptr<File>> Open(absl::string_view path,
                                             OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view directory) override;
  absl::Status CreateDirectory(absl::string_view path) override;
  absl::Status Rename(absl::string_view from, absl::string_view to) override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status SyncDirectory(absl::string_view directory) override;
  absl::Status Lock() override { return Change(); }

  // ---- dying
  // The process dies in the call after this many further changes.
  void DieAfter(uint64_t changes) { changes_left_ = changes; }
  // A new process, with whatever the page cache holds.
  void Restart();
  uint64_t changes() const { return changes_; }
  bool dead() const { return dead_; }
  // The sync that comes after this many further ones fails: its pages look
  // clean and are not stable.
  void FailSyncAfter(uint64_t syncs) { syncs_left_ = syncs; }
  bool sync_failed() const { return sync_failed_; }
  // Reads of this file fail from now on.
  void FailReadsOf(absl::string_view path) { unreadable_ = std::string(path); }
  void set_lies(Lies lies) { lies_ = lies; }

  // ---- what a power cut may leave
  // How many ways each unsynced thing can go.
  std::vector<size_t> Choices() const;
  // The disk after the power cut in which each went as `choices` says:
  // 0 = lost, the largest = as the cache has it.
  std::unique_ptr<ModelDisk> AfterPowerCut(
      const std::vector<size_t>& choices) const;
  // Calls `check` with every layout, or with `limit` of them if there are more:
  // all lost, all kept, then drawn ones.
  void ForEachLayout(
      size_t limit, runtime::Random& dice,
      const std::function<void(std::unique_ptr<ModelDisk>)>& check) const;

  // ---- rot
  void FlipBit(absl::string_view path, uint64_t bit);
  uint64_t FileBytes(absl::string_view path) const;
  std::vector<std::string> Files() const;

 private:
  struct Inode;
  class ModelFile;
  // A name, or the absence of one, that SyncDirectory() has not seen.
  struct NameChange {
    std::string path;
    std::shared_ptr<Inode> inode;  // Null: removed.
    std::string renamed_from;      // Or empty.
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // Counts a change; fails once the process is dead.
  absl::Status Change();
  absl::Status SyncInode(Inode& inode);
  static void Apply(const NameChange& change, Names& names);
  std::vector<std::shared_ptr<Inode>> UnsyncedInodes() const;

  Names names_;
  Names durable_names_;
  std::vector<NameChange> name_changes_;
  uint64_t changes_ = 0;
  uint64_t changes_left_ = std::numeric_limits<uint64_t>::max();
  uint64_t syncs_left_ = std::numeric_limits<uint64_t>::max();
  bool dead_ = false;
  bool sync_failed_ = false;
  std::string unreadable_;
  Lies lies_;
};

}  // namespace persist

#endif  // TESTS_PERSIST_MODEL_DISK_H_
