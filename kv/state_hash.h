// Hashes of state that every node computes alike, kept up to date at the cost
// of what changed.
//
// Against divergence by bugs, not against adversaries. The same on every
// machine: bytes are read as little-endian lanes.

#ifndef KV_STATE_HASH_H_
#define KV_STATE_HASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

#include "runtime/random.h"

namespace kv {

// A hash of bytes that grows with them: appending costs what is appended.
//
// Covers the complete eight-byte lanes seen so far; the tail is mixed in by
// Finish(), from the text itself.
class LaneHash {
 public:
  // Takes in the lanes of `text` that are complete now. Requires: `text` begins
  // with what was taken in before.
  void Extend(absl::string_view text) {
    for (; lanes_end_ + 8 <= text.size(); lanes_end_ += 8) {
      hash_ = runtime::MixHash(hash_, Lane(text.data() + lanes_end_, 8));
    }
  }

  // Requires: Extend(text) came before.
  uint64_t Finish(absl::string_view text) const {
    const uint64_t tail =
        Lane(text.data() + lanes_end_, text.size() - lanes_end_);
    return runtime::MixHash(runtime::MixHash(hash_, tail), text.size());
  }

 private:
  // Inlined with a size of eight it is one load.
  static uint64_t Lane(const char* bytes, size_t size) {
    static_assert(std::endian::native == std::endian::little);
    uint64_t lane = 0;
    if (size > 0) std::memcpy(&lane, bytes, size);
    return lane;
  }

  uint64_t hash_ = 0x6b65797370616365u;
  size_t lanes_end_ = 0;
};

inline uint64_t HashBytes(absl::string_view text) {
  LaneHash hash;
  hash.Extend(text);
  return hash.Finish(text);
}

}  // namespace kv

#endif  // KV_STATE_HASH_H_
