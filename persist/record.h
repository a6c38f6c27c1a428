// What a replicated log is made of, for a room that stores logs and knows
// nothing of the protocol: group, index, term, bytes, and the hard state.

#ifndef PERSIST_RECORD_H_
#define PERSIST_RECORD_H_

#include <cstdint>

#include "runtime/bytes.h"
#include "runtime/ids.h"
#include "runtime/strong_int.h"

namespace persist {

// The epoch of a leader (Raft §5.1). Grows only.
using Term = runtime::StrongInt<struct TermTag>;

// The place of an entry in its log, from 1. Zero is "before the first".
using Index = runtime::StrongInt<struct IndexTag>;

// A position in the stream of stores of one group: see persist/persister.h.
using Sequence = runtime::StrongInt<struct SequenceTag>;

// One entry of a replicated log.
struct Record {
  Index index;
  Term term;
  uint8_t kind = 0;             // Belongs to the protocol; stored as it is.
  uint32_t payload_crc32c = 0;  // Computed once, where the payload is born.
  runtime::Bytes payload;
};

// What a member must never forget (Raft figure 2).
struct HardState {
  Term term;
  runtime::NodeId vote;  // In `term`; 0 for nobody.
  Index commit;          // A hint: known to be committed. May lag behind.

  friend bool operator==(const HardState&, const HardState&) = default;
};

}  // namespace persist

#endif  // PERSIST_RECORD_H_
