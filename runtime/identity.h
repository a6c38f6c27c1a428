// What tells two things of one name apart: a number that is drawn once, is
// large enough never to be drawn again, and stays.
//
// A data directory has one from the moment that it is made: a directory that
// was emptied and made anew for the same node is another one.

#ifndef RUNTIME_IDENTITY_H_
#define RUNTIME_IDENTITY_H_

#include <compare>
#include <cstdint>
#include <string>

namespace runtime {

struct Identity {
  uint64_t high = 0;
  uint64_t low = 0;

  // All zeros: there is none, or it is not known.
  constexpr bool IsNone() const { return high == 0 && low == 0; }
  // 32 hexadecimal digits.
  std::string ToString() const;

  friend constexpr auto operator<=>(const Identity&, const Identity&) = default;
};

}  // namespace runtime

#endif  // RUNTIME_IDENTITY_H_
