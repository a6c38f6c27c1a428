#include "scenarios/damage_ledger.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "kv/exit_code.h"
#include "persist/superblock.h"
#include "raft/host.h"
#include "scenarios/wal_map.h"
#include "sim/sim_disk.h"

namespace scenarios {
namespace {

// More than any file has.
constexpr uint64_t kToTheEnd = uint64_t{1} << 40;

// What persist says of a fault: "FILE offset N: ..." or "FILE: ...".
struct Place {
  std::string path;
  std::optional<uint64_t> offset;
};

Place PlaceIn(absl::string_view why) {
  Place place;
  place.path = std::string(why.substr(0, why.find_first_of(" :")));
  constexpr absl::string_view kOffset = " offset ";
  const absl::string_view rest = why.substr(place.path.size());
  if (!absl::StartsWith(rest, kOffset)) return place;
  const absl::string_view digits = rest.substr(kOffset.size());
  uint64_t offset = 0;
  if (absl::SimpleAtoi(digits.substr(0, digits.find(':')), &offset)) {
    place.offset = offset;
  }
  return place;
}

// Could damage at [offset, offset + bytes) of `path` be what is found at
// `place`? A frame that is named by where it begins is damaged there or behind.
bool Fits(const Place& place, const std::string& path, uint64_t offset,
          uint64_t bytes) {
  return place.path == path &&
         (!place.offset.has_value() || offset + bytes > *place.offset);
}

}  // namespace

DamageLedger::DamageLedger(sim::World& world, std::vector<sim::HostId> hosts,
                           std::vector<ShadowReader> shadows, Atlas atlas)
    : world_(world),
      hosts_(std::move(hosts)),
      shadows_(std::move(shadows)),
      damaged_max_(atlas == Atlas::kBeyond ? size() : (size() - 1) / 2) {}

bool DamageLedger::Admit(uint32_t node) {
  if (admitted_.contains(node)) return true;
  if (admitted_.size() >= damaged_max_) return false;
  admitted_.insert(node);
  return true;
}

bool DamageLedger::OtherSlotIsBad(uint32_t node,
                                  const sim::DamageSite& site) const {
  if (site.path != persist::kSuperblockPath) return false;
  const auto is_other = [&site](const std::string& path, uint64_t offset) {
    return path == persist::kSuperblockPath &&
           offset / persist::kSuperblockSlotBytes !=
               site.offset / persist::kSuperblockSlotBytes;
  };
  const sim::DiskDamage& damage = DamageOf(node);
  for (const sim::Misread& misread : damage.misreads()) {
    if (misread.boot == world_.boots(hosts_[node - 1]) &&
        is_other(misread.site.path, misread.site.offset)) {
      return true;
    }
  }
  const std::vector<sim::DamagedSector> sectors = damage.Sectors();
  return std::any_of(sectors.begin(), sectors.end(),
                     [&](const sim::DamagedSector& sector) {
                       return is_other(sector.path, sector.offset);
                     });
}

bool DamageLedger::Allows(uint32_t node, const sim::DamageSite& site) {
  const bool may = admitted_.contains(node) || admitted_.size() < damaged_max_;
  if (!may) return false;
  if (OtherSlotIsBad(node, site)) return false;
  const uint64_t end = site.offset + site.bytes;
  const WalMap map = MapWal(shadows_[node - 1], raft::Host::kFirstGroup);
  for (const WalFrame& frame : map.frames) {
    if (!frame.vouched && frame.path == site.path && frame.offset < end &&
        frame.offset + frame.bytes > site.offset) {
      return false;
    }
  }
  return Admit(node);
}

const sim::DiskDamage& DamageLedger::DamageOf(uint32_t node) const {
  return world_.disk(hosts_[node - 1]).damage();
}

bool DamageLedger::IsDamaged(uint32_t node) const {
  return wiped_.contains(node) || HasMisreadSuperblock(node) ||
         !DamageOf(node).Sectors().empty();
}

bool DamageLedger::HasMisreadSuperblock(uint32_t node) const {
  const std::vector<sim::Misread>& misreads = DamageOf(node).misreads();
  return std::any_of(misreads.begin(), misreads.end(),
                     [](const sim::Misread& misread) {
                       return misread.site.path == persist::kSuperblockPath;
                     });
}

bool DamageLedger::Explains(uint32_t node, int code, absl::string_view why) {
  if (code == kv::kExitUsage) {
    if (!wiped_.contains(node)) return false;
    if (!absl::StrContains(why, "--init-cluster")) return false;
  } else {
    if (code != kv::kExitDamage) return false;
    // The next boot may read it well. So may what a wiped node has begun anew.
    if (NamesMisread(node, why)) return true;
    if (!NamesDamage(node, why)) return false;
  }
  refused_[node] = std::string(why);
  return true;
}

bool DamageLedger::NamesDamage(uint32_t node, absl::string_view why) const {
  const Place place = PlaceIn(why);
  // Old slots of the superblock lead to segments that are gone, and so they do
  // when they were only read once, by a life that then removed what they did
  // not name.
  const bool from_superblock =
      absl::EndsWith(place.path, ".wal") && !place.offset.has_value();
  if (from_superblock && HasMisreadSuperblock(node)) return true;
  const std::vector<sim::DamagedSector> sectors = DamageOf(node).Sectors();
  return std::any_of(
      sectors.begin(), sectors.end(), [&](const sim::DamagedSector& sector) {
        const uint64_t bytes =
            sector.to_the_end ? kToTheEnd : uint64_t{persist::kSectorBytes};
        return Fits(place, sector.path, sector.offset, bytes) ||
               (from_superblock && sector.path == persist::kSuperblockPath);
      });
}

bool DamageLedger::NamesMisread(uint32_t node, absl::string_view why) const {
  const Place place = PlaceIn(why);
  const std::vector<sim::Misread>& misreads = DamageOf(node).misreads();
  return std::any_of(misreads.begin(), misreads.end(),
                     [&](const sim::Misread& misread) {
                       return misread.boot == world_.boots(hosts_[node - 1]) &&
                              Fits(place, misread.site.path,
                                   misread.site.offset, misread.site.bytes);
                     });
}

bool DamageLedger::HasRefused(uint32_t node) const {
  return refused_.contains(node) && IsDamaged(node) &&
         !world_.running(hosts_[node - 1]);
}

bool DamageLedger::LostForGood(uint32_t node) const {
  if (HasRefused(node)) return true;
  if (!wiped_.contains(node) || !world_.running(hosts_[node - 1])) return false;
  for (uint32_t other = 1; other <= size(); ++other) {
    if (HasRefused(other)) return true;
  }
  return false;
}

uint32_t DamageLedger::nodes_lost() const {
  uint32_t lost = 0;
  for (uint32_t node = 1; node <= size(); ++node) {
    if (LostForGood(node)) ++lost;
  }
  return lost;
}

bool DamageLedger::Unrecoverable() const {
  return 2 * (size() - nodes_lost()) <= size();
}

std::string DamageLedger::Lost() const {
  std::string lost;
  for (const auto& [node, why] : refused_) {
    if (!HasRefused(node)) continue;
    absl::StrAppend(&lost, lost.empty() ? "" : "; ", "n", node, ": ", why);
  }
  return lost;
}

}  // namespace scenarios
