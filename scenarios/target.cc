#include "scenarios/target.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {

std::string Target::ToString() const {
  switch (kind) {
    case Kind::kNode:
      return absl::StrCat("n", node);
    case Kind::kLeader:
      return "leader";
    case Kind::kFollower:
      return "follower";
    case Kind::kAny:
      return "any";
    case Kind::kMinority:
      return "minority";
    case Kind::kMajority:
      return "majority";
    case Kind::kAll:
      return "all";
    case Kind::kSome:
      return "some";
    case Kind::kOldLeader:
      return "old_leader";
    case Kind::kCandidate:
      return "candidate";
    case Kind::kLongestLog:
      return "longest_log";
    case Kind::kShortestLog:
      return "shortest_log";
    case Kind::kLongestFollower:
      return "longest_follower";
    case Kind::kAllOf:
      return absl::StrCat(
          "{all_of: [",
          absl::StrJoin(members, ", ",
                        [](std::string* out, const Target& one) {
                          absl::StrAppend(out, one.ToString());
                        }),
          "]}");
  }
  return "?";
}

}  // namespace scenarios
