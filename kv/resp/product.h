// What the server says it is.

#ifndef KV_RESP_PRODUCT_H_
#define KV_RESP_PRODUCT_H_

#include "absl/strings/string_view.h"

namespace kv {

// What clients look at to learn which commands and replies to expect.
inline constexpr absl::string_view kRedisVersion = "7.0.15";
inline constexpr absl::string_view kServerVersion = "0.1.0";

}  // namespace kv

#endif  // KV_RESP_PRODUCT_H_
