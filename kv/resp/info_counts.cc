// What INFO counts and measures. A number that is always 0 says that there is
// no such thing here, which is true; what would have to be guessed is left out.

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "kv/resp/info.h"

namespace kv {
namespace {

std::string Human(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, "B");
  double size = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"K", "M", "G", "T"}) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  return absl::StrFormat("%.2f%s", size, unit);
}

std::string Bytes(absl::string_view name, uint64_t bytes) {
  return absl::StrCat(name, ":", bytes, "\r\n", name, "_human:", Human(bytes),
                      "\r\n");
}

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

// Thousands of bits were meant once; it says bytes, as Redis does.
double Kilobytes(uint64_t bytes) { return static_cast<double>(bytes) / 1024; }

std::string Seconds(absl::string_view name, absl::Duration span) {
  return absl::StrFormat("%s:%.6f\r\n", name, absl::ToDoubleSeconds(span));
}

}  // namespace

std::string MemorySection(const InfoSource& from) {
  const ProcessUsage& process = from.process;
  const uint64_t used = process.anonymous_bytes;
  const uint64_t peak = process.resident_peak_bytes;
  return absl::StrCat(
      Bytes("used_memory", used),
      Bytes("used_memory_rss", process.resident_bytes),
      Bytes("used_memory_peak", peak),
      absl::StrFormat("used_memory_peak_perc:%.2f%%\r\n",
                      100 * Ratio(used, peak)),
      Bytes("total_system_memory", process.system_bytes), Bytes("maxmemory", 0),
      "maxmemory_policy:noeviction\r\n",
      absl::StrFormat("mem_fragmentation_ratio:%.2f\r\n",
                      Ratio(process.resident_bytes, used)),
      "mem_fragmentation_bytes:",
      process.resident_bytes - std::min(process.resident_bytes, used),
      "\r\nmem_allocator:", process.allocator,
      "\r\nactive_defrag_running:0\r\nlazyfree_pending_objects:0\r\n");
}

std::string StatsSection(const InfoSource& from) {
  const ServerFacts& now = from.now;
  const ServerFacts& then = from.at_reset;
  const TrafficFacts& traffic = now.traffic;
  return absl::StrCat(
      absl::StrCat(
          "total_connections_received:",
          now.clients_accepted - then.clients_accepted,
          "\r\ntotal_commands_processed:", now.requests - then.requests,
          "\r\ninstantaneous_ops_per_sec:", traffic.requests_per_second,
          "\r\ntotal_net_input_bytes:",
          traffic.bytes_in - then.traffic.bytes_in,
          "\r\ntotal_net_output_bytes:",
          traffic.bytes_out - then.traffic.bytes_out, "\r\n"),
      absl::StrFormat("instantaneous_input_kbps:%.2f\r\n"
                      "instantaneous_output_kbps:%.2f\r\n",
                      Kilobytes(traffic.bytes_in_per_second),
                      Kilobytes(traffic.bytes_out_per_second)),
      "rejected_connections:", now.clients_refused - then.clients_refused,
      "\r\nsync_full:0\r\nsync_partial_ok:0\r\nsync_partial_err:0"
      "\r\nexpired_keys:",
      now.lookups.expired - then.lookups.expired,
      "\r\nevicted_keys:0\r\nevicted_clients:0\r\nkeyspace_hits:",
      now.lookups.hits - then.lookups.hits,
      "\r\nkeyspace_misses:", now.lookups.misses - then.lookups.misses,
      "\r\npubsub_channels:0\r\npubsub_patterns:0\r\nlatest_fork_usec:0"
      "\r\ntotal_forks:0\r\nmigrate_cached_sockets:0"
      "\r\ntotal_error_replies:",
      from.stats.errors_total(),
      "\r\ntotal_reads_processed:", traffic.reads - then.traffic.reads,
      "\r\ntotal_writes_processed:", traffic.writes - then.traffic.writes,
      "\r\n");
}

std::string CpuSection(const InfoSource& from) {
  const ProcessUsage& process = from.process;
  return absl::StrCat(
      Seconds("used_cpu_sys", process.cpu_system),
      Seconds("used_cpu_user", process.cpu_user),
      Seconds("used_cpu_sys_children", {}),
      Seconds("used_cpu_user_children", {}),
      Seconds("used_cpu_sys_main_thread", process.thread_cpu_system),
      Seconds("used_cpu_user_main_thread", process.thread_cpu_user));
}

std::string CommandStatsSection(const InfoSource& from) {
  std::string out;
  for (const CommandStats::Row& row : from.stats.rows()) {
    if (row.calls + row.rejected == 0) continue;
    const int64_t micros = row.nanos / 1000;
    absl::StrAppend(
        &out, "cmdstat_", row.name, ":calls=", row.calls, ",usec=", micros,
        absl::StrFormat(",usec_per_call=%.2f",
                        row.calls == 0 ? 0
                                       : static_cast<double>(micros) /
                                             static_cast<double>(row.calls)),
        ",rejected_calls=", row.rejected, ",failed_calls=", row.failed, "\r\n");
  }
  return out;
}

std::string ErrorStatsSection(const InfoSource& from) {
  std::string out;
  for (const auto& [word, count] : from.stats.errors()) {
    absl::StrAppend(&out, "errorstat_", word, ":count=", count, "\r\n");
  }
  return out;
}

std::string LatencyStatsSection(const InfoSource& from) {
  std::string out;
  for (const CommandStats::Row& row : from.stats.rows()) {
    if (row.latency == nullptr) continue;
    const auto micros = [&row](uint64_t permille) {
      return static_cast<double>(row.latency->Permille(permille));
    };
    absl::StrAppend(&out, "latency_percentiles_usec_", row.name,
                    absl::StrFormat(":p50=%.3f,p99=%.3f,p99.9=%.3f\r\n",
                                    micros(500), micros(990), micros(999)));
  }
  return out;
}

}  // namespace kv
