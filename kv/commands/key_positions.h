// Which words of a request are keys.

#ifndef KV_COMMANDS_KEY_POSITIONS_H_
#define KV_COMMANDS_KEY_POSITIONS_H_

#include <span>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/commands/table.h"

namespace kv {

// The keys of the request `words`, its name included, in order. Those of
// commands with the flag "movablekeys" are counted by the word before them.
std::vector<absl::string_view> KeysOf(const CommandRow& row,
                                      std::span<const absl::string_view> words);

}  // namespace kv

#endif  // KV_COMMANDS_KEY_POSITIONS_H_
