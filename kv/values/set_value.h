// A set of members, in the order of their hashes.

#ifndef KV_VALUES_SET_VALUE_H_
#define KV_VALUES_SET_VALUE_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

#include "kv/state_hash.h"
#include "kv/values/hash_ordered.h"
#include "runtime/random.h"

namespace kv {

class SetValue {
 public:
  struct Nothing {};
  using Members = HashOrdered<Nothing>;

  // To walk, scan and pick from.
  const Members& members() const { return members_; }
  size_t size() const { return members_.size(); }
  bool Contains(absl::string_view member) const {
    return members_.Contains(member);
  }

  // True if it is new.
  bool Add(absl::string_view member) {
    if (!members_.Insert(member).second) return false;
    hash_ += HashOf(member);
    return true;
  }

  // A new one behind all others. Requires: it is an item of another set, and
  // that is its place.
  void Append(const Members::Item& member) {
    members_.Append(member.order, member.key);
    hash_ += HashOf(member.key);
  }

  // True if it was there. `member` may be its own text.
  bool Remove(absl::string_view member) {
    const uint64_t hash = HashOf(member);
    if (!members_.Erase(member)) return false;
    hash_ -= hash;
    return true;
  }

  // All of it once more.
  SetValue Copy(Steps steps) const {
    SetValue copy;
    copy.members_ = members_.Copy(steps);
    copy.hash_ = hash_;
    return copy;
  }

  size_t pieces() const { return members_.size(); }
  bool FreeSome(size_t count) { return members_.FreeSome(count); }
  bool vanishes() const { return members_.empty(); }
  // Equal members, equal hashes, whatever the history.
  uint64_t hash() const { return hash_; }

 private:
  static uint64_t HashOf(absl::string_view member) {
    return runtime::MixHash(0x6d656d626572u, HashBytes(member));
  }

  Members members_;
  uint64_t hash_ = 0;
};

}  // namespace kv

#endif  // KV_VALUES_SET_VALUE_H_
