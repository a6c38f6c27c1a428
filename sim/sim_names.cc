#include "sim/sim_names.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "persist/disk_path.h"
#include "runtime/check.h"

namespace sim {

using persist::NameOf;
using persist::ParentOf;

bool SimNames::Operation::synced() const {
  return std::all_of(changes.begin(), changes.end(),
                     [](const Change& change) { return change.synced; });
}

SimNames::Kind SimNames::KindOf(absl::string_view path) const {
  if (path.empty()) return Kind::kDirectory;
  const auto at = names_.find(path);
  if (at == names_.end()) return Kind::kNothing;
  return at->second == nullptr ? Kind::kDirectory : Kind::kFile;
}

const SimNames::FilePtr& SimNames::File(absl::string_view path) const {
  const auto at = names_.find(path);
  CHECK(at != names_.end(), path);
  return at->second;
}

std::vector<std::string> SimNames::List(absl::string_view directory) const {
  const std::string prefix =
      directory.empty() ? "" : absl::StrCat(directory, "/");
  std::vector<std::string> names;
  for (auto at = names_.lower_bound(prefix);
       at != names_.end() && absl::StartsWith(at->first, prefix); ++at) {
    if (ParentOf(at->first) == directory) {
      names.emplace_back(NameOf(at->first));
    }
  }
  return names;
}

void SimNames::AddFile(absl::string_view path, FilePtr file) {
  Do({.changes = {{std::string(path), true, std::move(file)}}});
}

void SimNames::AddDirectory(absl::string_view path) {
  Do({.changes = {{std::string(path), true, nullptr}}});
}

void SimNames::Rename(absl::string_view from, absl::string_view to) {
  if (from == to) return;
  FilePtr file = File(from);
  Do({.changes = {{std::string(from), false, nullptr},
                  {std::string(to), true, std::move(file)}}});
}

void SimNames::Remove(absl::string_view path) {
  Do({.changes = {{std::string(path), false, nullptr}}});
}

void SimNames::Do(Operation operation) {
  for (const Change& change : operation.changes) {
    if (change.present) {
      names_[change.path] = change.file;
    } else {
      names_.erase(change.path);
    }
  }
  unsynced_.push_back(std::move(operation));
}

void SimNames::Sync(absl::string_view directory, NameSink sink) {
  for (Operation& operation : unsynced_) {
    if (operation.lied) continue;
    for (Change& change : operation.changes) {
      if (ParentOf(change.path) == directory) change.synced = true;
    }
  }
  // What is durable makes durable what it rests on: from the youngest back.
  PathSet wanted;
  std::vector<bool> commits(unsynced_.size());
  for (size_t i = unsynced_.size(); i-- > 0;) {
    commits[i] = unsynced_[i].synced() || Touches(unsynced_[i], wanted);
    if (!commits[i]) continue;
    for (const Change& change : unsynced_[i].changes) {
      wanted.insert(change.path);
    }
  }
  std::vector<Operation> rest;
  std::vector<Operation> done;
  for (size_t i = 0; i < unsynced_.size(); ++i) {
    (commits[i] ? done : rest).push_back(std::move(unsynced_[i]));
  }
  unsynced_ = std::move(rest);
  for (const Operation& operation : done) Commit(operation, sink);
}

void SimNames::FailSync(absl::string_view directory) {
  for (Operation& operation : unsynced_) {
    for (const Change& change : operation.changes) {
      if (ParentOf(change.path) == directory) operation.lied = true;
    }
  }
}

void SimNames::Commit(const Operation& operation, NameSink sink) {
  for (const Change& change : operation.changes) {
    if (!change.present) {
      const auto at = durable_.find(change.path);
      if (at == durable_.end()) continue;
      if (at->second->durable_path() == change.path) {
        at->second->set_durable_path("");
      }
      durable_.erase(at);
      if (Reachable(change.path)) sink(change.path, nullptr);
      continue;
    }
    FilePtr& file = durable_[change.path];
    if (file != nullptr) file->set_durable_path("");
    file = change.file;
    if (!Reachable(change.path)) continue;
    if (file == nullptr) {
      ReportBelow(change.path, sink);
    } else {
      file->set_durable_path(change.path);
      sink(change.path, file.get());
    }
  }
}

void SimNames::ReportBelow(const std::string& directory, NameSink sink) {
  const std::string prefix = absl::StrCat(directory, "/");
  for (auto at = durable_.lower_bound(prefix);
       at != durable_.end() && absl::StartsWith(at->first, prefix); ++at) {
    if (at->second == nullptr || !Reachable(at->first)) continue;
    at->second->set_durable_path(at->first);
    sink(at->first, at->second.get());
  }
}

bool SimNames::Reachable(absl::string_view path) const {
  for (path = ParentOf(path); !path.empty(); path = ParentOf(path)) {
    const auto at = durable_.find(path);
    if (at == durable_.end() || at->second != nullptr) return false;
  }
  return true;
}

bool SimNames::Touches(const Operation& operation, const PathSet& paths) {
  return std::any_of(
      operation.changes.begin(), operation.changes.end(),
      [&paths](const Change& change) { return paths.contains(change.path); });
}

uint64_t SimNames::PowerOff(CrashLayout layout, runtime::Random& dice,
                            NameSink sink) {
  std::vector<Operation> operations = std::exchange(unsynced_, {});
  uint64_t left = layout == CrashLayout::kEverything ? operations.size() : 0;
  if (layout == CrashLayout::kPrefix) left = dice.Below(operations.size() + 1);
  uint64_t lost = 0;
  PathSet lost_paths;
  for (const Operation& operation : operations) {
    bool survives = left > 0;
    if (survives) --left;
    if (layout == CrashLayout::kSubset) survives = dice.Below(2) == 0;
    if (survives && !operation.lied && !Touches(operation, lost_paths)) {
      Commit(operation, sink);
      continue;
    }
    ++lost;
    for (const Change& change : operation.changes) {
      lost_paths.insert(change.path);
    }
  }
  DropUnreachable();
  names_ = durable_;
  return lost;
}

void SimNames::DropUnreachable() {
  // A directory stands before what is in it.
  for (auto at = durable_.begin(); at != durable_.end();) {
    at = Reachable(at->first) ? std::next(at) : durable_.erase(at);
  }
}

const SimFile* SimNames::DurableFile(absl::string_view path) const {
  const auto at = durable_.find(path);
  if (at == durable_.end() || !Reachable(path)) return nullptr;
  return at->second.get();
}

std::vector<std::string> SimNames::DurableFiles() const {
  std::vector<std::string> paths;
  for (const auto& [path, file] : durable_) {
    if (file != nullptr && Reachable(path)) paths.push_back(path);
  }
  return paths;
}

uint64_t SimNames::TotalBytes() const {
  uint64_t total = 0;
  for (const auto& [path, file] : names_) {
    if (file != nullptr) total += file->size();
  }
  return total;
}

std::vector<SimNames::FilePtr> SimNames::Files() const {
  std::vector<FilePtr> files;
  for (const auto& [path, file] : names_) {
    if (file != nullptr) files.push_back(file);
  }
  return files;
}

}  // namespace sim
