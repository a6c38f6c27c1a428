// The subcommands of what the server answers itself: CLIENT LIST, CONFIG GET,
// ...
//
// One row each, one file a family. The same row serves who asks for it, HELP,
// COMMAND and the counts of INFO.
//
// Private to kv/resp.

#ifndef KV_RESP_SUBCOMMANDS_H_
#define KV_RESP_SUBCOMMANDS_H_

#include <span>

#include "absl/strings/string_view.h"

#include "kv/resp/table.h"

namespace kv {

struct RespSubcommand {
  absl::string_view name;  // "client|list"; lower case.
  int arity;               // As in kv/commands/table.h; counts both words.
  absl::string_view flags;
  RespHandler handler;
  // For HELP and COMMAND DOCS.
  absl::string_view usage;  // "LIST [TYPE <type>]".
  absl::string_view summary;
};

// In order of name.
std::span<const RespSubcommand> RespSubcommands();
// Those of one command, "client". Empty if it has none.
std::span<const RespSubcommand> SubcommandsOf(absl::string_view command);
// Null if there is none. `word` in any case.
const RespSubcommand* FindSubcommand(absl::string_view command,
                                     absl::string_view word);

// The handler of all commands that have subcommands.
void PlanContainer(RespRequest& request);
// That of all HELP.
void PlanHelp(RespRequest& request);

// The families.
std::span<const RespSubcommand> AclSubcommands();      // acl.cc
std::span<const RespSubcommand> AdminSubcommands();    // admin.cc
std::span<const RespSubcommand> ClientSubcommands();   // clients.cc
std::span<const RespSubcommand> ClusterSubcommands();  // cluster.cc
std::span<const RespSubcommand> CommandSubcommands();  // command_docs.cc
std::span<const RespSubcommand> LatencySubcommands();  // latency.cc
std::span<const RespSubcommand> SlowLogSubcommands();  // slow_log.cc

}  // namespace kv

#endif  // KV_RESP_SUBCOMMANDS_H_
