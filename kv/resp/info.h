// The sections of INFO.
//
// Private to kv/resp.

#ifndef KV_RESP_INFO_H_
#define KV_RESP_INFO_H_

#include <string>

#include "kv/resp/table.h"

namespace kv {

// What the sections are made of: the facts now, and at CONFIG RESETSTAT.
struct InfoSource {
  const RespClient& client;
  const ServerFacts& now;
  const ServerFacts& at_reset;
  const CommandStats& stats;
  const ProcessUsage& process;

  bool leads() const { return now.raft.role == raft::Role::kLeader; }
};

// info_counts.cc: what is counted and measured. Without the title.
std::string MemorySection(const InfoSource& from);
std::string StatsSection(const InfoSource& from);
std::string CpuSection(const InfoSource& from);
std::string CommandStatsSection(const InfoSource& from);
std::string ErrorStatsSection(const InfoSource& from);
std::string LatencyStatsSection(const InfoSource& from);

}  // namespace kv

#endif  // KV_RESP_INFO_H_
