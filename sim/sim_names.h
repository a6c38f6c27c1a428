// The names of a simulated disk: what a process sees, and what the medium has.
//
// Each creation, rename or removal is an operation that becomes durable with
// the sync of the directory it happened in (of both, for a rename between
// two). At a power failure every operation that is not survives or not, as a
// whole, but never without the earlier ones on the same names: a file is not
// renamed that was not created.
//
// A failed sync lies here as it does for files: the operations it covered are
// taken for durable, and are lost.

#ifndef SIM_SIM_NAMES_H_
#define SIM_SIM_NAMES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "runtime/random.h"
#include "sim/sim_file.h"

namespace sim {

class SimNames {
 public:
  // Shared: a file lives as long as a name, a durable name, an unsynced
  // operation or an open handle leads to it.
  using FilePtr = std::shared_ptr<SimFile>;
  // Told of each file name that the medium gains, loses (file is null) or gives
  // to another file.
  using NameSink =
      absl::FunctionRef<void(const std::string& path, SimFile* file)>;

  enum class Kind : uint8_t { kNothing, kFile, kDirectory };

  // ---- what a process sees. Paths are well-formed (persist/disk_path.h).
  Kind KindOf(absl::string_view path) const;
  // Requires: KindOf(path) is kFile.
  const FilePtr& File(absl::string_view path) const;
  // Requires: KindOf(directory) is kDirectory. Sorted.
  std::vector<std::string> List(absl::string_view directory) const;

  // Requires, for all: the parent is a directory.
  void AddFile(absl::string_view path, FilePtr file);
  void AddDirectory(absl::string_view path);
  // Requires: `from` is a file; `to` is a file or nothing.
  void Rename(absl::string_view from, absl::string_view to);
  // Requires: `path` is a file.
  void Remove(absl::string_view path);

  // ---- towards the medium
  void Sync(absl::string_view directory, NameSink sink);
  void FailSync(absl::string_view directory);
  // Returns how many operations were lost.
  uint64_t PowerOff(CrashLayout layout, runtime::Random& dice, NameSink sink);
  bool has_unsynced() const { return !unsynced_.empty(); }

  // ---- the shadow
  // Null unless a power failure now would certainly leave the name.
  const SimFile* DurableFile(absl::string_view path) const;
  std::vector<std::string> DurableFiles() const;

  // Of the files that have a name now.
  uint64_t TotalBytes() const;
  std::vector<FilePtr> Files() const;

 private:
  // What a name stands for. No file: a directory.
  using Table = absl::btree_map<std::string, FilePtr, std::less<>>;

  struct Change {
    std::string path;
    bool present;  // Afterwards.
    FilePtr file;  // Null: a directory, if present.
    bool synced = false;
  };
  // One for a creation or removal, two for a rename.
  struct Operation {
    absl::InlinedVector<Change, 2> changes;
    bool lied = false;

    bool synced() const;
  };
  using PathSet = absl::btree_set<std::string, std::less<>>;

  void Do(Operation operation);
  // Every directory above it is durable.
  bool Reachable(absl::string_view path) const;
  void Commit(const Operation& operation, NameSink sink);
  void ReportBelow(const std::string& directory, NameSink sink);
  // Parts of PowerOff().
  static bool Touches(const Operation& operation, const PathSet& paths);
  void DropUnreachable();

  Table names_;
  Table durable_;
  std::vector<Operation> unsynced_;  // In the order in which they happened.
};

}  // namespace sim

#endif  // SIM_SIM_NAMES_H_
