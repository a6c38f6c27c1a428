// A Redis client that asks for much at once, as programs that import or export
// do: it writes a whole pipeline before it reads the first answer, sets values
// of several MiB, queues thousands of requests between MULTI and EXEC, sends
// what is larger than the server takes, fills a list that takes long to free
// and deletes it, and is a browser now and then, which knows nothing of Redis.
//
// What client 2 counts in transactions is in "bulk:2", its values in
// "bulk:value:2". What a browser asks for is never done: "bulk:browser" is not
// there.

#ifndef SCENARIOS_BULK_CLIENT_H_
#define SCENARIOS_BULK_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/resp_session.h"

namespace scenarios {

class BulkClient {
 public:
  // Of the server, while there are such clients. A pipeline of this client is
  // answered within the second, but not within the windows of its connection.
  static constexpr size_t kRequestBytesMax = 8 << 20;
  static constexpr size_t kAnswerBytesMax = 16 << 20;
  static constexpr size_t kClientsBytesMax = 256 << 20;
  // Whoever reads a counter finds a multiple of it.
  static constexpr int64_t kStep = 17'000;

  // `number` from 1; 0: an auditor. All that is referred to outlives this.
  BulkClient(RespSession& session, uint32_t number, runtime::Random dice,
             Violations& violations, RedisOutcomes& outcomes);

  // Suspends: one of the above, if somebody can be reached.
  void DoOne();
  // Suspends. Whether a whole pipeline was answered.
  bool Pipeline();

  // The key of `number`'s counter; what a browser would set.
  static std::string CounterKey(uint32_t number);
  static constexpr absl::string_view kBrowserKey = "bulk:browser";

 private:
  using Requests = std::vector<RespSession::Request>;

  void Transaction();
  void JudgeTransaction(const std::vector<RespReply>& replies);
  void LargeValue();
  void LargeList();
  void TooLarge();
  void Browse();
  void Report(std::string evidence);

  RespSession& session_;
  const uint32_t number_;
  runtime::Random dice_;
  Violations& violations_;
  RedisOutcomes& outcomes_;
  uint64_t values_ = 0;
  uint64_t lists_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_BULK_CLIENT_H_
