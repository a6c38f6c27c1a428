#include "raft/core/membership.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"

#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "runtime/random.h"

namespace raft {
namespace {

constexpr uint8_t kFormatWithoutIdentities = 1;
constexpr uint8_t kFormat = 2;
constexpr size_t kHeaderBytes = 1 + 4;
constexpr size_t kIdBytes = 8;
constexpr size_t kIdentityBytes = 16;

void PutLittleEndian(std::span<std::byte> out, uint64_t value) {
  for (std::byte& byte : out) {
    byte = static_cast<std::byte>(value & 0xff);
    value >>= 8;
  }
}

uint64_t GetLittleEndian(std::span<const std::byte> in) {
  uint64_t value = 0;
  for (size_t i = in.size(); i > 0; --i) {
    value = (value << 8) | static_cast<uint64_t>(in[i - 1]);
  }
  return value;
}

// Sorted, unique, nobody is nobody, and neither too few nor too many.
bool Valid(const VoterSet& voters) {
  return !voters.empty() && voters.size() <= Configuration::kVotersMax &&
         voters.front() != NodeId() &&
         std::adjacent_find(voters.begin(), voters.end(),
                            std::greater_equal<>()) == voters.end();
}

}  // namespace

bool Configuration::IsVoter(NodeId node) const {
  return std::binary_search(voters.begin(), voters.end(), node);
}

Identity Configuration::IdentityOf(NodeId node) const {
  const auto found = std::lower_bound(voters.begin(), voters.end(), node);
  if (found == voters.end() || *found != node || identities.empty()) return {};
  return identities[static_cast<size_t>(found - voters.begin())];
}

runtime::Bytes EncodeConfiguration(const Configuration& configuration) {
  const VoterSet& voters = configuration.voters;
  const std::vector<Identity>& identities = configuration.identities;
  CHECK(Valid(voters), voters.size(), " voters");
  CHECK(identities.empty() || identities.size() == voters.size(),
        identities.size(), " identities of ", voters.size(), " voters");
  const bool with = !identities.empty();
  const size_t member_bytes = kIdBytes + (with ? kIdentityBytes : 0);
  const size_t size = kHeaderBytes + voters.size() * member_bytes;
  return runtime::Bytes::Build(size, [&](std::span<std::byte> out) {
    out[0] = static_cast<std::byte>(with ? kFormat : kFormatWithoutIdentities);
    PutLittleEndian(out.subspan(1, 4), voters.size());
    out = out.subspan(kHeaderBytes);
    for (size_t i = 0; i < voters.size(); ++i) {
      PutLittleEndian(out.subspan(0, kIdBytes), voters[i].value());
      if (with) {
        PutLittleEndian(out.subspan(kIdBytes, 8), identities[i].high);
        PutLittleEndian(out.subspan(kIdBytes + 8, 8), identities[i].low);
      }
      out = out.subspan(member_bytes);
    }
  });
}

absl::StatusOr<Configuration> DecodeConfiguration(
    std::span<const std::byte> payload) {
  if (payload.size() < kHeaderBytes ||
      (payload[0] != static_cast<std::byte>(kFormat) &&
       payload[0] != static_cast<std::byte>(kFormatWithoutIdentities))) {
    return absl::DataLossError("configuration: unknown format");
  }
  const bool with = payload[0] == static_cast<std::byte>(kFormat);
  const size_t member_bytes = kIdBytes + (with ? kIdentityBytes : 0);
  const uint64_t count = GetLittleEndian(payload.subspan(1, 4));
  if (count > Configuration::kVotersMax ||
      payload.size() != kHeaderBytes + count * member_bytes) {
    return absl::DataLossError("configuration: wrong size");
  }
  Configuration configuration;
  configuration.voters.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto member = payload.subspan(kHeaderBytes + i * member_bytes);
    configuration.voters.emplace_back(
        GetLittleEndian(member.subspan(0, kIdBytes)));
    if (!with) continue;
    configuration.identities.push_back(
        {.high = GetLittleEndian(member.subspan(kIdBytes, 8)),
         .low = GetLittleEndian(member.subspan(kIdBytes + 8, 8))});
  }
  if (!Valid(configuration.voters)) {
    return absl::DataLossError("configuration: voters not strictly increasing");
  }
  return configuration;
}

Record BootstrapEntry(const Configuration& founders) {
  runtime::Bytes payload = EncodeConfiguration(founders);
  const uint32_t checksum = runtime::Crc32c(payload.span());
  return Record{.index = kBootstrapIndex,
                .term = kBootstrapTerm,
                .kind = static_cast<uint8_t>(EntryKind::kConfiguration),
                .payload_crc32c = checksum,
                .payload = std::move(payload)};
}

Record BootstrapEntry(std::vector<NodeId> voters) {
  std::sort(voters.begin(), voters.end());
  return BootstrapEntry(
      Configuration{.voters = std::move(voters), .identities = {}});
}

uint64_t FoundingFingerprint(runtime::ClusterId cluster,
                             const Record& founding_entry) {
  const uint64_t hash = runtime::MixHash(
      runtime::HashLabel(founding_entry.payload.text()), cluster.value());
  return hash != 0 ? hash : 1;
}

}  // namespace raft
