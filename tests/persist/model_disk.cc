#include "tests/persist/model_disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace persist {
// Sectors that are not there are zero.
struct ModelDisk::Inode {
  std::map<uint64_t, Sector> cached;
  std::map<uint64_t, Sector> durable;
  // What each unsynced sector has been since the last sync, oldest first.
  std::map<uint64_t, std::vector<Sector>> unsynced;
  uint64_t size = 0;
  uint64_t durable_size = 0;
  bool size_unsynced = false;

  bool clean() const { return unsynced.empty() && !size_unsynced; }

  void Put(uint64_t sector, const Sector& bytes) {
    cached[sector] = bytes;
    unsynced[sector].push_back(bytes);
  }
  Sector Get(uint64_t sector) const {
    const auto found = cached.find(sector);
    return found == cached.end() ? Sector{} : found->second;
  }
  void Resize(uint64_t bytes) {
    size = bytes;
    size_unsynced = size != durable_size;
    for (auto it = cached.begin(); it != cached.end();) {
      it = it->first * kSectorBytes >= bytes ? cached.erase(it) : ++it;
    }
  }
};

class ModelDisk::ModelFile final : public File {
 public:
  ModelFile(ModelDisk& disk, absl::string_view path,
            std::shared_ptr<Inode> inode)
      : disk_(disk), path_(path), inode_(std::move(inode)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                std::span<std::byte> buffer) override {
    if (disk_.dead_) return absl::UnavailableError("dead");
    if (disk_.unreadable_ == path_) return absl::DataLossError("EIO");
    size_t done = 0;
    while (done < buffer.size() && offset + done < inode_->size) {
      const uint64_t at = offset + done;
      const Sector sector = inode_->Get(at / kSectorBytes);
      const size_t from = at % kSectorBytes;
      const size_t count = std::min({buffer.size() - done, kSectorBytes - from,
                                     size_t{inode_->size - at}});
      std::memcpy(buffer.data() + done, sector.data() + from, count);
      done += count;
    }
    return done;
  }

  using File::WriteAt;
  absl::Status WriteAt(
      uint64_t offset,
      std::span<const std::span<const std::byte>> pieces) override {
    RETURN_IF_ERROR(disk_.Change());
    std::vector<std::byte> bytes;
    for (const auto piece : pieces) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
    if (offset + bytes.size() > inode_->size) {
      inode_->Resize(offset + bytes.size());
    }
    for (size_t done = 0; done < bytes.size();) {
      const uint64_t at = offset + done;
      const size_t from = at % kSectorBytes;
      const size_t count = std::min(bytes.size() - done, kSectorBytes - from);
      Sector sector = inode_->Get(at / kSectorBytes);
      std::memcpy(sector.data() + from, bytes.data() + done, count);
      inode_->Put(at / kSectorBytes, sector);
      done += count;
    }
    return absl::OkStatus();
  }

  absl::Status SyncData() override {
    RETURN_IF_ERROR(disk_.Change());
    return disk_.SyncInode(*inode_);
  }
  absl::Status Truncate(uint64_t size) override {
    RETURN_IF_ERROR(disk_.Change());
    inode_->Resize(size);
    return absl::OkStatus();
  }
  absl::Status Preallocate(uint64_t size) override {
    RETURN_IF_ERROR(disk_.Change());
    if (size > inode_->size) inode_->Resize(size);
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> Size() override {
    if (disk_.dead_) return absl::UnavailableError("dead");
    return inode_->size;
  }

 private:
  ModelDisk& disk_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
};

ModelDisk::ModelDisk() = default;
ModelDisk::~ModelDisk() = default;

std::unique_ptr<ModelDisk> ModelDisk::Clone() const {
  auto clone = std::make_unique<ModelDisk>();
  std::map<std::shared_ptr<Inode>, std::shared_ptr<Inode>> twins;
  const auto twin = [&twins](const std::shared_ptr<Inode>& inode) {
    if (inode == nullptr) return inode;
    std::shared_ptr<Inode>& copy = twins[inode];
    if (copy == nullptr) copy = std::make_shared<Inode>(*inode);
    return copy;
  };
  for (const auto& [name, inode] : names_) clone->names_[name] = twin(inode);
  for (const auto& [name, inode] : durable_names_) {
    clone->durable_names_[name] = twin(inode);
  }
  clone->name_changes_ = name_changes_;
  for (NameChange& change : clone->name_changes_) {
    change.inode = twin(change.inode);
  }
  clone->lies_ = lies_;
  return clone;
}

absl::Status ModelDisk::Change() {
  if (dead_ || changes_left_ == 0) {
    dead_ = true;
    return absl::UnavailableError("dead");
  }
  --changes_left_;
  ++changes_;
  return absl::OkStatus();
}

void ModelDisk::Restart() {
  dead_ = false;
  sync_failed_ = false;
  changes_ = 0;
  changes_left_ = std::numeric_limits<uint64_t>::max();
  syncs_left_ = std::numeric_limits<uint64_t>::max();
}

absl::Status ModelDisk::SyncInode(Inode& inode) {
  if (syncs_left_-- == 0) {
    sync_failed_ = true;
    inode.unsynced.clear();
    inode.size_unsynced = false;
    return absl::DataLossError("sync failed");
  }
  if (lies_.sync_data_does_nothing) return absl::OkStatus();
  for (const auto& [sector, versions] : inode.unsynced) {
    inode.durable[sector] = versions.back();
  }
  inode.unsynced.clear();
  if (inode.size_unsynced) inode.durable_size = inode.size;
  inode.size_unsynced = false;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<File>> ModelDisk::Open(absl::string_view path,
                                                      OpenMode mode) {
  if (dead_) return absl::UnavailableError("dead");
  const std::string name(path);
  const auto found = names_.find(name);
  if (mode != OpenMode::kCreateExclusive) {
    if (found == names_.end()) return absl::NotFoundError(name);
    return std::make_unique<ModelFile>(*this, path, found->second);
  }
  if (found != names_.end()) return absl::AlreadyExistsError(name);
  RETURN_IF_ERROR(Change());
  NameChange change{
      .path = name, .inode = std::make_shared<Inode>(), .renamed_from = ""};
  Apply(change, names_);
  name_changes_.push_back(change);
  return std::make_unique<ModelFile>(*this, path, change.inode);
}

absl::StatusOr<std::vector<std::string>> ModelDisk::List(
    absl::string_view directory) {
  if (dead_) return absl::UnavailableError("dead");
  CHECK(directory.empty(), "the log makes no directories");
  std::vector<std::string> names;
  for (const auto& [name, inode] : names_) {
    names.push_back(name);
  }
  return names;
}

absl::Status ModelDisk::CreateDirectory(absl::string_view) {
  return absl::UnimplementedError("the log makes no directories");
}

absl::Status ModelDisk::Rename(absl::string_view from, absl::string_view to) {
  RETURN_IF_ERROR(Change());
  const auto found = names_.find(std::string(from));
  if (found == names_.end()) return absl::NotFoundError(from);
  NameChange change{.path = std::string(to),
                    .inode = found->second,
                    .renamed_from = std::string(from)};
  Apply(change, names_);
  name_changes_.push_back(std::move(change));
  return absl::OkStatus();
}

absl::Status ModelDisk::Remove(absl::string_view path) {
  if (!names_.contains(std::string(path))) return absl::NotFoundError(path);
  RETURN_IF_ERROR(Change());
  NameChange change{
      .path = std::string(path), .inode = nullptr, .renamed_from = ""};
  Apply(change, names_);
  name_changes_.push_back(std::move(change));
  return absl::OkStatus();
}

absl::Status ModelDisk::SyncDirectory(absl::string_view directory) {
  CHECK(directory.empty(), "the log makes no directories");
  RETURN_IF_ERROR(Change());
  if (syncs_left_-- == 0) {
    sync_failed_ = true;
    name_changes_.clear();
    return absl::DataLossError("sync of a directory failed");
  }
  if (lies_.sync_directory_does_nothing) return absl::OkStatus();
  for (const NameChange& change : name_changes_) Apply(change, durable_names_);
  name_changes_.clear();
  return absl::OkStatus();
}

void ModelDisk::Apply(const NameChange& change, Names& names) {
  if (!change.renamed_from.empty()) names.erase(change.renamed_from);
  if (change.inode == nullptr) {
    names.erase(change.path);
  } else {
    names[change.path] = change.inode;
  }
}

std::vector<std::shared_ptr<ModelDisk::Inode>> ModelDisk::UnsyncedInodes()
    const {
  std::vector<std::shared_ptr<Inode>> found;
  const auto add = [&found](const std::shared_ptr<Inode>& inode) {
    if (inode == nullptr || inode->clean()) return;
    if (std::find(found.begin(), found.end(), inode) == found.end()) {
      found.push_back(inode);
    }
  };
  for (const auto& [name, inode] : names_) add(inode);
  for (const auto& [name, inode] : durable_names_) add(inode);
  for (const NameChange& change : name_changes_) add(change.inode);
  return found;
}

std::vector<size_t> ModelDisk::Choices() const {
  std::vector<size_t> choices;
  for (const auto& inode : UnsyncedInodes()) {
    if (inode->size_unsynced) choices.push_back(2);
    for (const auto& [sector, versions] : inode->unsynced) {
      choices.push_back(versions.size() + 1);
    }
  }
  choices.insert(choices.end(), name_changes_.size(), 2);
  return choices;
}

std::unique_ptr<ModelDisk> ModelDisk::AfterPowerCut(
    const std::vector<size_t>& choices) const {
  auto next = Clone();
  size_t position = 0;
  for (const auto& inode : next->UnsyncedInodes()) {
    if (inode->size_unsynced && choices[position++] == 1) {
      inode->durable_size = inode->size;
    }
    for (const auto& [sector, versions] : inode->unsynced) {
      const size_t choice = choices[position++];
      if (choice > 0) inode->durable[sector] = versions[choice - 1];
    }
  }
  for (const NameChange& change : next->name_changes_) {
    if (choices[position++] == 1) Apply(change, next->durable_names_);
  }
  CHECK_EQ(position, choices.size());
  // What is left is all there is.
  next->names_ = next->durable_names_;
  next->name_changes_.clear();
  for (const auto& [name, inode] : next->names_) {
    inode->unsynced.clear();
    inode->cached = inode->durable;
    inode->Resize(inode->durable_size);
    inode->size_unsynced = false;
    inode->durable = inode->cached;
  }
  return next;
}

void ModelDisk::ForEachLayout(
    size_t limit, runtime::Random& dice,
    const std::function<void(std::unique_ptr<ModelDisk>)>& check) const {
  const std::vector<size_t> choices = Choices();
  size_t layouts = 1;
  for (const size_t choice : choices) {
    layouts = std::min(layouts * choice, limit + 1);
  }
  std::vector<size_t> picked(choices.size(), 0);
  if (layouts <= limit) {
    for (size_t i = 0; i < layouts; ++i) {
      size_t rest = i;
      for (size_t c = 0; c < choices.size(); ++c) {
        picked[c] = rest % choices[c];
        rest /= choices[c];
      }
      check(AfterPowerCut(picked));
    }
    return;
  }
  check(AfterPowerCut(picked));
  for (size_t c = 0; c < choices.size(); ++c) picked[c] = choices[c] - 1;
  check(AfterPowerCut(picked));
  for (size_t i = 2; i < limit; ++i) {
    for (size_t c = 0; c < choices.size(); ++c)
      picked[c] = dice.Below(choices[c]);
    check(AfterPowerCut(picked));
  }
}

void ModelDisk::FlipBit(absl::string_view path, uint64_t bit) {
  Inode& inode = *names_.at(std::string(path));
  const uint64_t byte = bit / 8;
  CHECK_LT(byte, inode.size);
  const std::byte mask{static_cast<uint8_t>(1u << (bit % 8))};
  inode.cached[byte / kSectorBytes][byte % kSectorBytes] ^= mask;
  inode.durable[byte / kSectorBytes][byte % kSectorBytes] ^= mask;
}

uint64_t ModelDisk::FileBytes(absl::string_view path) const {
  return names_.at(std::string(path))->size;
}

std::vector<std::string> ModelDisk::Files() const {
  std::vector<std::string> files;
  for (const auto& [name, inode] : names_) files.push_back(name);
  return files;
}

}  // namespace persist
