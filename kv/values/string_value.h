// A string: bytes, and a hash of them that appending keeps up to date at the
// cost of what is appended.

#ifndef KV_VALUES_STRING_VALUE_H_
#define KV_VALUES_STRING_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "kv/values/steps.h"

namespace kv {

class StringValue {
 public:
  StringValue() = default;
  explicit StringValue(absl::string_view text) { Assign(text); }

  absl::string_view text() const { return text_; }

  void Assign(absl::string_view text) {
    // In its old place, unless that is far too large.
    if (text_.capacity() > kRoomKept && text_.capacity() / 2 > text.size()) {
      text_ = std::string(text);
    } else {
      text_.assign(text.data(), text.size());
    }
    Rehash();
  }
  void Append(absl::string_view text) {
    text_.append(text.data(), text.size());
    lanes_.Extend(text_);
  }
  // Bytes from `offset` on become `text`; what lies between is zeros.
  void Overwrite(size_t offset, absl::string_view text) {
    if (text_.size() < offset + text.size()) {
      text_.resize(offset + text.size());
    }
    text_.replace(offset, text.size(), text.data(), text.size());
    Rehash();
  }

  StringValue Copy(Steps steps) const {
    steps(text_.size() / kBytesPerStep);
    return *this;
  }

  // An empty string is a value like any other.
  size_t pieces() const { return 1; }
  bool FreeSome(size_t) { return true; }
  bool vanishes() const { return false; }
  uint64_t hash() const { return lanes_.Finish(text_); }

 private:
  static constexpr size_t kRoomKept = 256;
  static constexpr size_t kBytesPerStep = 512;

  void Rehash() {
    lanes_ = LaneHash();
    lanes_.Extend(text_);
  }

  std::string text_;
  LaneHash lanes_;
};

}  // namespace kv

#endif  // KV_VALUES_STRING_VALUE_H_
