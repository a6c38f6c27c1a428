#include "prod/build_info.h"

#include "absl/strings/str_cat.h"

#include "net/peer_transport.h"
#include "persist/wal_format.h"

namespace prod {
namespace {

#ifdef __clang__
constexpr absl::string_view kCompiler = "clang " __clang_version__;
#else
constexpr absl::string_view kCompiler = "g++ " __VERSION__;
#endif

}  // namespace

BuildInfo ThisBuild() {
  return {.version = TWINRAFT_VERSION,
          .commit = TWINRAFT_COMMIT,
          .compiler = kCompiler,
          .wal_format = static_cast<int>(persist::kWalVersion),
          .peer_protocol = net::PeerTransport::kProtocolVersion};
}

std::string VersionText(absl::string_view program) {
  const BuildInfo build = ThisBuild();
  return absl::StrCat(program, " ", build.version, "\ncommit ", build.commit,
                      "\ncompiler ", build.compiler, "\nlog format ",
                      build.wal_format, "\npeer protocol ", build.peer_protocol,
                      "\n");
}

}  // namespace prod
