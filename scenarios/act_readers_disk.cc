// The acts that break disks, as they are written.

#include <array>
#include <span>

#include "scenarios/act_readers.h"
#include "scenarios/scenario_acts.h"

namespace scenarios {
namespace {

constexpr auto kReaders = std::to_array<ActReader>({
    {"fail_sync", ReadTargeted<FailSync>},
});

}  // namespace

std::span<const ActReader> DiskActReaders() { return kReaders; }

}  // namespace scenarios
