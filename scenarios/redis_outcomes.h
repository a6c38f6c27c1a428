// What became of the requests of Redis clients, counted; and the one judge of
// replies that no server may give.
//
// redis-reply: an error that is none of CLUSTERDOWN, BUSY and UNCERTAIN, or a
// reply of a kind that the request cannot have.

#ifndef SCENARIOS_REDIS_OUTCOMES_H_
#define SCENARIOS_REDIS_OUTCOMES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "scenarios/checks/violations.h"
#include "scenarios/resp_session.h"

namespace scenarios {

class RedisOutcomes {
 public:
  // `violations` must outlive this.
  explicit RedisOutcomes(Violations& violations) : violations_(violations) {}

  // The verdict on reply `i`, counted; one that did not come is kUnknown. A
  // wrong one is reported.
  RespVerdict Judge(const RespSession::Request& request,
                    const std::vector<RespReply>& replies, size_t i);
  // The reply is no answer to the request.
  void ReportWrong(const RespSession::Request& request, const RespReply& reply);

  uint64_t answered() const { return answered_; }
  uint64_t refused() const { return refused_; }
  uint64_t unknown() const { return unknown_; }
  // Of those refused: told to go elsewhere.
  uint64_t moved() const { return moved_; }

 private:
  Violations& violations_;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  uint64_t unknown_ = 0;
  uint64_t moved_ = 0;
};

// The number in a reply to GET or INCR; nil is 0. Nothing: there is none.
std::optional<int64_t> NumberIn(const RespReply& reply);

}  // namespace scenarios

#endif  // SCENARIOS_REDIS_OUTCOMES_H_
