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

std::optional<int64_t> IntegerFromArg(Call& call, absl::string_view text,
                                      int64_t low, absl::string_view error) {
  const std::optional<int64_t> value = ParseInteger(text);
  if (value.has_value() && *value >= low) return value;
  call.reply.Error(error);
  return std::nullopt;
}

bool ReplyFits(Call& call, size_t bytes, size_t parts) {
  if (bytes <= kReplyBytesMax && parts <= kReplyPartsMax / 2) return true;
  call.reply.Error(absl::StrCat(
      "ERR nothing is done, for the reply would be larger than ",
      kReplyBytesMax, " bytes, or have more than ", kReplyPartsMax, " parts"));
  return false;
}

void AnswerWrongArity(Call& call) {
  call.reply.Error(absl::StrCat("ERR wrong number of arguments for '",
                                call.row.name, "' command"));
}

}  // namespace kv
