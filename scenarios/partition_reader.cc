// Who is in which group of a partition, as it is written, and how clients are
// named:
//
//   [[n1, n2], [n3]]                 nodes
//   [[leader, c1], rest]             roles, clients; whoever is in no group
//   [{majority_with: leader}, rest]  filled up with others, drawn

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "scenarios/act_readers.h"

namespace scenarios {
namespace {

using config::ReadText;
using Group = Partition::Group;
using Fill = Group::Fill;

constexpr const char* kGroups =
    "expected groups of nodes such as [[n1, n2], [n3]] or [[leader], rest]";

// Whether `text` is `letter` and a number from 1 to `count`.
bool IsNumbered(absl::string_view text, char letter, uint32_t count) {
  uint32_t number = 0;
  return text.size() > 1 && text[0] == letter && text[1] != '0' &&
         absl::SimpleAtoi(text.substr(1), &number) && number <= count;
}

bool LooksLikeClient(absl::string_view text) {
  return text == "script" || IsNumbered(text, 'c', kClientsMax) ||
         IsNumbered(text, 'r', 2 * kClientsMax);
}

std::string ClientNames(const Stage& stage) {
  std::string names = "script";
  if (stage.clients > 0) absl::StrAppend(&names, ", c1 to c", stage.clients);
  if (stage.redis_clients > 0) {
    absl::StrAppend(&names, ", r1 to r", stage.redis_clients);
  }
  return names;
}

class PartitionReader {
 public:
  PartitionReader(YamlErrors& errors, const Stage& stage)
      : errors_(errors), stage_(stage) {}

  void Read(const YAML::Node& node, Partition* partition);

 private:
  void ReadGroup(const YAML::Node& node, Group* group);
  void ReadWord(const YAML::Node& node, Group* group);
  void ReadFill(const YAML::Node& node, Group* group);
  void ReadMember(const YAML::Node& item, Group* group);
  // Nobody is in two groups.
  bool Place(const YAML::Node& item, const std::string& name);

  YamlErrors& errors_;
  const Stage& stage_;
  absl::btree_set<std::string> placed_;
  bool has_rest_ = false;
};

void PartitionReader::Read(const YAML::Node& node, Partition* partition) {
  if (!node.IsSequence() || node.size() < 2) {
    errors_.Fail(node, kGroups);
    return;
  }
  for (const YAML::Node& group : node) {
    ReadGroup(group, &partition->groups.emplace_back());
    if (!errors_.ok()) return;
  }
}

void PartitionReader::ReadGroup(const YAML::Node& node, Group* group) {
  if (node.IsScalar()) {
    ReadWord(node, group);
  } else if (node.IsMap()) {
    ReadFill(node, group);
  } else if (!node.IsSequence() || node.size() == 0) {
    errors_.Fail(node, "expected a group of nodes such as [n1, n2]");
  } else {
    for (const YAML::Node& item : node) {
      ReadMember(item, group);
      if (!errors_.ok()) return;
    }
  }
}

void PartitionReader::ReadWord(const YAML::Node& node, Group* group) {
  if (node.Scalar() != "rest") {
    errors_.Fail(node, absl::StrCat("expected a group of nodes such as [n1, "
                                    "n2], or rest, not '",
                                    node.Scalar(), "'"));
    return;
  }
  if (std::exchange(has_rest_, true)) {
    errors_.Fail(node, "rest stands here twice");
  }
  group->fill = Fill::kRest;
}

void PartitionReader::ReadFill(const YAML::Node& node, Group* group) {
  YamlMap map(errors_, node, "a group");
  const YAML::Node* more = map.Find("majority_with");
  const YAML::Node* fewer = map.Find("minority_with");
  map.Done();
  if (!errors_.ok()) return;
  if ((more == nullptr) == (fewer == nullptr)) {
    errors_.Fail(node, "expected majority_with or minority_with");
    return;
  }
  group->fill = more != nullptr ? Fill::kMajority : Fill::kMinority;
  const YAML::Node& members = more != nullptr ? *more : *fewer;
  if (!members.IsSequence()) {
    ReadMember(members, group);
    return;
  }
  for (const YAML::Node& item : members) {
    ReadMember(item, group);
    if (!errors_.ok()) return;
  }
}

void PartitionReader::ReadMember(const YAML::Node& item, Group* group) {
  if (item.IsScalar() && LooksLikeClient(item.Scalar())) {
    std::string& client = group->clients.emplace_back();
    if (ReadClient(errors_, item, stage_, &client)) Place(item, client);
    return;
  }
  Target& member = group->members.emplace_back();
  if (!ReadTarget(errors_, item, stage_.nodes(), &member)) return;
  // Several may be drawn without being the same.
  const bool drawn = member.kind == Target::Kind::kAny ||
                     member.kind == Target::Kind::kFollower ||
                     member.kind == Target::Kind::kSome ||
                     member.kind == Target::Kind::kMinority;
  if (!drawn) Place(item, member.ToString());
}

bool PartitionReader::Place(const YAML::Node& item, const std::string& name) {
  if (placed_.insert(name).second) return true;
  return errors_.Fail(item, absl::StrCat(name, " is in two groups"));
}

}  // namespace

bool ReadClient(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                std::string* out) {
  if (!ReadText(errors, node, out)) return false;
  if (*out == "script" || IsNumbered(*out, 'c', stage.clients) ||
      IsNumbered(*out, 'r', stage.redis_clients)) {
    return true;
  }
  return errors.Fail(
      node, absl::StrCat("expected a client: ", ClientNames(stage), ", not '",
                         *out, "'"));
}

bool ReadClients(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                 std::vector<std::string>* out) {
  if (!node.IsSequence()) {
    return ReadClient(errors, node, stage, &out->emplace_back());
  }
  if (node.size() == 0) return errors.Fail(node, "expected a client");
  for (const YAML::Node& item : node) {
    if (!ReadClient(errors, item, stage, &out->emplace_back())) return false;
  }
  return true;
}

void ReadPartition(YamlErrors& errors, const YAML::Node& node,
                   const Stage& stage, Act* act) {
  Partition partition;
  PartitionReader(errors, stage).Read(node, &partition);
  if (errors.ok()) *act = std::move(partition);
}

}  // namespace scenarios
