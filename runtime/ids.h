// The names of things that every room speaks of. Never reused, never zero.

#ifndef RUNTIME_IDS_H_
#define RUNTIME_IDS_H_

#include "runtime/strong_int.h"

namespace runtime {

// One member of a cluster: one data directory, for ever. Zero is "nobody".
using NodeId = StrongInt<struct NodeIdTag>;

// One replicated log among the many that may share a process.
using GroupId = StrongInt<struct GroupIdTag>;

// One cluster. Two clusters that meet by mistake refuse one another.
using ClusterId = StrongInt<struct ClusterIdTag>;

// One life of a process: strictly larger at every boot, durable before the
// first message leaves. Zero is "any life".
using Incarnation = StrongInt<struct IncarnationTag>;

}  // namespace runtime

#endif  // RUNTIME_IDS_H_
