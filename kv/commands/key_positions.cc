#include "kv/commands/key_positions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"

#include "kv/integer.h"

namespace kv {

std::vector<absl::string_view> KeysOf(
    const CommandRow& row, std::span<const absl::string_view> words) {
  std::vector<absl::string_view> keys;
  const auto size = static_cast<int>(words.size());
  const int last = row.last_key < 0 ? size + row.last_key : row.last_key;
  for (int i = row.first_key; i > 0 && i <= last && i < size;
       i += row.key_step) {
    keys.push_back(words[static_cast<size_t>(i)]);
  }
  if (!absl::StrContains(row.flags, "movablekeys")) return keys;
  const auto place = static_cast<size_t>(std::max(row.last_key, 0)) + 1;
  if (place >= words.size()) return keys;
  const std::optional<int64_t> count = ParseInteger(words[place]);
  if (!count.has_value() || *count <= 0) return keys;
  const auto rest = words.subspan(place + 1);
  const size_t moved = std::min(static_cast<size_t>(*count), rest.size());
  keys.insert(keys.end(), rest.begin(),
              rest.begin() + static_cast<std::ptrdiff_t>(moved));
  return keys;
}

}  // namespace kv
