// Numbers and short texts as few bytes: LEB128, seven bits a byte, lowest
// first. What tapes and timelines are made of.
//
// The reader never believes a length: nothing is allocated beyond the bytes at
// hand.

#ifndef SCENARIOS_PACKED_NUMBERS_H_
#define SCENARIOS_PACKED_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace scenarios {

void PutNumber(std::string& out, uint64_t number);
void PutText(std::string& out, absl::string_view text);

// After the first defect every answer is empty or 0 and ok() is false.
class PackedReader {
 public:
  explicit PackedReader(absl::string_view bytes) : bytes_(bytes) {}

  uint64_t Number();
  std::string Text();
  // Fixed width, lowest byte first.
  uint16_t TwoBytes();
  // How many elements follow, each of at least `element_bytes_min`.
  uint64_t Count(size_t element_bytes_min);

  size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace scenarios

#endif  // SCENARIOS_PACKED_NUMBERS_H_
