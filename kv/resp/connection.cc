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
#include "runtime/probe.h"

namespace kv {
namespace {

constexpr size_t kReadBytesMin = 16 << 10;
// A buffer that a large request made larger than this shrinks again.
constexpr size_t kBufferBytesKept = 32 << 10;
// Answers that leave in one write: so often is seen whether any do.
constexpr size_t kWriteBytesMax = 256 << 10;
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
      parser_(server.options().request_bytes_max),
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

// Also when its fiber is unwound.
RespConnection::~RespConnection() { server_.Recount(accounted_, 0); }

void RespConnection::Serve() {
  writer_.Spawn("kv.resp_writer", [this] { RunWriter(); });
  while (ServeInput() && ReadMore()) {
  }
  finishing_ = true;
  WaitForWriter();
  writer_.Cancel();
  (void)writer_.Join();
  if (!broken_) CloseGently(executor_, *stream_);
}

void RespConnection::Finish() {
  finishing_ = true;
  if (reading_ || waiting_) stream_->Reset();
}

void RespConnection::FinishGently() {
  finishing_ = true;
  if (!reading_) return;
  if (answers_.empty()) return stream_->Reset();
  answers_changed_.NotifyOne();
}

void RespConnection::Drop() {
  REACHABLE("kv.resp: a client is dropped for what it holds");
  finishing_ = true;
  broken_ = true;
  dropped_ = true;
  answers_.Drop();
  stream_->Reset();
  server_.Recount(std::exchange(accounted_, 0), 0);
  writer_changed_.NotifyAll();
}

void RespConnection::Account(size_t about_to_take) {
  if (dropped_) return;
  size_t bytes = buffer_.capacity() + parser_.memory_bytes() +
                 answers_.memory_bytes() + client_.watched_bytes +
                 about_to_take;
  if (client_.queued.has_value()) bytes += client_.queued->bytes;
  const size_t before = std::exchange(accounted_, bytes);
  server_.Recount(before, bytes);
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
    } else if (result == RespParser::Result::kTooLarge) {
      ++requests_planned_;
      PlanRefusal(parser_.error(), client_, server_, plan_);
      begin_ += parser_.consumed();
      continue;
    } else if (result == RespParser::Result::kError) {
      plan_.AnswerAtOnce(client_).Error(absl::StrCat("ERR ", parser_.error()));
    }
    CarryOut();
    if (result == RespParser::Result::kNeedMore) begin_ += parser_.consumed();
    return result != RespParser::Result::kError && !client_.quit &&
           !finishing_ && !broken_;
  }
}

const RespClient& RespConnection::Describe() {
  client_.input_bytes = end_ - begin_;
  client_.input_room = buffer_.size() - client_.input_bytes;
  client_.answer_bytes = answers_.bytes();
  client_.answer_room = answers_.memory_bytes();
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
  const runtime::Instant deadline = began + server_.options().request_timeout +
                                    TransferTime(plan_.commands().bytes());
  std::optional<raft::StageTimes> stages;
  const size_t count = plan_.commands().size();
  size_t done = 0;
  (void)Word(runtime::Bytes());
  while (!plan_.done()) {
    CHECK_LT(done, count, "answers wait for replies that nobody gives");
    const EntryReply reply =
        server_.frontend().Execute(plan_.commands(), done, deadline);
    stages = reply.stages;
    const size_t worded =
        reply.code == KvReply::Code::kOk ? Word(reply.results) : 0;
    if (worded == 0) {
      plan_.WordError(ErrorOf(reply), answers_.tail());
      answers_.Added();
      break;
    }
    done += worded;
    if (!plan_.done()) WaitForRoom();
  }
  const runtime::Instant now = executor_.Now();
  plan_.Count(now - began);
  server_.OnAnswered(now, requests_planned_);
  requests_planned_ = 0;
  client_.active = now;
  NoteIfSlow(began, stages);
  plan_.Clear();
  WaitForRoom();
}

size_t RespConnection::Word(const runtime::Bytes& results) {
  const size_t worded = plan_.Word(results, answers_.tail());
  answers_.Added();
  // Nobody will read them; what was asked is done all the same.
  if (broken_) answers_.Drop();
  Account();
  return worded;
}

void RespConnection::NoteIfSlow(runtime::Instant began,
                                const std::optional<raft::StageTimes>& stages) {
  const runtime::Instant now = executor_.Now();
  if (now - began < server_.slow_log().threshold()) return;
  server_.slow_log().Add(client_, plan_.commands(), stages, began, now,
                         executor_.clock().WallNow());
}

bool RespConnection::ReadMore() {
  MakeRoom(parser_.wanted());
  Account();
  if (finishing_) return false;
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
    // each; the parser bounds what can be wanted. While it is copied both are
    // there: room is made for them before, not when it is too late.
    const size_t doubled =
        std::min(2 * buffer_.size(), server_.options().request_bytes_max);
    const size_t next = std::max(size, doubled);
    Account(next);
    if (dropped_) return;
    buffer_.resize(next);
  } else if (buffer_.size() > kBufferBytesKept && size <= kReadBytesMin) {
    buffer_.resize(kReadBytesMin);
    buffer_.shrink_to_fit();
  }
}

void RespConnection::RunWriter() {
  for (;;) {
    while (answers_.empty()) {
      if (finishing_ && reading_) return TakeLeave();
      if (answers_changed_.WaitWake() == runtime::Wake::kCancelled) return;
    }
    const auto pieces = answers_.Front(kWriteBytesMax);
    const absl::Status written =
        stream_->Write(pieces, executor_.Now() + RespServer::kWriteTimeout);
    const size_t bytes = answers_.Written();
    written_ += bytes;
    if (written.ok()) server_.OnWritten(executor_.Now(), bytes);
    if (!written.ok()) {
      broken_ = true;
      answers_.Drop();
      stream_->Reset();  // Wakes the reader.
    }
    Account();
    writer_changed_.NotifyAll();
    if (broken_) return;
  }
}

void RespConnection::TakeLeave() {
  stream_->CloseWrite();
  (void)executor_.SleepFor(kGentleCloseTimeout);
  stream_->Reset();  // Wakes the reader.
}

void RespConnection::WaitForWriter() {
  answers_changed_.NotifyOne();
  waiting_ = true;
  while (!broken_ && !answers_.empty()) {
    if (writer_changed_.WaitWake() == runtime::Wake::kCancelled) break;
  }
  waiting_ = false;
}

void RespConnection::WaitForRoom() {
  answers_changed_.NotifyOne();
  waiting_ = true;
  while (!broken_ && answers_.bytes() > server_.options().answer_bytes_max) {
    const uint64_t before = written_;
    const runtime::Wake wake =
        writer_changed_.WaitWake(executor_.Now() + RespServer::kDeafTimeout);
    if (wake == runtime::Wake::kCancelled) break;
    if (wake == runtime::Wake::kDeadline && written_ == before) {
      server_.OnDeaf(*this);
    }
  }
  waiting_ = false;
}

}  // namespace kv
