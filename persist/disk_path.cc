#include "persist/disk_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace persist {

absl::Status CheckPath(absl::string_view path) {
  const auto bad = [path](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad path '", path, "': ", why));
  };
  if (path == kLockName) return bad("it belongs to the lock");
  for (const absl::string_view name : absl::StrSplit(path, '/')) {
    if (name.empty()) return bad("an empty name");
    if (name == "." || name == "..") return bad("'.' or '..'");
    if (name.size() > kNameBytesMax) return bad("a name is too long");
    if (name.find('\0') != absl::string_view::npos) return bad("a zero byte");
  }
  return absl::OkStatus();
}

absl::Status CheckDirectoryPath(absl::string_view path) {
  return path.empty() ? absl::OkStatus() : CheckPath(path);
}

absl::string_view ParentOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "" : path.substr(0, slash);
}

absl::string_view NameOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace persist
