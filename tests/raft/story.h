// Steps of a CoreCluster as lines that can be read aloud:
//
//   [ 153ms] n1 <- n3 vote? term 2, last 1@1 | term 2 | -> n3 vote yes (#1)
//
// First what happened to whom, then what came of it. Indexes are written
// index@term. "(#4)" is a message that waits until store 4 is durable. Beats of
// the heart that change nothing are left out.

#ifndef TESTS_RAFT_STORY_H_
#define TESTS_RAFT_STORY_H_

#include <string>

#include "raft/core/core.h"
#include "tests/raft/core_cluster.h"

namespace raft {

std::string Describe(const Message& message);

// One line, without its end; empty when there is nothing to tell.
std::string Describe(const StepSeen& step, bool show_heartbeats);

// Role, term, vote, commit index and log of a member.
std::string DescribeMember(const CoreCluster& cluster, NodeId node);

}  // namespace raft

#endif  // TESTS_RAFT_STORY_H_
