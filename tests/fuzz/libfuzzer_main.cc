// The entry of libFuzzer, for the target that the build names.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::FUZZ_TARGET({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
