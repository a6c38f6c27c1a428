#include "scenarios/choice_readers.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

using config::FormatRange;
using config::Range;
using config::ReadCount;
using config::ReadRange;
using config::ReadText;
using config::Unit;
using config::YamlErrors;
using config::YamlMap;

constexpr size_t kChoicesMax = 16;
constexpr uint32_t kPctDepthMax = 100;
constexpr int64_t kPaceMax = 20;
constexpr int64_t kSegmentBytesMin = 4096;
constexpr int64_t kSegmentBytesMax = 1 << 30;

// One value, or a list of them; `read` reads one.
template <class Read>
void ReadOneOrMore(YamlErrors& errors, const YAML::Node& node,
                   const Read& read) {
  if (!node.IsSequence()) {
    read(node);
    return;
  }
  if (node.size() == 0 || node.size() > kChoicesMax) {
    errors.Fail(node, absl::StrCat("expected a list of 1 to ", kChoicesMax,
                                   " choices"));
    return;
  }
  for (const YAML::Node& item : node) {
    read(item);
    if (!errors.ok()) return;
  }
}

void ReadSchedule(YamlErrors& errors, const YAML::Node& node,
                  SeedChoices* choices) {
  if (node.IsMap()) {
    YamlMap map(errors, node, "a schedule");
    ScheduleChoice choice{.schedule = sim::Schedule::kPct, .depth = 0};
    map.Require("pct");
    map.Count("pct", 1, kPctDepthMax, &choice.depth);
    map.Done();
    choices->schedules.push_back(choice);
    return;
  }
  std::string name;
  if (!ReadText(errors, node, &name)) return;
  if (name == "random") {
    choices->schedules.push_back({sim::Schedule::kRandom, 0});
  } else if (name == "fifo") {
    choices->schedules.push_back({sim::Schedule::kFifo, 0});
  } else {
    errors.Fail(node, absl::StrCat("expected random, fifo or {pct: DEPTH}, "
                                   "not '",
                                   name, "'"));
  }
}

void ReadEnding(YamlErrors& errors, const YAML::Node& node,
                SeedChoices* choices) {
  std::string name;
  if (!ReadText(errors, node, &name)) return;
  for (const Ending ending : {Ending::kQuiet, Ending::kCore}) {
    if (name != EndingName(ending)) continue;
    choices->endings.push_back(ending);
    return;
  }
  errors.Fail(node, absl::StrCat("expected quiet or core, not '", name, "'"));
}

// "3", "3..7" or [3, 5].
void ReadNodes(YamlErrors& errors, const YAML::Node& node,
               ClusterShape* cluster, SeedChoices* choices) {
  std::vector<uint32_t> nodes;
  ReadOneOrMore(errors, node, [&](const YAML::Node& item) {
    Range range;
    if (!ReadRange(errors, item, Unit::kCount, &range)) return;
    if (range.low < 1 || range.high > int64_t{kNodesMax}) {
      errors.Fail(item,
                  absl::StrCat("expected a number from 1 to ", kNodesMax,
                               ", not ", FormatRange(range, Unit::kCount)));
      return;
    }
    for (int64_t count = range.low; count <= range.high; ++count) {
      nodes.push_back(static_cast<uint32_t>(count));
    }
  });
  if (!errors.ok()) return;
  cluster->nodes = *std::min_element(nodes.begin(), nodes.end());
  if (nodes.size() > 1) choices->nodes = std::move(nodes);
}

void ReadPace(YamlErrors& errors, const YAML::Node& node,
              SeedChoices* choices) {
  Range pace;
  if (!ReadRange(errors, node, Unit::kCount, &pace)) return;
  if (pace.low < 1 || pace.high > kPaceMax) {
    errors.Fail(node, absl::StrCat("expected a pace from 1 to ", kPaceMax));
    return;
  }
  choices->pace = pace;
}

void ReadSegmentBytes(YamlErrors& errors, const YAML::Node& node,
                      ClusterShape* cluster, SeedChoices* choices) {
  Range bytes;
  if (!ReadRange(errors, node, Unit::kCount, &bytes)) return;
  if (bytes.low < kSegmentBytesMin || bytes.high > kSegmentBytesMax) {
    errors.Fail(node, absl::StrCat("expected a number from ", kSegmentBytesMin,
                                   " to ", kSegmentBytesMax));
    return;
  }
  cluster->segment_bytes = static_cast<uint64_t>(bytes.low);
  if (bytes.high > bytes.low) choices->segment_bytes = bytes;
}

void ReadInitCluster(YamlErrors& errors, const YAML::Node& node,
                     ClusterShape* cluster) {
  const std::string word = node.IsScalar() ? node.Scalar() : "";
  if (word == "kept") {
    cluster->init_cluster = ClusterShape::InitCluster::kKept;
  } else if (word == "first") {
    cluster->init_cluster = ClusterShape::InitCluster::kFirst;
  } else {
    errors.Fail(node, "expected kept or first");
  }
}

}  // namespace

void ReadSchedules(YamlErrors& errors, const YAML::Node& node,
                   SeedChoices* choices) {
  ReadOneOrMore(errors, node, [&](const YAML::Node& item) {
    ReadSchedule(errors, item, choices);
  });
}

void ReadEndings(YamlErrors& errors, const YAML::Node& node,
                 SeedChoices* choices) {
  ReadOneOrMore(errors, node, [&](const YAML::Node& item) {
    ReadEnding(errors, item, choices);
  });
}

void ReadCluster(YamlErrors& errors, const YAML::Node& node,
                 ClusterShape* cluster, SeedChoices* choices) {
  YamlMap map(errors, node, "the cluster");
  if (const YAML::Node* nodes = map.Find("nodes")) {
    ReadNodes(errors, *nodes, cluster, choices);
  }
  map.SpanRange("election_timeout", &cluster->election_timeout_min,
                &cluster->election_timeout_max);
  map.Span("heartbeat", &cluster->heartbeat_interval);
  if (const YAML::Node* pace = map.Find("pace")) {
    ReadPace(errors, *pace, choices);
  }
  if (const YAML::Node* bytes = map.Find("segment_bytes")) {
    ReadSegmentBytes(errors, *bytes, cluster, choices);
  }
  uint32_t uncommitted = static_cast<uint32_t>(cluster->uncommitted_bytes);
  map.Count("uncommitted_bytes", 1, 1 << 30, &uncommitted);
  cluster->uncommitted_bytes = uncommitted;
  map.Count("stores_under_way", 1, 1 << 20, &cluster->stores_under_way);
  map.Count("store_bytes_under_way", 1, 1 << 30,
            &cluster->store_bytes_under_way);
  map.Count("sessions_max", 1, kSessionsMax, &cluster->sessions_max);
  map.Span("leader_wait", &cluster->leader_wait);
  map.Count("parked_max", 1, 1 << 20, &cluster->parked_max);
  map.Span("request_timeout", &cluster->request_timeout);
  if (const YAML::Node* init = map.Find("init_cluster")) {
    ReadInitCluster(errors, *init, cluster);
  }
  map.Done();
  if (cluster->heartbeat_interval <= absl::ZeroDuration() ||
      cluster->heartbeat_interval >= cluster->election_timeout_min) {
    errors.Fail(node,
                "expected a heartbeat above 0 and below the election "
                "timeout");
  }
}

}  // namespace scenarios
