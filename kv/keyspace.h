// Binary-safe keys to binary-safe values. A counter is a value that holds an
// integer as text, as in Redis.
//
// An ordered tree, not a hash table: whatever walks it (a snapshot, a scan)
// sees the same order on every node, in every run, on every compiler; Abseil's
// hash tables are salted with an address.
//
// Values are copied out of the entries that set them: a view would keep a whole
// replication message alive for the sake of one small value.

#ifndef KV_KEYSPACE_H_
#define KV_KEYSPACE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "kv/state_hash.h"

namespace kv {

class Keyspace {
 public:
  // The view lives until the next change.
  std::optional<absl::string_view> Get(absl::string_view key) const;
  bool Contains(absl::string_view key) const;

  // True if there was a value before.
  bool Set(absl::string_view key, absl::string_view value);
  // The length of the value then. Costs what is appended.
  size_t Append(absl::string_view key, absl::string_view text);
  // True if there was one.
  bool Remove(absl::string_view key);

  size_t size() const { return values_.size(); }

  // Equal contents, equal hashes, whatever the history: the sum, modulo 2^64,
  // of a hash of each key with its value.
  uint64_t hash() const { return hash_; }

 private:
  struct Value {
    std::string text;
    LaneHash lanes;
    uint64_t hash = 0;  // What it adds to the keyspace's.
  };

  // `value` is another one now, or has grown.
  void Rehash(absl::string_view key, Value& value);

  absl::btree_map<std::string, Value> values_;
  uint64_t hash_ = 0;
};

}  // namespace kv

#endif  // KV_KEYSPACE_H_
