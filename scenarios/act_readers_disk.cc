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

void ReadDisk(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
              Act* act) {
  YamlMap map(errors, node, "a disk");
  TroubleDisk trouble;
  RequireChoice(errors, map, "node", stage.nodes(), &trouble.target);
  map.Flag("follows", &trouble.follows);
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
  const bool can_follow =
      trouble.target.size() == 1 && FollowableRole(trouble.target.front());
  if (errors.ok() && trouble.follows && !can_follow) {
    errors.Fail(*map.Find("node"),
                "a disk follows leader, old_leader, candidate, longest_log, "
                "shortest_log or longest_follower");
  }
  *act = std::move(trouble);
}

void ReadFillDisk(YamlErrors& errors, const YAML::Node& node,
                  const Stage& stage, Act* act) {
  TroubleDisk trouble;
  ReadChoice(errors, node, stage.nodes(), &trouble.target);
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

void ReadRot(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
             Act* act) {
  YamlMap map(errors, node, "rot");
  RotDisk rot;
  RequireChoice(errors, map, "node", stage.nodes(), &rot.target);
  if (const YAML::Node* where = map.Find("where")) {
    ReadWhere(errors, *where, &rot.where);
  }
  map.Flag("unreadable", &rot.unreadable);
  map.Done();
  *act = std::move(rot);
}

void ReadCall(YamlErrors& errors, const YAML::Node& node,
              CrashAtFile::Call* call) {
  using Call = CrashAtFile::Call;
  static constexpr auto kCalls =
      std::to_array<std::pair<absl::string_view, Call>>(
          {{"write", Call::kWrite},
           {"sync", Call::kSync},
           {"any", Call::kEither}});
  std::string text;
  if (!ReadText(errors, node, &text)) return;
  for (const auto& [name, one] : kCalls) {
    if (text != name) continue;
    *call = one;
    return;
  }
  errors.Fail(node,
              absl::StrCat("expected write, sync or any, not '", text, "'"));
}

void ReadCrashAt(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                 Act* act) {
  constexpr uint32_t kTimesMax = 100;
  YamlMap map(errors, node, "a crash at a file");
  CrashAtFile crash;
  RequireChoice(errors, map, "node", stage.nodes(), &crash.target);
  map.Require("file");
  if (const YAML::Node* file = map.Find("file")) {
    ReadText(errors, *file, &crash.file);
  }
  if (const YAML::Node* call = map.Find("call")) {
    ReadCall(errors, *call, &crash.call);
  }
  map.Count("times", 1, kTimesMax, &crash.times);
  map.Flag("power", &crash.power);
  map.Done();
  *act = std::move(crash);
}

constexpr auto kReaders = std::to_array<ActReader>({
    {"crash_at", ReadCrashAt},
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
