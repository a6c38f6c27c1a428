// A hash: fields with values, in the order of the fields' hashes.

#ifndef KV_VALUES_HASH_VALUE_H_
#define KV_VALUES_HASH_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "kv/values/hash_ordered.h"
#include "runtime/random.h"

namespace kv {

class HashValue {
 public:
  using Fields = HashOrdered<std::string>;

  // To walk, scan and pick from.
  const Fields& fields() const { return fields_; }
  size_t size() const { return fields_.size(); }

  std::optional<absl::string_view> Get(absl::string_view field) const {
    const auto* item = fields_.Find(field);
    if (item == nullptr) return std::nullopt;
    return item->value;
  }

  // True if the field is new.
  bool Set(absl::string_view field, absl::string_view value) {
    const auto [item, fresh] = fields_.Insert(field);
    if (!fresh) hash_ -= HashOf(field, item.value);
    item.value.assign(value.data(), value.size());
    hash_ += HashOf(field, value);
    return fresh;
  }

  // True if there was such a field.
  bool Remove(absl::string_view field) {
    auto* item = fields_.Find(field);
    if (item == nullptr) return false;
    hash_ -= HashOf(field, item->value);
    fields_.Erase(*item);
    return true;
  }

  // All of it once more.
  HashValue Copy(Steps steps) const {
    HashValue copy;
    copy.fields_ = fields_.Copy(steps);
    copy.hash_ = hash_;
    return copy;
  }

  size_t pieces() const { return fields_.size(); }
  bool FreeSome(size_t count) { return fields_.FreeSome(count); }
  bool vanishes() const { return fields_.empty(); }
  // Equal fields, equal hashes, whatever the history.
  uint64_t hash() const { return hash_; }

 private:
  static uint64_t HashOf(absl::string_view field, absl::string_view value) {
    return runtime::MixHash(runtime::MixHash(0x6669656c64u, HashBytes(field)),
                            HashBytes(value));
  }

  Fields fields_;
  uint64_t hash_ = 0;
};

}  // namespace kv

#endif  // KV_VALUES_HASH_VALUE_H_
