// Raft's messages to bytes and back. The only file of this room that knows
// cereal.
//
// A message is a variant (u8 index, then the fields of the struct in order; see
// net/wire.h for the widths). The entries of an AppendRequest follow its other
// fields:
//   u32 count | count * { u64 term | u8 kind | u32 crc32c | u32 size | payload
//   }
// An entry does not carry its index: it follows from previous_index, so that a
// message cannot have gaps.
//
// What comes out of DecodeMessage() is well-formed, whatever went in: kinds are
// known, terms do not decrease and do not exceed the leader's, configurations
// decode, and every payload matches the checksum it was born with.

#ifndef RAFT_CODEC_H_
#define RAFT_CODEC_H_

#include <vector>

#include "absl/status/statusor.h"

#include "raft/core/message.h"
#include "runtime/bytes.h"

namespace raft {

// The message in pieces, to be sent one after the other. Large payloads are
// pieces of their own and shared, not copied.
std::vector<runtime::Bytes> EncodeMessage(const Message& message);

// Payloads share the memory of `bytes`.
// Errors: DATA_LOSS         cut short, a forged count, bytes left over, a
//                           payload or configuration that is damaged.
//         INVALID_ARGUMENT  whole, but no sender of ours says such a thing.
absl::StatusOr<Message> DecodeMessage(const runtime::Bytes& bytes);

}  // namespace raft

#endif  // RAFT_CODEC_H_
