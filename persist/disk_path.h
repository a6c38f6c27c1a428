// What a path on a Disk looks like: one rule for both twins of persist/disk.h.

#ifndef PERSIST_DISK_PATH_H_
#define PERSIST_DISK_PATH_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace persist {

// The longest name between two slashes, as on common file systems.
inline constexpr size_t kNameBytesMax = 255;

// The file in the root that Disk::Lock() may create. List() hides it, and no
// path may name it.
inline constexpr absl::string_view kLockName = "LOCK";

// OK for "a", "a/b": relative, no empty component, no "." or "..", no zero
// byte, no name longer than kNameBytesMax. Errors: INVALID_ARGUMENT.
absl::Status CheckPath(absl::string_view path);

// As CheckPath(), but the root, "", is fine too.
absl::Status CheckDirectoryPath(absl::string_view path);

// "a/b" of "a/b/c", and "" of "a". The result is a view into `path`.
// Requires: CheckPath(path) is OK.
absl::string_view ParentOf(absl::string_view path);

// "c" of "a/b/c". The result is a view into `path`.
// Requires: CheckPath(path) is OK.
absl::string_view NameOf(absl::string_view path);

}  // namespace persist

#endif  // PERSIST_DISK_PATH_H_
