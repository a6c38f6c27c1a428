// The hash slot of a key, as Redis Cluster computes it.
//
// https://redis.io/docs/reference/cluster-spec: CRC-16/XMODEM of the key, or of
// what stands between its first '{' and the next '}' if that is not empty,
// modulo 16384. One group leads all slots here; clients want them named.

#ifndef KV_KEY_SLOT_H_
#define KV_KEY_SLOT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace kv {

inline constexpr uint32_t kKeySlots = 16384;

uint32_t KeySlot(absl::string_view key);

}  // namespace kv

#endif  // KV_KEY_SLOT_H_
