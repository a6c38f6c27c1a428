// Decimal numbers, exactly: what INCRBYFLOAT adds.
//
// Redis adds in the machine's widest float, so that 3 + 1.1 gives 4.1 on one
// machine and may give 4.0999999999999996 on another. Here every node must get
// the same text, so the digits themselves are added.

#ifndef KV_DECIMAL_H_
#define KV_DECIMAL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace kv {

class Decimal {
 public:
  Decimal() = default;  // Zero.

  // An optional sign, digits with at most one point among or beside them, and
  // an optional exponent: "-12.5", ".5", "1e3". Nothing for anything else, and
  // for numbers of 10^400 and more. Digits beyond 10^-400 are dropped.
  static std::optional<Decimal> Parse(absl::string_view text);

  Decimal Plus(const Decimal& other) const;

  // Whether it fits where only numbers below 10^`digits` fit.
  bool FitsDigits(int digits) const;

  // Without an exponent, at most 17 digits behind the point (rounded, half to
  // even), no zeros at the end: "4.1", "-3", "0".
  std::string ToString() const;

 private:
  bool negative_ = false;
  // Decimal digits as characters, without zeros in front: digits * 10^-scale.
  std::string digits_;
  int scale_ = 0;
};

}  // namespace kv

#endif  // KV_DECIMAL_H_
