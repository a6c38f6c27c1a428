// Who plays which part in a cluster at this moment, for acts that aim at roles.
// Everywhere: 0 means that nobody does. Ties go to the node of the lowest
// number.

#ifndef SCENARIOS_ROLES_H_
#define SCENARIOS_ROLES_H_

#include <cstdint>

#include "scenarios/cluster.h"
#include "scenarios/target.h"

namespace scenarios {

// Who plays this role, of those that one node plays (FollowableRole()).
uint32_t PlayerOf(const Cluster& cluster, Target::Kind role);

// The node that led before the present leader, or before the last one if there
// is none now. It may not run.
uint32_t OldLeader(const Cluster& cluster);

// A running node that asks for votes, or asks whether it may.
uint32_t Candidate(const Cluster& cluster);

// The running node that is ahead of, or behind, all others in the length of its
// log. `except`: not this one.
uint32_t LongestLog(const Cluster& cluster, uint32_t except = 0);
uint32_t ShortestLog(const Cluster& cluster);

}  // namespace scenarios

#endif  // SCENARIOS_ROLES_H_
