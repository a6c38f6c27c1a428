// Characters of UTF-8, one at a time.

#ifndef CONFIG_UTF8_H_
#define CONFIG_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace config {

// How many bytes the character at `at` has; 0: there is none that is right.
// Overlong forms, surrogates and what is beyond the last character are wrong.
size_t CharacterBytes(absl::string_view text, size_t at);

// Whether all of `text` is characters that people see: UTF-8 without control
// characters, so neither a line break nor a tab.
bool IsVisibleText(absl::string_view text);

}  // namespace config

#endif  // CONFIG_UTF8_H_
