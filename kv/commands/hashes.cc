// Hashes: fields with values.

#include "kv/commands/call.h"

namespace kv {

std::span<const CommandRow> HashCommands() { return {}; }

}  // namespace kv
