#include "kv/decimal.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

#include "kv/integer.h"

namespace kv {
namespace {

constexpr int kDigitsMax = 400;  // Before the point, and behind it.
constexpr int kFractionShown = 17;

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

void StripLeadingZeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

// Of the digits behind the last one that is kept.
bool IsHalf(absl::string_view cut) {
  return cut[0] == '5' && cut.find_first_not_of('0', 1) == cut.npos;
}

// a + b, both without sign, as digits of one scale.
std::string Sum(const std::string& a, const std::string& b) {
  std::string sum(std::max(a.size(), b.size()) + 1, '0');
  int carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    const int x = i < a.size() ? a[a.size() - 1 - i] - '0' : 0;
    const int y = i < b.size() ? b[b.size() - 1 - i] - '0' : 0;
    const int digit = x + y + carry;
    sum[sum.size() - 1 - i] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  StripLeadingZeros(sum);
  return sum;
}

// Both without zeros in front.
bool IsLess(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// a - b. Requires: a >= b.
std::string Difference(const std::string& a, const std::string& b) {
  std::string difference = a;
  int borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int y = i < b.size() ? b[b.size() - 1 - i] - '0' : 0;
    int digit = a[a.size() - 1 - i] - '0' - y - borrow;
    borrow = digit < 0 ? 1 : 0;
    if (digit < 0) digit += 10;
    difference[a.size() - 1 - i] = static_cast<char>('0' + digit);
  }
  StripLeadingZeros(difference);
  return difference;
}

}  // namespace

std::optional<Decimal> Decimal::Parse(absl::string_view text) {
  Decimal out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative_ = text[0] == '-';
    text.remove_prefix(1);
  }
  bool point = false;
  bool any = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (IsDigit(text[i])) {
      any = true;
      out.digits_.push_back(text[i]);
      if (point) ++out.scale_;
    } else {
      break;
    }
  }
  if (!any || text.size() > 4096) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    absl::string_view exponent = text.substr(i + 1);
    if (!exponent.empty() && exponent[0] == '+') exponent.remove_prefix(1);
    const std::optional<int64_t> value = ParseInteger(exponent);
    if (!value.has_value() || *value > 4096 || *value < -4096) {
      return std::nullopt;
    }
    out.scale_ -= static_cast<int>(*value);
  }
  StripLeadingZeros(out.digits_);
  if (out.digits_.empty()) return Decimal();
  if (out.scale_ < 0) {
    out.digits_.append(static_cast<size_t>(-out.scale_), '0');
    out.scale_ = 0;
  }
  if (!out.FitsDigits(kDigitsMax)) return std::nullopt;
  if (out.scale_ > kDigitsMax) {
    const auto extra = static_cast<size_t>(out.scale_ - kDigitsMax);
    out.digits_.resize(out.digits_.size() -
                       std::min(out.digits_.size(), extra));
    out.scale_ = kDigitsMax;
    if (out.digits_.empty()) return Decimal();
  }
  return out;
}

Decimal Decimal::Plus(const Decimal& other) const {
  Decimal a = *this;
  Decimal b = other;
  Decimal& shorter = a.scale_ < b.scale_ ? a : b;
  const Decimal& longer = a.scale_ < b.scale_ ? b : a;
  if (!shorter.digits_.empty()) {
    shorter.digits_.append(static_cast<size_t>(longer.scale_ - shorter.scale_),
                           '0');
  }
  Decimal sum;
  sum.scale_ = longer.scale_;
  if (a.negative_ == b.negative_) {
    sum.negative_ = a.negative_;
    sum.digits_ = Sum(a.digits_, b.digits_);
  } else if (IsLess(a.digits_, b.digits_)) {
    sum.negative_ = b.negative_;
    sum.digits_ = Difference(b.digits_, a.digits_);
  } else {
    sum.negative_ = a.negative_;
    sum.digits_ = Difference(a.digits_, b.digits_);
  }
  return sum.digits_.empty() ? Decimal() : sum;
}

bool Decimal::FitsDigits(int digits) const {
  return static_cast<int>(digits_.size()) - scale_ <= digits;
}

std::string Decimal::ToString() const {
  std::string digits = digits_;
  auto scale = static_cast<size_t>(scale_);
  if (scale > kFractionShown) {
    const size_t extra = scale - kFractionShown;
    if (digits.size() < extra) return "0";
    const absl::string_view cut =
        absl::string_view(digits).substr(digits.size() - extra);
    const bool odd = digits.size() > extra &&
                     (digits[digits.size() - extra - 1] - '0') % 2 == 1;
    const bool up = cut[0] >= '5' && (odd || !IsHalf(cut));
    digits.resize(digits.size() - extra);
    if (up) digits = Sum(digits, "1");
    scale = kFractionShown;
  }
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) {
    digits.insert(digits.size() - scale, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative_ && digits != "0" ? "-" + digits : digits;
}

}  // namespace kv
