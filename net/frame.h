// Messages on a stream of bytes: where one ends and whether it is whole.
//
//   offset  size
//        0     4  magic "TWRF"
//        4     1  version of this format: 1
//        5     1  kind, which belongs to the protocol above
//        6     2  zero
//        8     4  payload length
//       12     4  crc32c of the payload
//       16     4  crc32c of the 16 bytes before
//       20        payload
//
// Numbers are little-endian. The header has a checksum of its own because a
// damaged length would otherwise make the reader wait for, and allocate, what
// was never sent: nothing is allocated for a frame before its header is proved
// and its length is within the limit.
//
// FrameBatch gathers frames for one Stream::Write() without copying payloads;
// FrameReader takes a stream apart again, in chunks of any size. What a reader
// does about damage depends on the stream it reads (net/stream.h):
//   kBytes   a defect is final: the stream cannot be trusted any more.
//   kFrames  whole writes may be missing, repeated or damaged: the reader
//            searches for the next magic with a valid header and counts.
// A payload that looks like a frame could be taken for one while a kFrames
// reader searches. Protocols on such streams must therefore name their
// connection in every message by something that cannot be guessed.
//
// Concurrency: one fiber at a time.

#ifndef NET_FRAME_H_
#define NET_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"

#include "net/stream.h"
#include "runtime/bytes.h"

namespace net {

inline constexpr uint32_t kFrameMagic = 0x46525754;  // "TWRF"
inline constexpr uint8_t kFrameVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 20;

struct Frame {
  uint8_t kind = 0;
  runtime::Bytes payload;
};

// The frames of one Stream::Write(), reused from one write to the next.
class FrameBatch {
 public:
  // One frame whose payload is `prologue`, which is copied, followed by
  // `pieces`, which are kept alive until Clear().
  // Requires: the payload is shorter than 4 GiB.
  void Add(uint8_t kind, std::span<const std::byte> prologue,
           std::span<const runtime::Bytes> pieces);

  // What to write. Valid until the next Add() or Clear().
  std::span<const std::span<const std::byte>> Spans();

  size_t frames() const { return frames_; }
  size_t bytes() const { return bytes_; }
  bool empty() const { return frames_ == 0; }
  void Clear();

 private:
  // A stretch of `heads_`, or the next of `payloads_`.
  struct Part {
    size_t offset;
    size_t size;
    bool is_head;
  };

  std::vector<std::byte> heads_;  // All headers and prologues.
  std::vector<runtime::Bytes> payloads_;
  std::vector<Part> parts_;  // In the order of sending.
  std::vector<std::span<const std::byte>> spans_;
  size_t frames_ = 0;
  size_t bytes_ = 0;
};

struct FrameReaderOptions {
  Framing framing = Framing::kBytes;
  size_t payload_bytes_max = 8 << 20;
  // What is read at once, and what small frames share.
  size_t slab_bytes = 64 << 10;
};

//   while (...) {
//     ASSIGN_OR_RETURN(size_t n, stream.Read(reader.Buffer(), deadline));
//     reader.Commit(n);
//     while (reader.Next(&frame) == FrameReader::Outcome::kFrame) ...
//   }
class FrameReader {
 public:
  enum class Outcome : uint8_t { kFrame, kNeedMore, kDefect };

  explicit FrameReader(FrameReaderOptions options);
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Where the next bytes of the stream belong; never empty. Valid until the
  // next call.
  std::span<std::byte> Buffer();
  // The first `size` bytes of Buffer() have been written.
  void Commit(size_t size);

  // kFrame: the next frame is in `*frame`. Large payloads share the memory they
  // were received in; small ones are copied out, so that keeping a few of them
  // does not keep much more than them.
  // kDefect: see defect(); it will not get better. kBytes only.
  Outcome Next(Frame* frame);

  // DATA_LOSS with the offset in the stream, or OK.
  const absl::Status& defect() const { return defect_; }

  // kFrames: stretches of damage skipped, and their bytes.
  uint64_t damaged() const { return damaged_; }
  uint64_t bytes_skipped() const { return bytes_skipped_; }

 private:
  size_t unread() const { return end_ - begin_; }
  void MakeRoom();
  // Looks for a header at the front. True when there is one; false when more
  // bytes are needed or the stream is defect.
  bool FindHeader();
  // What is wrong with the header at the front, or null.
  const char* HeaderDefect() const;
  void SkipToMagic();
  void Skip(size_t size);
  void Consume(size_t size);
  runtime::Bytes TakePayload();
  void SetDefect(const char* what);

  const FrameReaderOptions options_;

  // Received bytes lie in [begin_, end_) of slab_. What lies behind end_ is
  // seen by nobody but this, which alone writes there through slab_data_.
  runtime::Bytes slab_;
  std::byte* slab_data_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool slab_shared_ = false;  // A payload shares slab_: it is not reused.

  bool header_found_ = false;  // The header at begin_ is proved; its fields:
  uint8_t kind_ = 0;
  size_t payload_bytes_ = 0;
  uint32_t payload_crc32c_ = 0;

  bool skipping_ = false;  // The bytes just before begin_ were damaged.
  uint64_t consumed_ = 0;  // Offset of begin_ in the stream.
  uint64_t damaged_ = 0;
  uint64_t bytes_skipped_ = 0;
  absl::Status defect_;
};

}  // namespace net

#endif  // NET_FRAME_H_
