#include "scenarios/kv_session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/check.h"
#include "runtime/probe.h"

namespace scenarios {
namespace {

// One attempt waits no longer than its client's patience for an answer. Some
// clients turn away soon and find the new leader while others still believe the
// old one: stale reads hide in that moment.
constexpr absl::Duration kPatienceMin = absl::Milliseconds(60);
constexpr absl::Duration kPatienceMax = absl::Milliseconds(600);
// Between two attempts.
constexpr absl::Duration kBackoffMin = absl::Milliseconds(5);
constexpr absl::Duration kBackoffMax = absl::Milliseconds(30);

net::ClientConfig ConfigFor(const net::Address& server) {
  net::ClientConfig config;
  config.targets = {server};
  config.connect_timeout = absl::Milliseconds(200);
  config.attempts_max = 1;  // This class retries by itself.
  config.backoff_max = absl::Milliseconds(200);
  config.keepalive_interval = absl::Milliseconds(200);
  config.keepalive_timeout = absl::Milliseconds(800);
  return config;
}

}  // namespace

kv::KvRequest RequestFor(const Question& question) {
  kv::KvRequest request;
  request.operation = question.operation;
  request.args = {question.key};
  switch (question.operation) {
    case kv::Operation::kSet:
    case kv::Operation::kPut:
    case kv::Operation::kIncrement:
    case kv::Operation::kAppend:
    case kv::Operation::kSetIfAbsent:
      request.args.push_back(question.argument);
      break;
    case kv::Operation::kCompareAndSet:
      request.args.push_back(question.expected);
      request.args.push_back(question.argument);
      break;
    default:
      break;
  }
  return request;
}

Answer AnswerFrom(const kv::KvReply& reply) {
  if (reply.code == kv::KvReply::Code::kNil) return Answer::Nil();
  if (reply.code == kv::KvReply::Code::kWrongType) return Answer::WrongType();
  CHECK(reply.code == kv::KvReply::Code::kOk, "not done");
  return reply.is_integer ? Answer::Integer(reply.integer)
                          : Answer::Text(reply.text);
}

KvSession::KvSession(sim::Process& process,
                     const std::vector<net::Address>& servers)
    : executor_(process.network_executor()),
      dice_(process.Stream("session")),
      patience_(dice_.Between(kPatienceMin, kPatienceMax)) {
  for (size_t i = 0; i < servers.size(); ++i) {
    ends_.push_back(std::make_unique<net::ClientEnd>(
        executor_, process.network(), dice_.Fork("end", i),
        ConfigFor(servers[i])));
  }
  server_ = dice_.Below(ends_.size());
}

void KvSession::TryAnotherServer() {
  if (ends_.size() == 1) return;
  // Any but the one that did not help.
  const size_t step = 1 + dice_.Below(ends_.size() - 1);
  server_ = (server_ + step) % ends_.size();
}

KvSession::Attempt KvSession::TryOnce(const kv::KvRequest& request,
                                      runtime::Instant deadline,
                                      kv::KvReply* reply) {
  const runtime::Instant patience =
      std::min(deadline, executor_.Now() + patience_);
  net::CallResult<kv::KvReply> result =
      ends_[server_]->Call<kv::KvRequest, kv::KvReply>(
          kv::kExecuteMethod, request, {.deadline = patience});
  if (!result.ok()) {
    TryAnotherServer();
    return result.delivery == net::Delivery::kNotSent ||
                   result.delivery == net::Delivery::kRefused
               ? Attempt::kNotDone
               : Attempt::kPerhaps;
  }
  *reply = std::move(result.response);
  switch (reply->code) {
    case kv::KvReply::Code::kOk:
    case kv::KvReply::Code::kNil:
    case kv::KvReply::Code::kWrongType:
      return Attempt::kAnswered;
    case kv::KvReply::Code::kNotLeader:
      if (reply->leader >= 1 && reply->leader <= ends_.size() &&
          reply->leader - 1 != server_) {
        server_ = reply->leader - 1;
      } else {
        TryAnotherServer();
      }
      return Attempt::kNotDone;
    case kv::KvReply::Code::kBusy:
    case kv::KvReply::Code::kLost:
      return Attempt::kNotDone;
    case kv::KvReply::Code::kSessionExpired:
      return Attempt::kExpired;
    case kv::KvReply::Code::kInvalid:
      runtime::FailCheck(__FILE__, __LINE__, "a valid request", reply->text);
    case kv::KvReply::Code::kUnknown:
      break;
  }
  return Attempt::kPerhaps;
}

bool KvSession::BackOff(runtime::Instant deadline) {
  const runtime::Instant due =
      executor_.Now() + dice_.Between(kBackoffMin, kBackoffMax);
  return executor_.SleepUntil(std::min(due, deadline)).ok();
}

bool KvSession::OpenSession(runtime::Instant deadline) {
  kv::KvRequest open;
  open.operation = kv::Operation::kOpenSession;
  while (session_ == nullptr && executor_.Now() < deadline) {
    kv::KvReply reply;
    if (TryOnce(open, deadline, &reply) == Attempt::kAnswered) {
      // One that was opened and not heard of is only a session too many; so is
      // one that comes when another fiber has opened one.
      if (session_ != nullptr) break;
      session_ = std::make_shared<Opened>();
      session_->id = static_cast<uint64_t>(reply.integer);
    } else if (!BackOff(deadline)) {
      return false;
    }
  }
  return session_ != nullptr;
}

KvSession::Outcome KvSession::Execute(const Question& question,
                                      runtime::Instant deadline) {
  Outcome outcome;
  kv::KvRequest request = RequestFor(question);
  std::optional<Pending> write;
  const bool reads = question.operation == kv::Operation::kGet ||
                     question.operation == kv::Operation::kExists;
  if (!reads) {
    if (!OpenSession(deadline)) return outcome;
    write.emplace(session_);
  }
  bool perhaps = false;
  while (executor_.Now() < deadline) {
    kv::KvReply reply;
    if (write.has_value()) write->Stamp(request);
    const Attempt attempt = TryOnce(request, deadline, &reply);
    if (attempt == Attempt::kAnswered) {
      SOMETIMES(perhaps && !reads, "client.answered_after_doubt");
      outcome.kind = Outcome::Kind::kAnswered;
      outcome.answer = AnswerFrom(reply);
      return outcome;
    }
    if (attempt == Attempt::kPerhaps) perhaps = true;
    if (attempt == Attempt::kExpired) {
      REACHABLE("client.session_expired");
      if (write.has_value() && session_ == write->session()) session_.reset();
      break;
    }
    if (!BackOff(deadline)) break;
  }
  SOMETIMES(perhaps && !reads, "client.gave_up_in_doubt");
  if (perhaps) outcome.kind = Outcome::Kind::kUnknown;
  return outcome;
}

}  // namespace scenarios
