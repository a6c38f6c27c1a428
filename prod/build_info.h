// What this program was built from, and which formats it speaks.

#ifndef PROD_BUILD_INFO_H_
#define PROD_BUILD_INFO_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prod {

struct BuildInfo {
  absl::string_view version;   // "0.1.0"
  absl::string_view commit;    // Of git; "unknown" outside a clone.
  absl::string_view compiler;  // "g++ 12.2.0"
  int wal_format = 0;          // docs/wal_format.md
  int peer_protocol = 0;       // net/handshake.h
};

BuildInfo ThisBuild();

// Several lines for --version of `program`.
std::string VersionText(absl::string_view program);

}  // namespace prod

#endif  // PROD_BUILD_INFO_H_
