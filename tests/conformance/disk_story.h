// A seeded sequence of operations on a persist::Disk, and what is to be seen on
// the disk afterwards: the same story can be told to the simulated disk and to
// the real one.

#ifndef TESTS_CONFORMANCE_DISK_STORY_H_
#define TESTS_CONFORMANCE_DISK_STORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "persist/disk.h"

namespace conformance {

struct DiskStep {
  enum class Kind : uint8_t {
    kCreate,
    kPreallocate,
    kWrite,   // Anywhere.
    kAppend,  // At the end.
    kTruncate,
    kSyncData,
    kRename,
    kRemove,
    kMakeDirectory,
    kSyncDirectory,
    kList,
  };
  static constexpr int kKinds = 11;

  Kind kind = Kind::kList;
  std::string path;     // Of a directory for the last three.
  std::string to;       // kRename.
  uint64_t offset = 0;  // kWrite.
  uint64_t size = 0;    // Of what is written; else the file's.
  char fill = 'a';

  std::string ToString() const;
};

// Of few files that meet each other often: many steps find nothing there.
std::vector<DiskStep> MakeDiskStory(uint64_t seed, size_t steps);

// Carries it out and says how it ended: the code, and for kList the names.
std::string Perform(persist::Disk& disk, const DiskStep& step);

// Every file by its path; a directory ends in '/' and has no bytes.
using DiskState = std::map<std::string, std::string>;
DiskState StateOf(persist::Disk& disk);

// Whether a process that was killed during the step that leads from `before` to
// `after` may leave `seen`: names change at once or not at all; of bytes that
// were being written, each sector is old or new, and the size is anything
// between.
bool MayBeLeft(const DiskState& before, const DiskState& after,
               const DiskState& seen);

// The first difference, in words; empty if there is none.
std::string Difference(const DiskState& expected, const DiskState& seen);

}  // namespace conformance

#endif  // TESTS_CONFORMANCE_DISK_STORY_H_
