// Scores of sorted sets as text: what C's strtod() reads in the "C" locale,
// hexadecimal included, but never more or less than the whole text.

#ifndef KV_SCORE_H_
#define KV_SCORE_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace kv {

// Nothing if `text` is not a number, or one that no double comes near: infinity
// must be asked for by name ("inf", "-infinity"), and so must zero.
std::optional<double> ParseScore(absl::string_view text);

}  // namespace kv

#endif  // KV_SCORE_H_
