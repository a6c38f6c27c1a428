#include "kv/resp/server.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "kv/resp/connection.h"
#include "kv/resp/writer.h"
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
                       ServerView& view, RespServerOptions options)
    : executor_(executor),
      frontend_(frontend),
      view_(view),
      options_(options),
      slow_log_(options.slow_request),
      fibers_(executor) {
  settings_.Fix("maxclients", absl::StrCat(options.clients_max));
  settings_.Fix("slowlog-log-slower-than",
                absl::StrCat(absl::ToInt64Microseconds(options.slow_request)));
}

RespServer::~RespServer() = default;

void RespServer::Start(std::unique_ptr<net::Listener> listener, Manner manner) {
  net::Listener& owned = *listeners_.emplace_back(std::move(listener));
  fibers_.Spawn("kv.resp_acceptor",
                [this, &owned, manner] { RunAcceptor(owned, manner); });
}

void RespServer::Stop(runtime::Instant deadline) {
  stopping_ = true;
  for (const auto& listener : listeners_) listener->Close();
  for (const auto& [id, connection] : connections_) {
    if (connection != nullptr) connection->Finish();
  }
  (void)fibers_.Join(deadline);
  fibers_.Cancel();
  (void)fibers_.Join();
}

void RespServer::RunAcceptor(net::Listener& listener, Manner manner) {
  for (;;) {
    absl::StatusOr<std::unique_ptr<net::Stream>> stream =
        listener.Accept(runtime::Instant::InfiniteFuture());
    if (stopping_ || absl::IsCancelled(stream.status())) return;
    if (stream.ok()) {
      Admit(*std::move(stream), manner);
    } else if (!executor_.SleepFor(kAcceptPause).ok()) {
      return;
    }
  }
}

void RespServer::Admit(std::unique_ptr<net::Stream> stream, Manner manner) {
  if (connections_.size() >= options_.clients_max) {
    ++refused_;
    if (fibers_.size() >= options_.clients_max + kRefusalsMax) return;
    return fibers_.Spawn("kv.resp_refusal",
                         [this, owned = std::move(stream)] { Refuse(*owned); });
  }
  const uint64_t id = ++last_client_;
  // Counted from now on, though its fiber has not run yet.
  connections_.emplace(id, nullptr);
  fibers_.Spawn("kv.resp",
                [this, id, manner, owned = std::move(stream)]() mutable {
                  Serve(id, std::move(owned), manner);
                });
}

void RespServer::Refuse(net::Stream& stream) {
  std::string refusal;
  RespWriter(refusal).Error("ERR max number of clients reached");
  const absl::Status written = stream.Write(runtime::AsBytes(refusal),
                                            executor_.Now() + kRefusalTimeout);
  if (written.ok()) CloseGently(executor_, stream);
}

void RespServer::Serve(uint64_t id, std::unique_ptr<net::Stream> stream,
                       Manner manner) {
  RespConnection connection(*this, std::move(stream), id,
                            manner == Manner::kRedirects);
  connections_[id] = &connection;
  if (!stopping_) connection.Serve();
  connections_.erase(id);
}

ServerFacts RespServer::Facts() {
  ServerFacts facts = view_.Facts();
  facts.clients = connections_.size();
  facts.clients_max = options_.clients_max;
  facts.clients_accepted = last_client_;
  facts.clients_refused = refused_;
  facts.requests = requests_.total();
  const runtime::Instant now = executor_.Now();
  facts.traffic = traffic_;
  facts.traffic.requests_per_second = requests_.PerSecond(now);
  facts.traffic.bytes_in = bytes_in_.total();
  facts.traffic.bytes_in_per_second = bytes_in_.PerSecond(now);
  facts.traffic.bytes_out = bytes_out_.total();
  facts.traffic.bytes_out_per_second = bytes_out_.PerSecond(now);
  return facts;
}

void RespServer::ResetStats() {
  stats_.Reset();
  at_reset_ = Facts();
}

std::optional<net::Address> RespServer::LeaderElsewhere() {
  return view_.LeaderElsewhere();
}

std::vector<const RespClient*> RespServer::Clients() {
  std::vector<const RespClient*> clients;
  for (const auto& [id, connection] : connections_) {
    if (connection != nullptr) clients.push_back(&connection->Describe());
  }
  return clients;
}

bool RespServer::EndClient(uint64_t id) {
  const auto it = connections_.find(id);
  if (it == connections_.end() || it->second == nullptr) return false;
  it->second->Finish();
  return true;
}

}  // namespace kv
