#include "kv/commands/call.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"

namespace kv {

bool SameWord(absl::string_view a, absl::string_view b) {
  return absl::EqualsIgnoreCase(a, b);
}

std::optional<int64_t> IntegerArg(Call& call, absl::string_view text,
                                  absl::string_view error) {
  const std::optional<int64_t> value = ParseInteger(text);
  if (!value.has_value()) call.reply.Error(error);
  return value;
}

std::optional<int64_t> IntegerArg(Call& call, absl::string_view text,
                                  int64_t low, int64_t high,
                                  absl::string_view error) {
  const std::optional<int64_t> value = ParseInteger(text);
  if (value.has_value() && *value >= low && *value <= high) return value;
  call.reply.Error(value.has_value() ? error : kNotAnInteger);
  return std::nullopt;
}

void AnswerWrongArity(Call& call) {
  call.reply.Error(absl::StrCat("ERR wrong number of arguments for '",
                                call.row.name, "' command"));
}

}  // namespace kv
