// Which segments at the end of a log a boot takes into its own.
//
// Every boot begins a segment, and most of them get little to hold: without
// folding, a node that restarts often would run out of places in the superblock
// long before it has written much. So a boot copies what the last few short
// segments hold into its new one, and they go.
//
// Pure: sizes in, a decision out. What it promises:
//   - What is copied at one boot is at most half a segment, so that the new one
//     has room.
//   - A little (an eighth of a segment) is copied at every boot. Beyond that a
//     segment is taken only together with at least half of its size, so that no
//     byte is copied more often than the logarithm of what there is.
//   - Of the segments that are left, so few are short that a full superblock
//     means a large log: see SegmentFoldingTest.

#ifndef PERSIST_SEGMENT_FOLDING_H_
#define PERSIST_SEGMENT_FOLDING_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace persist {

// `used_bytes` are those of the segments of a log, in order. The result is the
// first of those to be folded, all behind it included; the number of segments
// if none is.
size_t FirstToFold(std::span<const uint64_t> used_bytes,
                   uint64_t segment_bytes);

}  // namespace persist

#endif  // PERSIST_SEGMENT_FOLDING_H_
