#include "net/standing.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "net/frame.h"
#include "net/handshake.h"
#include "net/little_endian.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace net {
namespace {

class Writer {
 public:
  explicit Writer(std::vector<std::byte>& bytes) : bytes_(bytes) {}
  template <std::integral T>
  Writer& Put(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    StoreLittleEndian(bytes_.data() + bytes_.size() - sizeof(T), value);
    return *this;
  }
  Writer& Put(const runtime::Identity& identity) {
    return Put(identity.high).Put(identity.low);
  }

 private:
  std::vector<std::byte>& bytes_;
};

// Requires: the bytes are there.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : at_(bytes.data()) {}
  template <std::integral T>
  T Take() {
    const T value = LoadLittleEndian<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  runtime::Identity TakeIdentity() {
    const auto high = Take<uint64_t>();
    const auto low = Take<uint64_t>();
    return {.high = high, .low = low};
  }

 private:
  const std::byte* at_;
};

}  // namespace

std::string NodesText(std::span<const FoundingMember> members) {
  std::string text;
  for (const FoundingMember& member : members) {
    absl::StrAppend(&text, text.empty() ? "n" : ", n", member.node.value());
  }
  return text;
}

bool SameNodes(std::span<const FoundingMember> a,
               std::span<const FoundingMember> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const FoundingMember& x, const FoundingMember& y) {
                      return x.node == y.node;
                    });
}

std::vector<std::byte> Standing::Encode() const {
  CHECK_LE(members.size(), kMembersMax);
  std::vector<std::byte> bytes;
  bytes.reserve(kFixedBytes + members.size() * kMemberBytes);
  Writer writer(bytes);
  writer.Put(version)
      .Put(cluster.value())
      .Put(from.value())
      .Put(to.value())
      .Put(link)
      .Put(static_cast<uint8_t>(stage))
      .Put(identity)
      .Put(fingerprint)
      .Put(known_life.value())
      .Put(static_cast<uint8_t>(members.size()));
  for (const FoundingMember& member : members) {
    writer.Put(member.node.value()).Put(member.identity);
  }
  return bytes;
}

std::optional<Standing> Standing::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kFixedBytes || bytes.size() > kBytesMax) {
    return std::nullopt;
  }
  Reader reader(bytes);
  Standing standing;
  standing.version = reader.Take<uint16_t>();
  standing.cluster = runtime::ClusterId(reader.Take<uint64_t>());
  standing.from = runtime::NodeId(reader.Take<uint64_t>());
  standing.to = runtime::NodeId(reader.Take<uint64_t>());
  standing.link = reader.Take<uint64_t>();
  const auto stage = reader.Take<uint8_t>();
  standing.identity = reader.TakeIdentity();
  standing.fingerprint = reader.Take<uint64_t>();
  standing.known_life = runtime::Incarnation(reader.Take<uint64_t>());
  const size_t count = reader.Take<uint8_t>();
  if (stage > static_cast<uint8_t>(Stage::kFounded) ||
      bytes.size() != kFixedBytes + count * kMemberBytes) {
    return std::nullopt;
  }
  standing.stage = static_cast<Stage>(stage);
  for (size_t i = 0; i < count; ++i) {
    const runtime::NodeId node(reader.Take<uint64_t>());
    if (!standing.members.empty() && standing.members.back().node >= node) {
      return std::nullopt;
    }
    standing.members.push_back({node, reader.TakeIdentity()});
  }
  return standing;
}

absl::StatusOr<Standing> AskStanding(Network& network, const Address& address,
                                     const Standing& own, uint64_t link,
                                     runtime::Instant deadline) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream,
                   network.Dial(address, Framing::kFrames, deadline));
  Standing inquiry = own;
  inquiry.link = link;
  FrameBatch batch;
  batch.Add(static_cast<uint8_t>(PeerFrame::kInquiry), inquiry.Encode(), {});
  RETURN_IF_ERROR(stream->Write(batch.Spans(), deadline));
  FrameReader reader({.framing = Framing::kFrames,
                      .payload_bytes_max = Standing::kBytesMax,
                      .slab_bytes = 1024});
  while (true) {
    ASSIGN_OR_RETURN(const size_t size,
                     stream->Read(reader.Buffer(), deadline));
    if (size == 0) return absl::UnavailableError("closed by the peer");
    reader.Commit(size);
    Frame frame;
    while (reader.Next(&frame) == FrameReader::Outcome::kFrame) {
      if (frame.kind != static_cast<uint8_t>(PeerFrame::kStanding)) continue;
      std::optional<Standing> standing = Standing::Parse(frame.payload.span());
      if (standing.has_value() && standing->link == link) {
        return *std::move(standing);
      }
    }
  }
}

}  // namespace net
