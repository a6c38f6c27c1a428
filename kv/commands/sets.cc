// Sets.

#include "kv/commands/call.h"

namespace kv {

std::span<const CommandRow> SetCommands() { return {}; }

}  // namespace kv
