// The acts that break disks, as they are written.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "scenarios/act_readers.h"
#include "scenarios/scenario_acts.h"

namespace scenarios {
namespace {

using config::ReadText;

void ReadDisk(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              Act* act) {
  YamlMap map(errors, node, "a disk");
  TroubleDisk trouble;
  RequireChoice(errors, map, "node", nodes, &trouble.target);
  map.Flag("full", &trouble.full);
  map.Flag("stuck", &trouble.stuck);
  if (map.Find("stall") != nullptr) {
    map.Span("stall", &trouble.stall.emplace());
  }
  if (const YAML::Node* knobs = map.Find("knobs")) {
    ReadKnobs(errors, *knobs, "disk.", &trouble.knobs);
  }
  map.Done();
  if (errors.ok() && !trouble.full && !trouble.stuck &&
      !trouble.stall.has_value() && trouble.knobs.empty()) {
    errors.Fail(node, "expected full, stuck, stall or knobs");
  }
  *act = std::move(trouble);
}

void ReadFillDisk(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                  Act* act) {
  TroubleDisk trouble;
  ReadChoice(errors, node, nodes, &trouble.target);
  trouble.full = true;
  *act = std::move(trouble);
}

void ReadWhere(YamlErrors& errors, const YAML::Node& node,
               RotDisk::Where* where) {
  using Where = RotDisk::Where;
  static constexpr auto kPlaces =
      std::to_array<std::pair<absl::string_view, Where>>(
          {{"committed", Where::kCommitted},
           {"tail", Where::kTail},
           {"superblock", Where::kSuperblock},
           {"any", Where::kAny}});
  std::string text;
  if (!ReadText(errors, node, &text)) return;
  for (const auto& [name, place] : kPlaces) {
    if (text != name) continue;
    *where = place;
    return;
  }
  errors.Fail(node, absl::StrCat("expected committed, tail, superblock or any, "
                                 "not '",
                                 text, "'"));
}

void ReadRot(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
             Act* act) {
  YamlMap map(errors, node, "rot");
  RotDisk rot;
  RequireChoice(errors, map, "node", nodes, &rot.target);
  if (const YAML::Node* where = map.Find("where")) {
    ReadWhere(errors, *where, &rot.where);
  }
  map.Flag("unreadable", &rot.unreadable);
  map.Done();
  *act = std::move(rot);
}

constexpr auto kReaders = std::to_array<ActReader>({
    {"disk", ReadDisk},
    {"fail_sync", ReadTargeted<FailSync>},
    {"fill_disk", ReadFillDisk},
    {"rot", ReadRot},
    {"shorten", ReadTargeted<ShortenLog>},
    {"wipe", ReadTargeted<WipeDisk>},
});

}  // namespace

std::span<const ActReader> DiskActReaders() { return kReaders; }

}  // namespace scenarios
