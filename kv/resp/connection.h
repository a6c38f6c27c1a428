// One connection of the Redis front door; see kv/resp/server.h. Lies on the
// stack of its fiber.

#ifndef KV_RESP_CONNECTION_H_
#define KV_RESP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/resp/client.h"
#include "kv/resp/parser.h"
#include "kv/resp/plan.h"
#include "net/stream.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"

namespace kv {

class RespServer;

// Tells the client that no more bytes will come, and takes (and drops) what it
// still sends, for a moment: a stream that is dropped with unread bytes in it
// may take the last answer with it. Suspends.
void CloseGently(runtime::Executor& executor, net::Stream& stream);

class RespConnection {
 public:
  // `server` outlives this.
  RespConnection(RespServer& server, std::unique_ptr<net::Stream> stream,
                 uint64_t id, bool redirects);

  // Suspends until the client has gone, or was sent away.
  void Serve();

  // With what its buffers hold now.
  const RespClient& Describe();

  // Ends it as soon as what was asked is answered: at once when idle. From any
  // other fiber; does not suspend.
  void Finish();

 private:
  // Whole requests from the front of the input. False: the connection ends.
  bool ServeInput();
  void PlanOne();
  bool PlanIsFull() const;
  // Executes the plan and queues its answers.
  void CarryOut();

  // Reads behind the input. False at the end.
  bool ReadMore();
  void MakeRoom(size_t wanted);
  absl::string_view Input() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }

  void RunWriter();
  // Waits until the answers that wait to be written are few enough.
  void WaitForWriter(size_t bytes_max);

  RespServer& server_;
  runtime::Executor& executor_;
  const std::unique_ptr<net::Stream> stream_;

  RespClient client_;
  RespParser parser_;
  RespPlan plan_;
  uint64_t requests_planned_ = 0;  // And not counted yet.
  bool reading_ = false;           // Suspended in a read: idle.
  bool finishing_ = false;         // No more requests.

  std::vector<char> buffer_;  // Input lies in [begin_, end_).
  size_t begin_ = 0;
  size_t end_ = 0;

  std::string answers_;  // Not handed to the stream yet.
  std::string leaving_;  // Being written.
  bool broken_ = false;  // The stream takes no more.
  runtime::WaitQueue answers_changed_;
  runtime::WaitQueue writer_changed_;
  runtime::FiberGroup writer_;
};

}  // namespace kv

#endif  // KV_RESP_CONNECTION_H_
