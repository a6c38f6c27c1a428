#include "raft/core/membership.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"

#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace raft {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kHeaderBytes = 1 + 4;
constexpr size_t kIdBytes = 8;

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

runtime::Bytes EncodeConfiguration(const Configuration& configuration) {
  const VoterSet& voters = configuration.voters;
  CHECK(Valid(voters), voters.size(), " voters");
  const size_t size = kHeaderBytes + voters.size() * kIdBytes;
  return runtime::Bytes::Build(size, [&](std::span<std::byte> out) {
    out[0] = static_cast<std::byte>(kFormat);
    PutLittleEndian(out.subspan(1, 4), voters.size());
    for (size_t i = 0; i < voters.size(); ++i) {
      PutLittleEndian(out.subspan(kHeaderBytes + i * kIdBytes, kIdBytes),
                      voters[i].value());
    }
  });
}

absl::StatusOr<Configuration> DecodeConfiguration(
    std::span<const std::byte> payload) {
  if (payload.size() < kHeaderBytes ||
      payload[0] != static_cast<std::byte>(kFormat)) {
    return absl::DataLossError("configuration: unknown format");
  }
  const uint64_t count = GetLittleEndian(payload.subspan(1, 4));
  if (count > Configuration::kVotersMax ||
      payload.size() != kHeaderBytes + count * kIdBytes) {
    return absl::DataLossError("configuration: wrong size");
  }
  Configuration configuration;
  configuration.voters.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    configuration.voters.emplace_back(GetLittleEndian(
        payload.subspan(kHeaderBytes + i * kIdBytes, kIdBytes)));
  }
  if (!Valid(configuration.voters)) {
    return absl::DataLossError("configuration: voters not strictly increasing");
  }
  return configuration;
}

Record BootstrapEntry(std::vector<NodeId> voters) {
  std::sort(voters.begin(), voters.end());
  runtime::Bytes payload =
      EncodeConfiguration(Configuration{.voters = std::move(voters)});
  const uint32_t checksum = runtime::Crc32c(payload.span());
  return Record{.index = kBootstrapIndex,
                .term = kBootstrapTerm,
                .kind = static_cast<uint8_t>(EntryKind::kConfiguration),
                .payload_crc32c = checksum,
                .payload = std::move(payload)};
}

}  // namespace raft
