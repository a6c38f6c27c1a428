#include <string>
#include <utility>

#include "absl/status/status.h"

#include "kv/resp.h"
#include "kv/resp_connection.h"
#include "kv/resp_server.h"
#include "runtime/bytes.h"
#include "runtime/check.h"

namespace kv {
namespace {

// How long a refused client may take to hear so; its window is empty.
constexpr absl::Duration kRefusalTimeout = absl::Milliseconds(100);
// Refusals at a time; beyond it they are not worded.
constexpr size_t kRefusalsMax = 64;
// The pause after Accept() failed: out of sockets, most likely.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(50);

}  // namespace

RespServer::RespServer(runtime::Executor& executor, Frontend& frontend,
                       absl::AnyInvocable<ServerFacts()> facts,
                       RespServerOptions options)
    : executor_(executor),
      frontend_(frontend),
      facts_(std::move(facts)),
      options_(options),
      fibers_(executor) {}

RespServer::~RespServer() = default;

void RespServer::Start(std::unique_ptr<net::Listener> listener) {
  CHECK(listener_ == nullptr, "started twice");
  listener_ = std::move(listener);
  fibers_.Spawn("kv.resp_acceptor", [this] { RunAcceptor(); });
}

void RespServer::Stop(runtime::Instant deadline) {
  stopping_ = true;
  listener_->Close();
  for (const auto& [id, connection] : connections_) {
    if (connection != nullptr) connection->Finish();
  }
  (void)fibers_.Join(deadline);
  fibers_.Cancel();
  (void)fibers_.Join();
}

void RespServer::RunAcceptor() {
  for (;;) {
    absl::StatusOr<std::unique_ptr<net::Stream>> stream =
        listener_->Accept(runtime::Instant::InfiniteFuture());
    if (stopping_ || absl::IsCancelled(stream.status())) return;
    if (stream.ok()) {
      Admit(*std::move(stream));
    } else if (!executor_.SleepFor(kAcceptPause).ok()) {
      return;
    }
  }
}

void RespServer::Admit(std::unique_ptr<net::Stream> stream) {
  if (connections_.size() >= options_.clients_max) {
    if (fibers_.size() >= options_.clients_max + kRefusalsMax) return;
    return fibers_.Spawn("kv.resp_refusal",
                         [this, owned = std::move(stream)] { Refuse(*owned); });
  }
  const uint64_t id = ++last_client_;
  // Counted from now on, though its fiber has not run yet.
  connections_.emplace(id, nullptr);
  fibers_.Spawn("kv.resp", [this, id, owned = std::move(stream)]() mutable {
    Serve(id, std::move(owned));
  });
}

void RespServer::Refuse(net::Stream& stream) {
  std::string refusal;
  AppendError(refusal, "ERR max number of clients reached");
  const absl::Status written = stream.Write(runtime::AsBytes(refusal),
                                            executor_.Now() + kRefusalTimeout);
  if (written.ok()) CloseGently(executor_, stream);
}

void RespServer::Serve(uint64_t id, std::unique_ptr<net::Stream> stream) {
  RespConnection connection(*this, std::move(stream), id);
  connections_[id] = &connection;
  if (!stopping_) connection.Serve();
  connections_.erase(id);
}

ServerFacts RespServer::Facts() {
  ServerFacts facts = facts_();
  facts.clients = connections_.size();
  facts.clients_max = options_.clients_max;
  return facts;
}

}  // namespace kv
