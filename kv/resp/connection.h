// One connection of the Redis front door; see kv/resp/server.h. Lies on the
// stack of its fiber.

#ifndef KV_RESP_CONNECTION_H_
#define KV_RESP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/resp/answers.h"
#include "kv/resp/client.h"
#include "kv/resp/parser.h"
#include "kv/resp/plan.h"
#include "net/stream.h"
#include "raft/stage_times.h"
#include "runtime/bytes.h"
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
  ~RespConnection();

  // Suspends until the client has gone, or was sent away.
  void Serve();

  // With what its buffers hold now.
  const RespClient& Describe();
  // What RespServer was told that it holds.
  size_t accounted() const { return accounted_; }

  // All from any other fiber; none suspends.
  //
  // Ends it as soon as what was asked is answered: at once when nothing is
  // under way, whether or not the client has taken its answers.
  void Finish();
  // The same, once the client has taken its answers.
  void FinishGently();
  // Ends it at once and gives back what can be given back.
  void Drop();

 private:
  // Whole requests from the front of the input. False: the connection ends.
  bool ServeInput();
  void PlanOne();
  bool PlanIsFull() const;
  // Executes the plan and queues its answers.
  void CarryOut();
  // Words what `results` can answer; how many of them were used.
  size_t Word(const runtime::Bytes& results);
  void NoteIfSlow(runtime::Instant began,
                  const std::optional<raft::StageTimes>& stages);

  // Reads behind the input. False at the end.
  bool ReadMore();
  void MakeRoom(size_t wanted);
  absl::string_view Input() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }

  void RunWriter();
  // No more requests are read, and all is written: the client should go.
  void TakeLeave();
  // Waits until the client has taken all answers, or will take no more.
  void WaitForWriter();
  // Waits until the answers that wait are few enough to go on. A client that
  // takes none of them meanwhile waits for us as we wait for it: it is dropped.
  void WaitForRoom();
  // Tells the server what this holds.
  void Account(size_t about_to_take = 0);

  RespServer& server_;
  runtime::Executor& executor_;
  const std::unique_ptr<net::Stream> stream_;

  RespClient client_;
  RespParser parser_;
  RespPlan plan_;
  uint64_t requests_planned_ = 0;  // And not counted yet.
  bool reading_ = false;           // Suspended in a read: nothing is under way.
  bool waiting_ = false;           // Suspended until the client takes answers.
  bool finishing_ = false;         // No more requests.

  std::vector<char> buffer_;  // Input lies in [begin_, end_).
  size_t begin_ = 0;
  size_t end_ = 0;

  RespAnswers answers_;   // Not taken by the stream yet.
  uint64_t written_ = 0;  // Bytes that it took.
  bool broken_ = false;   // It takes no more.
  bool dropped_ = false;  // Nothing of this is accounted for any more.
  size_t accounted_ = 0;
  runtime::WaitQueue answers_changed_;
  runtime::WaitQueue writer_changed_;
  runtime::FiberGroup writer_;
};

}  // namespace kv

#endif  // KV_RESP_CONNECTION_H_
