#include "net/handshake.h"

#include "net/little_endian.h"
#include "runtime/strong_int.h"

namespace net {
namespace {

// Puts fields one behind the other into an array of exactly their size.
template <size_t kBytes>
class FieldWriter {
 public:
  template <std::integral T>
  FieldWriter& Put(T value) {
    StoreLittleEndian(bytes_.data() + at_, value);
    at_ += sizeof(value);
    return *this;
  }
  template <class Tag>
  FieldWriter& Put(runtime::StrongInt<Tag> value) {
    return Put(value.value());
  }
  std::array<std::byte, kBytes> Done() const { return bytes_; }

 private:
  std::array<std::byte, kBytes> bytes_;
  size_t at_ = 0;
};

// Takes them out again. Requires: the bytes are there.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> bytes) : at_(bytes.data()) {}

  template <std::integral T>
  FieldReader& Take(T& value) {
    value = LoadLittleEndian<T>(at_);
    at_ += sizeof(value);
    return *this;
  }
  template <class Tag>
  FieldReader& Take(runtime::StrongInt<Tag>& value) {
    uint64_t number = 0;
    Take(number);
    value = runtime::StrongInt<Tag>(number);
    return *this;
  }

 private:
  const std::byte* at_;
};

}  // namespace

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWelcome:
      return "welcome";
    case Verdict::kWrongVersion:
      return "wrong version";
    case Verdict::kWrongCluster:
      return "wrong cluster";
    case Verdict::kWrongNode:
      return "wrong node";
    case Verdict::kOldLife:
      return "old life";
    case Verdict::kOldDial:
      return "old dial";
    case Verdict::kTooManyNodes:
      return "too many nodes";
    case Verdict::kOtherFounding:
      return "other founding";
  }
  return "unknown verdict";
}

std::array<std::byte, Hello::kBytes> Hello::Encode() const {
  return FieldWriter<kBytes>()
      .Put(version)
      .Put(cluster)
      .Put(from)
      .Put(to)
      .Put(incarnation)
      .Put(dial)
      .Put(link)
      .Put(founding)
      .Put(mark)
      .Put(static_cast<uint8_t>(channel))
      .Done();
}

std::optional<Hello> Hello::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kBytes) return std::nullopt;
  Hello hello;
  uint8_t channel = 0;
  FieldReader(bytes)
      .Take(hello.version)
      .Take(hello.cluster)
      .Take(hello.from)
      .Take(hello.to)
      .Take(hello.incarnation)
      .Take(hello.dial)
      .Take(hello.link)
      .Take(hello.founding)
      .Take(hello.mark)
      .Take(channel);
  if (channel >= kChannels) return std::nullopt;
  hello.channel = static_cast<Channel>(channel);
  return hello;
}

std::array<std::byte, Welcome::kBytes> Welcome::Encode() const {
  return FieldWriter<kBytes>()
      .Put(version)
      .Put(static_cast<uint8_t>(verdict))
      .Put(cluster)
      .Put(from)
      .Put(incarnation)
      .Put(link)
      .Put(founding)
      .Put(mark)
      .Done();
}

std::optional<Welcome> Welcome::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kBytes) return std::nullopt;
  Welcome welcome;
  uint8_t verdict = 0;
  FieldReader(bytes)
      .Take(welcome.version)
      .Take(verdict)
      .Take(welcome.cluster)
      .Take(welcome.from)
      .Take(welcome.incarnation)
      .Take(welcome.link)
      .Take(welcome.founding)
      .Take(welcome.mark);
  welcome.verdict = static_cast<Verdict>(verdict);
  return welcome;
}

std::array<std::byte, MessagePrologue::kBytes> MessagePrologue::Encode() const {
  return FieldWriter<kBytes>()
      .Put(link)
      .Put(group)
      .Put(sender)
      .Put(echo)
      .Done();
}

std::optional<MessagePrologue> MessagePrologue::Parse(
    std::span<const std::byte> bytes) {
  if (bytes.size() < kBytes) return std::nullopt;
  MessagePrologue prologue;
  FieldReader(bytes)
      .Take(prologue.link)
      .Take(prologue.group)
      .Take(prologue.sender)
      .Take(prologue.echo);
  return prologue;
}

std::array<std::byte, PingPong::kBytes> PingPong::Encode() const {
  return FieldWriter<kBytes>().Put(link).Put(serial).Done();
}

std::optional<PingPong> PingPong::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  PingPong ping;
  FieldReader(bytes).Take(ping.link).Take(ping.serial);
  return ping;
}

}  // namespace net
