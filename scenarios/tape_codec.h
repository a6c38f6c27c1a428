// A tape (sim/tape.h) as bytes, small enough to keep.
//
// Streams are numbered in the order in which they first appear, so most choices
// are three small numbers. All numbers are LEB128. Decoding is bounded by the
// bytes at hand.

#ifndef SCENARIOS_TAPE_CODEC_H_
#define SCENARIOS_TAPE_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "sim/tape.h"

namespace scenarios {

std::string EncodeTape(const sim::TapeRecord& record);

// Errors: DATA_LOSS.
absl::StatusOr<sim::TapeRecord> DecodeTape(absl::string_view bytes);

}  // namespace scenarios

#endif  // SCENARIOS_TAPE_CODEC_H_
