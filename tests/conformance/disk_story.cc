#include "tests/conformance/disk_story.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace conformance {
namespace {

using Kind = DiskStep::Kind;

constexpr const char* kFiles[] = {"a", "b", "c", "d/a", "d/b"};
constexpr const char* kDirectories[] = {"", "d"};
constexpr const char* kKindNames[DiskStep::kKinds] = {
    "create",         "preallocate",    "write",  "append",
    "truncate",       "sync",           "rename", "remove",
    "make directory", "sync directory", "list"};

// Small ones, some that end where sectors and pages do, and some that take the
// kernel long enough to be killed in.
uint64_t DrawSize(runtime::Random& dice) {
  switch (dice.Below(4)) {
    case 0:
      return 1 + dice.Below(700);
    case 1:
      return persist::kSectorBytes * (1 + dice.Below(16));
    case 2:
      return 1 + dice.Below(64 << 10);
    default:
      return 1 + dice.Below(2 << 20);
  }
}

Kind DrawKind(runtime::Random& dice) {
  // Half of them change bytes.
  static constexpr Kind kChanges[] = {Kind::kPreallocate, Kind::kWrite,
                                      Kind::kWrite, Kind::kAppend,
                                      Kind::kTruncate};
  if (dice.Below(2) == 0) return kChanges[dice.Below(std::size(kChanges))];
  return static_cast<Kind>(dice.Below(DiskStep::kKinds));
}

bool IsOfDirectory(Kind kind) {
  return kind == Kind::kMakeDirectory || kind == Kind::kSyncDirectory ||
         kind == Kind::kList;
}

std::string CodeText(const absl::Status& status) {
  return absl::StatusCodeToString(status.code());
}

std::string PerformOnFile(persist::Disk& disk, const DiskStep& step) {
  absl::StatusOr<std::unique_ptr<persist::File>> file =
      disk.Open(step.path, step.kind == Kind::kCreate
                               ? persist::OpenMode::kCreateExclusive
                               : persist::OpenMode::kReadWrite);
  if (!file.ok()) return CodeText(file.status());
  const std::string bytes(step.size, step.fill);
  switch (step.kind) {
    case Kind::kCreate:
      return "OK";
    case Kind::kPreallocate:
      return CodeText((*file)->Preallocate(step.size));
    case Kind::kWrite:
      return CodeText((*file)->WriteAt(step.offset, runtime::AsBytes(bytes)));
    case Kind::kAppend: {
      const absl::StatusOr<uint64_t> end = (*file)->Size();
      if (!end.ok()) return CodeText(end.status());
      return CodeText((*file)->WriteAt(*end, runtime::AsBytes(bytes)));
    }
    case Kind::kTruncate:
      return CodeText((*file)->Truncate(step.size));
    case Kind::kSyncData:
      return CodeText((*file)->SyncData());
    default:
      CHECK(false, "not a step of a file");
  }
}

std::string ContentsOf(persist::Disk& disk, const std::string& path) {
  const auto file = disk.Open(path, persist::OpenMode::kRead);
  CHECK(file.ok(), path, ": ", file.status().ToString());
  std::string bytes((*file)->Size().value(), '?');
  const auto read =
      (*file)->ReadAt(0, std::as_writable_bytes(std::span(bytes)));
  CHECK(read.ok() && *read == bytes.size(), path);
  return bytes;
}

// Bytes [begin, begin + size) as they would be read from a file that goes on
// with zeros for ever.
std::string Cut(const std::string& bytes, size_t begin, size_t size) {
  std::string part = begin < bytes.size() ? bytes.substr(begin, size) : "";
  part.resize(size, '\0');
  return part;
}

bool FileMayBeLeft(const std::string& before, const std::string& after,
                   const std::string& seen) {
  if (seen.size() < std::min(before.size(), after.size()) ||
      seen.size() > std::max(before.size(), after.size())) {
    return false;
  }
  for (size_t at = 0; at < seen.size(); at += persist::kSectorBytes) {
    const size_t size = std::min(persist::kSectorBytes, seen.size() - at);
    const std::string sector = seen.substr(at, size);
    if (sector != Cut(before, at, size) && sector != Cut(after, at, size)) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> NamesOf(const DiskState& state) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : state) names.push_back(name);
  return names;
}

}  // namespace

std::string DiskStep::ToString() const {
  return absl::StrCat(kKindNames[static_cast<size_t>(kind)], " '", path,
                      "' to '", to, "' offset ", offset, " size ", size);
}

std::vector<DiskStep> MakeDiskStory(uint64_t seed, size_t steps) {
  runtime::Random dice(seed);
  std::vector<DiskStep> story;
  // So that the story has something to be about.
  story.push_back({.kind = Kind::kMakeDirectory, .path = "d", .to = ""});
  for (const char* file : {"a", "d/a"}) {
    story.push_back({.kind = Kind::kCreate, .path = file, .to = ""});
  }
  while (story.size() < steps) {
    DiskStep step;
    step.kind = DrawKind(dice);
    step.path = IsOfDirectory(step.kind)
                    ? kDirectories[dice.Below(std::size(kDirectories))]
                    : kFiles[dice.Below(std::size(kFiles))];
    if (step.kind == Kind::kMakeDirectory) step.path = "d";
    step.to = kFiles[dice.Below(std::size(kFiles))];
    step.offset = dice.Below(256 << 10);
    step.size = DrawSize(dice);
    step.fill = static_cast<char>('a' + dice.Below(26));
    story.push_back(step);
  }
  return story;
}

std::string Perform(persist::Disk& disk, const DiskStep& step) {
  switch (step.kind) {
    case Kind::kRename:
      return CodeText(disk.Rename(step.path, step.to));
    case Kind::kRemove:
      return CodeText(disk.Remove(step.path));
    case Kind::kMakeDirectory:
      return CodeText(disk.CreateDirectory(step.path));
    case Kind::kSyncDirectory:
      return CodeText(disk.SyncDirectory(step.path));
    case Kind::kList: {
      const auto names = disk.List(step.path);
      return names.ok() ? absl::StrJoin(*names, " ") : CodeText(names.status());
    }
    default:
      return PerformOnFile(disk, step);
  }
}

DiskState StateOf(persist::Disk& disk) {
  DiskState state;
  for (const std::string directory : {"", "d"}) {
    const auto names = disk.List(directory);
    if (!names.ok()) continue;  // Not made yet.
    const std::string front = directory.empty() ? "" : directory + "/";
    for (const std::string& name : *names) {
      const std::string path = front + name;
      if (path == "d") {
        state["d/"] = "";
      } else {
        state[path] = ContentsOf(disk, path);
      }
    }
  }
  return state;
}

bool MayBeLeft(const DiskState& before, const DiskState& after,
               const DiskState& seen) {
  if (seen == before || seen == after) return true;
  // In part: bytes only, never names.
  if (NamesOf(before) != NamesOf(after) || NamesOf(seen) != NamesOf(after)) {
    return false;
  }
  for (const auto& [name, bytes] : seen) {
    const std::string& old_bytes = before.at(name);
    const std::string& new_bytes = after.at(name);
    if (!FileMayBeLeft(old_bytes, new_bytes, bytes)) return false;
  }
  return true;
}

std::string Difference(const DiskState& expected, const DiskState& seen) {
  if (NamesOf(expected) != NamesOf(seen)) {
    return absl::StrCat("names: expected ",
                        absl::StrJoin(NamesOf(expected), " "), ", seen ",
                        absl::StrJoin(NamesOf(seen), " "));
  }
  for (const auto& [name, bytes] : expected) {
    const std::string& other = seen.at(name);
    if (bytes == other) continue;
    const auto at =
        std::mismatch(bytes.begin(), bytes.end(), other.begin(), other.end());
    return absl::StrCat(name, ": expected ", bytes.size(), " bytes, seen ",
                        other.size(), ", the first that differs is at ",
                        at.first - bytes.begin());
  }
  return "";
}

}  // namespace conformance
