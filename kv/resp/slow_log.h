// Requests that took long, and where the time went.
//
// Each is noted as it ends (runtime/probe.h, "kv.slow_request"; raft_server
// writes it into its log), with its stages in microseconds since it was read:
//
//   queued    handed to the leader's core: it had waited for a session, or for
//             a leader
//   proposed  in the leader's log
//   durable   on the leader's disk
//   quorum    on the disks of a majority, too
//   applied   executed
//   replied   answered
//
// A read, and what another node led, has only the last. The newest are kept for
// SLOWLOG. Requests of a pipeline that travelled as one are noted as one.

#ifndef KV_RESP_SLOW_LOG_H_
#define KV_RESP_SLOW_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/resp/client.h"
#include "raft/stage_times.h"
#include "runtime/instant.h"

namespace kv {

class SlowLog {
 public:
  static constexpr size_t kEntriesMax = 128;
  static constexpr size_t kWordsMax = 32;
  static constexpr size_t kWordBytesMax = 128;

  struct Entry {
    uint64_t id = 0;
    absl::Time when;
    absl::Duration took;
    std::vector<std::string> words;  // Of its first command, shortened.
    std::string address;
    std::string name;
  };

  explicit SlowLog(absl::Duration threshold) : threshold_(threshold) {}

  absl::Duration threshold() const { return threshold_; }

  void Add(const RespClient& client, const CommandBatch& commands,
           const std::optional<raft::StageTimes>& stages,
           runtime::Instant began, runtime::Instant now, absl::Time wall);

  // Newest first.
  const std::deque<Entry>& entries() const { return entries_; }
  void Clear() { entries_.clear(); }

 private:
  const absl::Duration threshold_;
  uint64_t last_id_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace kv

#endif  // KV_RESP_SLOW_LOG_H_
