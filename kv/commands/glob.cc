#include "kv/commands/glob.h"

#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"

namespace kv {
namespace {

constexpr int kStarsMax = 1000;

unsigned char Folded(char c, bool any_case) {
  const auto byte = static_cast<unsigned char>(c);
  return any_case ? static_cast<unsigned char>(absl::ascii_tolower(byte))
                  : byte;
}

// Matches one byte against the pattern at `place`, which is no '*', and moves
// `place` behind what it used.
bool MatchesOne(absl::string_view pattern, size_t& place, char c,
                bool any_case) {
  const unsigned char byte = Folded(c, any_case);
  if (pattern[place] == '?') {
    ++place;
    return true;
  }
  if (pattern[place] != '[') {
    if (pattern[place] == '\\' && place + 1 < pattern.size()) ++place;
    return Folded(pattern[place++], any_case) == byte;
  }
  ++place;
  const bool negated = place < pattern.size() && pattern[place] == '^';
  if (negated) ++place;
  bool found = false;
  while (place < pattern.size() && pattern[place] != ']') {
    if (pattern[place] == '\\' && place + 1 < pattern.size()) {
      ++place;
      found = found || Folded(pattern[place], any_case) == byte;
      ++place;
    } else if (place + 2 < pattern.size() && pattern[place + 1] == '-') {
      unsigned char low = Folded(pattern[place], any_case);
      unsigned char high = Folded(pattern[place + 2], any_case);
      if (low > high) std::swap(low, high);
      found = found || (low <= byte && byte <= high);
      place += 3;
    } else {
      found = found || Folded(pattern[place], any_case) == byte;
      ++place;
    }
  }
  if (place < pattern.size()) ++place;  // The closing bracket, if there is one.
  return found != negated;
}

}  // namespace

bool MatchesGlob(absl::string_view pattern, absl::string_view text,
                 bool any_case) {
  size_t p = 0;
  size_t t = 0;
  // Where to go on if what follows the last '*' does not match: with the '*'
  // taking one more byte.
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  int stars = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (++stars > kStarsMax) return false;
      while (p < pattern.size() && pattern[p] == '*') ++p;
      star = p;
      star_text = t;
      continue;
    }
    if (p < pattern.size()) {
      size_t next = p;
      if (MatchesOne(pattern, next, text[t], any_case)) {
        p = next;
        ++t;
        continue;
      }
    }
    if (star == absl::string_view::npos) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace kv
