#include "scenarios/redis_outcomes.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {

RespVerdict RedisOutcomes::Judge(const RespSession::Request& request,
                                 const std::vector<RespReply>& replies,
                                 size_t i) {
  const RespVerdict verdict =
      i < replies.size() ? VerdictOf(replies[i]) : RespVerdict::kUnknown;
  switch (verdict) {
    case RespVerdict::kAnswered:
      ++answered_;
      break;
    case RespVerdict::kNotDone:
      ++refused_;
      if (replies[i].kind == RespReply::Kind::kMoved) ++moved_;
      break;
    case RespVerdict::kUnknown:
      ++unknown_;
      break;
    case RespVerdict::kWrong:
      ReportWrong(request, replies[i]);
      break;
  }
  return verdict;
}

void RedisOutcomes::ReportWrong(const RespSession::Request& request,
                                const RespReply& reply) {
  violations_.Report("redis-reply",
                     absl::StrCat("\"", absl::StrJoin(request, " "),
                                  "\" is answered ", reply.ToString()));
}

std::optional<int64_t> NumberIn(const RespReply& reply) {
  int64_t number = 0;
  switch (reply.kind) {
    case RespReply::Kind::kInteger:
      return reply.integer;
    case RespReply::Kind::kNil:
      return 0;
    case RespReply::Kind::kBulk:
      if (absl::SimpleAtoi(reply.text, &number)) return number;
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace scenarios
