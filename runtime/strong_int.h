// An integer that cannot be mistaken for another integer.
//
// Term, log index, node id and their like are all 64-bit numbers; a function
// that takes two of them side by side would accept them in the wrong order.
// Each gets its own type by its own tag:
//
//   using Term = runtime::StrongInt<struct TermTag>;
//
// Same size and cost as uint64_t. There is no implicit conversion either way.

#ifndef RUNTIME_STRONG_INT_H_
#define RUNTIME_STRONG_INT_H_

#include <compare>
#include <cstdint>

namespace runtime {

template <class Tag>
class StrongInt {
 public:
  constexpr StrongInt() = default;
  constexpr explicit StrongInt(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }

  constexpr StrongInt Next() const { return StrongInt(value_ + 1); }
  // Requires: value() > 0.
  constexpr StrongInt Previous() const { return StrongInt(value_ - 1); }

  constexpr StrongInt& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr StrongInt operator+(StrongInt a, uint64_t count) {
    return StrongInt(a.value_ + count);
  }
  friend constexpr StrongInt operator-(StrongInt a, uint64_t count) {
    return StrongInt(a.value_ - count);
  }
  // How far apart. Requires: a >= b.
  friend constexpr uint64_t operator-(StrongInt a, StrongInt b) {
    return a.value_ - b.value_;
  }
  friend constexpr auto operator<=>(StrongInt, StrongInt) = default;

 private:
  uint64_t value_ = 0;
};

}  // namespace runtime

#endif  // RUNTIME_STRONG_INT_H_
