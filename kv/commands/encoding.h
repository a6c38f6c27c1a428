// What OBJECT ENCODING answers: the representation that Redis would choose at
// its default settings. Ours does not depend on it.

#ifndef KV_COMMANDS_ENCODING_H_
#define KV_COMMANDS_ENCODING_H_

#include "absl/strings/string_view.h"

#include "kv/values/value.h"

namespace kv {

absl::string_view EncodingOf(const Value& value);

}  // namespace kv

#endif  // KV_COMMANDS_ENCODING_H_
