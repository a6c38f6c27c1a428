#include "tests/cluster/faulty_disk.h"

#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "prod/unique_fd.h"
#include "runtime/check.h"
#include "tests/tree.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

DiskFaultBoard* MapBoard(const std::string& file) {
  const prod::UniqueFd fd(
      open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CHECK(fd.get() >= 0, "cannot make ", file);
  CHECK(ftruncate(fd.get(), sizeof(DiskFaultBoard)) == 0, file);
  void* const page = mmap(nullptr, sizeof(DiskFaultBoard),
                          PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  CHECK(page != MAP_FAILED, "cannot map ", file);
  return static_cast<DiskFaultBoard*>(page);
}

}  // namespace

FaultyDisk::FaultyDisk(RealCluster& cluster, int node) {
  const std::string library =
      absl::StrCat(TWINRAFT_BINARY_DIR, "/lib/disk_faults.so");
  CHECK(fs::exists(library), library, " is not there: build disk_faults");
  const fs::path data = fs::canonical(cluster.data(node));
  const std::string file = (data.parent_path() / "disk_faults").string();
  board_ = MapBoard(file);
  cluster.SetEnvironment(
      node, {absl::StrCat("LD_PRELOAD=", library),
             // AddressSanitizer wants to be the first library.
             "ASAN_OPTIONS=verify_asan_link_order=0",
             absl::StrCat(kDiskFaultBoardName, "=", file),
             absl::StrCat(kDiskFaultUnderName, "=", data.string())});
}

FaultyDisk::~FaultyDisk() {
  SetStuck(false);
  SetSyncDelay(absl::ZeroDuration());
  FailSyncs(0);
  munmap(board_, sizeof(DiskFaultBoard));
}

void FaultyDisk::SetSyncDelay(absl::Duration delay) {
  board_->sync_delay_ms.store(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(delay)));
}

}  // namespace cluster
