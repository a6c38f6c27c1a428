// Structs to bytes and back: two cereal archives that are bounded.
//
// Fixed-width little-endian fields. The reader never allocates more than the
// bytes that are left could describe, never reads past the end, and turns every
// defect into a status: nothing thrown by cereal passes Decode().
//
//   struct Ping { uint64_t serial; std::string text;
//     template <class A> void serialize(A& archive) { archive(serial, text); }
//     };
//   runtime::Bytes bytes = net::Encode(ping);
//   absl::StatusOr<Ping> back = net::Decode<Ping>(bytes.span());
//
// Knows: arithmetic types, bool, enums, StrongInt, std::string, runtime::Bytes,
// std::vector, std::optional, std::pair, std::variant and structs with
// serialize(). On the wire:
//   number, enum        its width; a bool is one byte, 0 or 1
//   string, Bytes       u32 length, then the bytes
//   vector              u32 count, then the elements
//   optional            bool, then the value if there is one
//   pair, struct        the fields; an empty struct is nothing at all
//   variant             u8 index, then the value
// An enum may hold any number of its width after Decode(): whether it is one of
// the enumerators is for the caller to check. A serialize() that checks more
// than widths calls archive.Fail("why") on a WireReader; loading then ends.
//
// Included only by codecs: it pulls in cereal. Do not include cereal's own
// cereal/types/*.hpp beside it: they allocate what a forged count says.

#ifndef NET_WIRE_H_
#define NET_WIRE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cereal/cereal.hpp"

#include "net/little_endian.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/strong_int.h"

namespace net {

// ---- the archives

// Collects what is written.
class WireWriter
    : public cereal::OutputArchive<WireWriter, cereal::AllowEmptyClassElision> {
 public:
  // A Bytes that is sent from where it lies: it belongs before the written byte
  // `offset`.
  struct Attachment {
    size_t offset;
    runtime::Bytes bytes;
  };

  // Bytes of at least `attach_bytes_min` become attachments.
  explicit WireWriter(size_t attach_bytes_min)
      : OutputArchive(this), attach_bytes_min_(attach_bytes_min) {}
  WireWriter(const WireWriter&) = delete;
  WireWriter& operator=(const WireWriter&) = delete;

  void Put(const void* data, size_t size) {
    const auto room = static_cast<size_t>(end_ - next_);
    if (size > room) [[unlikely]] {
      Grow(size);
    }
    if (size > 0) std::memcpy(next_, data, size);
    next_ += size;
  }

  void PutCount(size_t count) {
    CHECK_LE(count, std::numeric_limits<uint32_t>::max());
    const uint32_t narrow = static_cast<uint32_t>(count);
    Put(&narrow, sizeof(narrow));
  }

  void PutBytes(const runtime::Bytes& bytes) {
    PutCount(bytes.size());
    if (bytes.size() < attach_bytes_min_) {
      Put(bytes.data(), bytes.size());
    } else {
      attachments_.push_back({written().size(), bytes});
    }
  }

  std::span<const std::byte> written() const { return {begin_, next_}; }
  const std::vector<Attachment>& attachments() const { return attachments_; }

 private:
  // Most messages fit into what lies on the stack.
  static constexpr size_t kRoomAtFirst = 512;

  // Goes on elsewhere, with room for `size` bytes more.
  void Grow(size_t size) {
    const size_t used = written().size();
    std::vector<std::byte> larger(std::max(used + size, 2 * used));
    std::memcpy(larger.data(), begin_, used);
    large_ = std::move(larger);
    begin_ = large_.data();
    next_ = begin_ + used;
    end_ = begin_ + large_.size();
  }

  const size_t attach_bytes_min_;
  std::array<std::byte, kRoomAtFirst> small_;  // Where it begins; not cleared.
  std::vector<std::byte> large_;               // Where it goes on.
  std::byte* begin_ = small_.data();
  std::byte* next_ = begin_;
  std::byte* end_ = begin_ + kRoomAtFirst;
  std::vector<Attachment> attachments_;
};

// Reads from memory that must outlive it. After the first defect nothing is
// left to read: values come out as zero and counts as none.
class WireReader
    : public cereal::InputArchive<WireReader, cereal::AllowEmptyClassElision> {
 public:
  // How deep vectors may lie in one another: a type that contains itself must
  // not let the sender choose the depth of our stack.
  static constexpr int kDepthMax = 32;

  explicit WireReader(std::span<const std::byte> bytes)
      : InputArchive(this), bytes_(bytes) {}
  // Bytes fields will share the memory of `bytes`.
  explicit WireReader(const runtime::Bytes& bytes)
      : InputArchive(this), bytes_(bytes.span()), source_(&bytes) {}

  // False, and `to` untouched, when fewer than `size` bytes are left.
  bool Take(void* to, size_t size) {
    if (size > left()) {
      Damaged("ends too early");
      return false;
    }
    if (size > 0) std::memcpy(to, bytes_.data() + offset_, size);
    offset_ += size;
    return true;
  }

  // A count of elements, each of at least `element_bytes_min` bytes, that the
  // bytes left can hold; 0 after a defect.
  size_t TakeCount(size_t element_bytes_min) {
    uint32_t count = 0;
    if (!Take(&count, sizeof(count))) return 0;
    if (count > left() / element_bytes_min) {
      Damaged("a count beyond the bytes that are left");
      return 0;
    }
    return count;
  }

  runtime::Bytes TakeBytes() {
    const size_t size = TakeCount(1);
    const size_t offset = offset_;
    offset_ += size;
    return source_ != nullptr
               ? source_->Slice(offset, size)
               : runtime::Bytes::Copy(bytes_.subspan(offset, size));
  }

  // The bytes are whole but say something impossible. `what` is a literal.
  void Fail(const char* what) {
    Fail(absl::StatusCode::kInvalidArgument, what);
  }

  bool EnterVector() {
    if (++depth_ <= kDepthMax) return true;
    Fail("too deeply nested");
    return false;
  }
  void LeaveVector() { --depth_; }

  size_t left() const { return bytes_.size() - offset_; }
  bool failed() const { return defect_ != nullptr; }

  // Errors: DATA_LOSS (cut short, a forged count, bytes left over),
  //         INVALID_ARGUMENT (an impossible value), with the offset.
  absl::Status Finish() {
    if (left() > 0) Damaged("bytes left over");
    if (!failed()) return absl::OkStatus();
    return absl::Status(
        code_, absl::StrCat("bad message at byte ", defect_at_, ": ", defect_));
  }

 private:
  void Damaged(const char* what) { Fail(absl::StatusCode::kDataLoss, what); }
  void Fail(absl::StatusCode code, const char* what) {
    if (failed()) return;  // The first one is the cause.
    code_ = code;
    defect_ = what;
    defect_at_ = offset_;
    offset_ = bytes_.size();
  }

  const std::span<const std::byte> bytes_;
  const runtime::Bytes* const source_ = nullptr;
  size_t offset_ = 0;
  int depth_ = 0;

  const char* defect_ = nullptr;  // Not null: failed, with the two below.
  absl::StatusCode code_ = absl::StatusCode::kOk;
  size_t defect_at_ = 0;
};

}  // namespace net

// Tells cereal that the two belong together; it asks when it meets an enum.
CEREAL_SETUP_ARCHIVE_TRAITS(net::WireReader, net::WireWriter)

namespace net {

// ---- from struct to bytes and back

// Bytes of this size or more leave from where they lie in EncodePieces().
inline constexpr size_t kAttachBytesMin = 256;

template <class T>
runtime::Bytes Encode(const T& value) {
  constexpr size_t kNeverAttach = std::numeric_limits<size_t>::max();
  WireWriter writer(kNeverAttach);
  writer(value);
  return runtime::Bytes::Copy(writer.written());
}

// The same bytes in pieces, to be sent one after the other: large Bytes fields
// are not copied.
template <class T>
std::vector<runtime::Bytes> EncodePieces(const T& value) {
  WireWriter writer(kAttachBytesMin);
  writer(value);
  const runtime::Bytes flat = runtime::Bytes::Copy(writer.written());
  std::vector<runtime::Bytes> pieces;
  pieces.reserve(2 * writer.attachments().size() + 1);
  size_t done = 0;
  for (const WireWriter::Attachment& attachment : writer.attachments()) {
    pieces.push_back(flat.Slice(done, attachment.offset - done));
    pieces.push_back(attachment.bytes);
    done = attachment.offset;
  }
  if (done < flat.size()) {
    pieces.push_back(flat.Slice(done, flat.size() - done));
  }
  return pieces;
}

// Not for use outside: loads all of `reader` as one T.
template <class T>
absl::StatusOr<T> DecodeAll(WireReader& reader) {
  T value{};
  try {
    reader(value);
  } catch (const cereal::Exception&) {
    // Some serialize() went beyond what this archive knows.
    reader.Fail("refused by cereal");
  }
  absl::Status status = reader.Finish();
  if (!status.ok()) return status;
  return value;
}

// Errors: those of WireReader::Finish().
template <class T>
absl::StatusOr<T> Decode(std::span<const std::byte> bytes) {
  WireReader reader(bytes);
  return DecodeAll<T>(reader);
}

// As above; Bytes fields of the result share the memory of `bytes`.
template <class T>
absl::StatusOr<T> Decode(const runtime::Bytes& bytes) {
  WireReader reader(bytes);
  return DecodeAll<T>(reader);
}

// ---- the least that a value takes, to judge a count by

template <class T>
struct WireBytesMin {
  static_assert(!std::is_empty_v<T>,
                "elements that take no bytes cannot be counted");
  static constexpr size_t kValue =
      std::is_arithmetic_v<T> || std::is_enum_v<T> ? sizeof(T) : 1;
};
template <class Tag>
struct WireBytesMin<runtime::StrongInt<Tag>> {
  static constexpr size_t kValue = sizeof(uint64_t);
};
template <>
struct WireBytesMin<std::string> {
  static constexpr size_t kValue = sizeof(uint32_t);
};
template <>
struct WireBytesMin<runtime::Bytes> {
  static constexpr size_t kValue = sizeof(uint32_t);
};
template <class T>
struct WireBytesMin<std::vector<T>> {
  static constexpr size_t kValue = sizeof(uint32_t);
};

// ---- what cereal finds by argument-dependent look-up

template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive, const T& value) {
  static_assert(!std::is_same_v<T, long double>, "its width varies");
  archive.Put(&value, sizeof(value));
}
template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive, T& value) {
  static_assert(!std::is_same_v<T, long double>, "its width varies");
  value = T{};
  if constexpr (std::is_same_v<T, bool>) {
    uint8_t byte = 0;
    archive.Take(&byte, 1);
    if (byte > 1) archive.Fail("a bool is 0 or 1");
    value = byte == 1;
  } else {
    archive.Take(&value, sizeof(value));
  }
}

template <class Tag>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                               const runtime::StrongInt<Tag>& value) {
  archive(value.value());
}
template <class Tag>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive,
                               runtime::StrongInt<Tag>& value) {
  uint64_t number = 0;
  archive(number);
  value = runtime::StrongInt<Tag>(number);
}

inline void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                                      const std::string& value) {
  archive.PutCount(value.size());
  archive.Put(value.data(), value.size());
}
inline void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive, std::string& value) {
  value.resize(archive.TakeCount(1));
  archive.Take(value.data(), value.size());
}

inline void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                                      const runtime::Bytes& value) {
  archive.PutBytes(value);
}
inline void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive,
                                      runtime::Bytes& value) {
  value = archive.TakeBytes();
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                               const std::vector<T>& values) {
  static_assert(!std::is_same_v<T, bool>, "use std::vector<uint8_t>");
  archive.PutCount(values.size());
  if constexpr (std::is_arithmetic_v<T>) {
    archive.Put(values.data(), values.size() * sizeof(T));
  } else {
    for (const T& value : values) archive(value);
  }
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive, std::vector<T>& values) {
  static_assert(!std::is_same_v<T, bool>, "use std::vector<uint8_t>");
  const size_t count = archive.TakeCount(WireBytesMin<T>::kValue);
  values.clear();
  if constexpr (std::is_arithmetic_v<T>) {
    values.resize(count);
    archive.Take(values.data(), count * sizeof(T));
  } else {
    if (!archive.EnterVector()) return;
    // An element may be larger in memory than on the wire: what is reserved
    // ahead never exceeds the bytes that are left.
    values.reserve(std::min(count, archive.left() / sizeof(T) + 1));
    for (size_t i = 0; i < count && !archive.failed(); ++i) {
      archive(values.emplace_back());
    }
    archive.LeaveVector();
  }
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                               const std::optional<T>& value) {
  archive(value.has_value());
  if (value.has_value()) archive(*value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive, std::optional<T>& value) {
  bool present = false;
  archive(present);
  value.reset();
  if (present) archive(value.emplace());
}

template <class A, class B>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                               const std::pair<A, B>& value) {
  archive(value.first, value.second);
}
template <class A, class B>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive, std::pair<A, B>& value) {
  archive(value.first, value.second);
}

template <class... Ts>
void CEREAL_SAVE_FUNCTION_NAME(WireWriter& archive,
                               const std::variant<Ts...>& value) {
  static_assert(sizeof...(Ts) <= 256);
  archive(static_cast<uint8_t>(value.index()));
  std::visit([&](const auto& alternative) { archive(alternative); }, value);
}
template <class... Ts>
void CEREAL_LOAD_FUNCTION_NAME(WireReader& archive,
                               std::variant<Ts...>& value) {
  uint8_t index = 0;
  archive(index);
  if (archive.failed()) return;
  if (index >= sizeof...(Ts)) {
    archive.Fail("no such alternative");
    return;
  }
  const auto load_if = [&]<size_t I>(std::integral_constant<size_t, I>) {
    if (index == I) archive(value.template emplace<I>());
  };
  [&]<size_t... I>(std::index_sequence<I...>) {
    (load_if(std::integral_constant<size_t, I>{}), ...);
  }(std::index_sequence_for<Ts...>{});
}

}  // namespace net

#endif  // NET_WIRE_H_
