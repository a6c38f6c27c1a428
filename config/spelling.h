// What somebody meant who wrote a word that is not known.

#ifndef CONFIG_SPELLING_H_
#define CONFIG_SPELLING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace config {

// The first of the words `known` that are the fewest letters away from `word`
// (inserted, left out, changed or swapped with a neighbour), if that is few
// enough to be a slip: one, or a third of the letters. Empty: none.
std::string NearestWord(absl::string_view word,
                        const std::vector<std::string>& known);

// How an error goes on behind an unknown word: "; did you mean 'x'?", or
// "; expected one of: x, y" when nothing is near.
std::string MeantOrOneOf(absl::string_view word,
                         const std::vector<std::string>& known);

}  // namespace config

#endif  // CONFIG_SPELLING_H_
