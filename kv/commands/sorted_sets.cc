// Sorted sets, without the forms that wait.

#include "kv/commands/call.h"

namespace kv {

std::span<const CommandRow> SortedSetCommands() { return {}; }

}  // namespace kv
