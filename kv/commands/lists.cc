// Lists, without the forms that wait.

#include "kv/commands/call.h"

namespace kv {

std::span<const CommandRow> ListCommands() { return {}; }

}  // namespace kv
