// Which part of preallocated room is to be filled with zeros, and when.
//
// A file system that has only reserved blocks writes metadata again when they
// are first written, and then a sync takes 60 to 90 microseconds more (ext4, on
// the machine of docs/performance.md); after zeros were written there, it does
// not. But to fill a whole segment at once holds up what waits for the log, and
// each byte is written twice. So the zeros are written in small portions just
// ahead of small writes, and are left out where writes are large: those are few
// for what they write.
//
// Pure: it is told of writes, and says what to do.

#ifndef PROD_PREALLOCATION_H_
#define PROD_PREALLOCATION_H_

#include <algorithm>
#include <cstdint>

namespace prod {

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool empty() const { return begin >= end; }
  bool operator==(const ByteRange&) const = default;
};

class Preallocation {
 public:
  // Such writes, and larger ones, do not run behind zeros.
  static constexpr uint64_t kLargeWriteBytes = 128 << 10;
  // How far zeros are written ahead of a small write that gets beyond them.
  static constexpr uint64_t kPortionBytes = 128 << 10;

  // `reserved` has blocks that were never written, and nobody else will write
  // there.
  void Reserve(ByteRange reserved) { untouched_ = reserved; }

  // The file has been cut to, or grown to, `size`.
  void Truncate(uint64_t size) {
    untouched_.end = std::min(untouched_.end, size);
  }

  // `written` has been, or a part of it: what is to be filled with zeros
  // before the next sync, which may be nothing.
  ByteRange OnWrite(ByteRange written) {
    if (written.end <= untouched_.begin) return {};
    untouched_.begin = written.end;
    if (written.end - written.begin >= kLargeWriteBytes) return {};
    const ByteRange portion = {
        untouched_.begin,
        std::min(untouched_.begin + kPortionBytes, untouched_.end)};
    if (portion.empty()) return {};
    untouched_.begin = portion.end;
    return portion;
  }

 private:
  // What lies before it has been written, or will cost what it costs.
  ByteRange untouched_;
};

}  // namespace prod

#endif  // PROD_PREALLOCATION_H_
