#include "kv/resp/connection.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "kv/resp/server.h"
#include "runtime/bytes.h"
#include "runtime/check.h"

namespace kv {
namespace {

constexpr size_t kReadBytesMin = 16 << 10;
// A buffer that a large request made larger than this shrinks again.
constexpr size_t kBufferBytesKept = 256 << 10;
// How long a client may go on sending to a connection that is over.
constexpr absl::Duration kGentleCloseTimeout = absl::Seconds(1);

}  // namespace

void CloseGently(runtime::Executor& executor, net::Stream& stream) {
  stream.CloseWrite();
  const runtime::Instant deadline = executor.Now() + kGentleCloseTimeout;
  std::byte ignored[512];
  for (;;) {
    const absl::StatusOr<size_t> count = stream.Read(ignored, deadline);
    if (!count.ok() || *count == 0) return;
  }
}

RespConnection::RespConnection(RespServer& server,
                               std::unique_ptr<net::Stream> stream, uint64_t id,
                               bool redirects)
    : server_(server),
      executor_(server.executor()),
      stream_(std::move(stream)),
      plan_(&server.stats()),
      answers_changed_(executor_),
      writer_changed_(executor_),
      writer_(executor_) {
  client_.id = id;
  client_.redirects = redirects;
  client_.address = stream_->remote_address().ToString();
  client_.local_address = stream_->local_address().ToString();
  client_.since = executor_.Now();
  client_.active = client_.since;
}

void RespConnection::Serve() {
  writer_.Spawn("kv.resp_writer", [this] { RunWriter(); });
  while (ServeInput() && ReadMore()) {
  }
  finishing_ = true;
  WaitForWriter(0);
  writer_.Cancel();
  (void)writer_.Join();
  if (!broken_) CloseGently(executor_, *stream_);
}

void RespConnection::Finish() {
  finishing_ = true;
  if (reading_) stream_->Reset();
}

bool RespConnection::ServeInput() {
  for (;;) {
    const RespParser::Result result = parser_.Parse(Input());
    if (result == RespParser::Result::kRequest) {
      // The words stay where they are until the next Parse().
      if (PlanIsFull()) CarryOut();
      if (!parser_.args().empty()) PlanOne();
      begin_ += parser_.consumed();
      if (plan_.complete()) CarryOut();
      if (!client_.quit) continue;
    } else if (result == RespParser::Result::kError) {
      plan_.AnswerAtOnce(client_).Error(absl::StrCat("ERR ", parser_.error()));
    }
    CarryOut();
    return result != RespParser::Result::kError && !client_.quit &&
           !finishing_ && !broken_;
  }
}

const RespClient& RespConnection::Describe() {
  client_.input_bytes = end_ - begin_;
  client_.input_room = buffer_.size() - client_.input_bytes;
  client_.answer_bytes = answers_.size() + leaving_.size();
  client_.answer_room = answers_.capacity() + leaving_.capacity();
  return client_;
}

bool RespConnection::PlanIsFull() const {
  const CommandBatch& commands = plan_.commands();
  if (commands.size() >= RespServer::kBatchCommandsMax ||
      plan_.text_bytes() >= RespServer::kBatchBytesMax) {
    return true;
  }
  return !commands.empty() &&
         commands.bytes() + parser_.consumed() > RespServer::kBatchBytesMax;
}

void RespConnection::PlanOne() {
  ++requests_planned_;
  if (!parser_.args_owned()) {
    return PlanRequest(parser_.args(), client_, server_, plan_);
  }
  // The parser will reuse the memory for the next inline request.
  std::vector<absl::string_view> words;
  for (const absl::string_view word : parser_.args()) {
    words.push_back(plan_.Own(std::string(word)));
  }
  PlanRequest(words, client_, server_, plan_);
}

void RespConnection::CarryOut() {
  if (plan_.empty()) return;
  const runtime::Instant began = executor_.Now();
  const runtime::Instant deadline = began + server_.options().request_timeout;
  std::optional<raft::StageTimes> stages;
  const size_t count = plan_.commands().size();
  size_t done = 0;
  (void)plan_.Word(runtime::Bytes(), answers_);
  while (!plan_.done()) {
    CHECK_LT(done, count, "answers wait for replies that nobody gives");
    const EntryReply reply =
        server_.frontend().Execute(plan_.commands(), done, deadline);
    stages = reply.stages;
    const size_t worded = reply.code == KvReply::Code::kOk
                              ? plan_.Word(reply.results, answers_)
                              : 0;
    if (worded == 0) {
      plan_.WordError(ErrorOf(reply), answers_);
      break;
    }
    done += worded;
    if (!plan_.done()) WaitForWriter(RespServer::kAnswerBytesMax);
  }
  const runtime::Instant now = executor_.Now();
  plan_.Count(now - began);
  server_.OnAnswered(now, requests_planned_);
  requests_planned_ = 0;
  client_.active = now;
  if (now - began >= server_.slow_log().threshold()) {
    server_.slow_log().Add(client_, plan_.commands(), stages, began, now,
                           executor_.clock().WallNow());
  }
  plan_.Clear();
  answers_changed_.NotifyOne();
  WaitForWriter(RespServer::kAnswerBytesMax);
}

bool RespConnection::ReadMore() {
  MakeRoom(parser_.wanted());
  reading_ = true;
  const absl::StatusOr<size_t> count =
      stream_->Read(std::as_writable_bytes(std::span(buffer_).subspan(end_)),
                    runtime::Instant::InfiniteFuture());
  reading_ = false;
  if (!count.ok() || *count == 0) return false;
  server_.OnRead(executor_.Now(), *count);
  end_ += *count;
  return !finishing_;
}

void RespConnection::MakeRoom(size_t wanted) {
  const size_t held = end_ - begin_;
  // What is left of the input moves to the front; it is a part of one request.
  if (begin_ > 0 && held > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, held);
  }
  begin_ = 0;
  end_ = held;
  // What a request announces is set aside as it comes, not as it is announced:
  // a promise of 4 MiB costs its sender 20 bytes.
  const size_t size =
      std::max(std::min(wanted, 2 * held), held + kReadBytesMin);
  if (buffer_.size() < size) {
    // Doubling, so that a request that comes in small pieces is not copied for
    // each; the parser bounds what can be wanted.
    buffer_.resize(std::max(
        size, std::min(2 * buffer_.size(), RespParser::kRequestBytesMax)));
  } else if (buffer_.size() > kBufferBytesKept && size <= kReadBytesMin) {
    buffer_.resize(kReadBytesMin);
    buffer_.shrink_to_fit();
  }
}

void RespConnection::RunWriter() {
  for (;;) {
    while (answers_.empty()) {
      if (answers_changed_.WaitWake() == runtime::Wake::kCancelled) return;
    }
    leaving_.clear();
    std::swap(leaving_, answers_);
    writer_changed_.NotifyAll();
    const absl::Status written =
        stream_->Write(runtime::AsBytes(leaving_),
                       executor_.Now() + RespServer::kWriteTimeout);
    if (written.ok()) server_.OnWritten(executor_.Now(), leaving_.size());
    leaving_.clear();
    if (!written.ok()) {
      broken_ = true;
      stream_->Reset();  // Wakes the reader.
    }
    writer_changed_.NotifyAll();
    if (broken_) return;
  }
}

void RespConnection::WaitForWriter(size_t bytes_max) {
  answers_changed_.NotifyOne();
  while (!broken_ && answers_.size() + leaving_.size() > bytes_max) {
    if (writer_changed_.WaitWake() == runtime::Wake::kCancelled) return;
  }
}

}  // namespace kv
