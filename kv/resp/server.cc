#include "kv/resp/server.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "kv/resp/connection.h"
#include "kv/resp/writer.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace kv {
namespace {

// How long a refused client may take to hear so; its window is empty.
constexpr absl::Duration kRefusalTimeout = absl::Milliseconds(100);
// Refusals at a time; beyond it they are not worded.
constexpr size_t kRefusalsMax = 64;
constexpr absl::string_view kTooManyClients =
    "ERR max number of clients reached";
// As Redis says it, with our settings.
constexpr absl::string_view kProtectedMode =
    "DENIED Twinraft is running in protected mode because protected mode is "
    "enabled and it knows no passwords. In this mode connections are only "
    "accepted from the loopback interface. If you want to connect from "
    "external computers you may adopt one of the following solutions: 1) "
    "Disable protected mode by editing raft.yaml, and setting "
    "network.protected_mode to false, and then restarting the server. MAKE "
    "SURE it is not reachable from the internet if you do so. 2) If you "
    "started the server manually just for testing, restart it with the "
    "'--protected-mode=false' option. NOTE: You only need to do one of the "
    "above things in order for the server to start accepting connections from "
    "the outside.";

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
  settings_.Fix("maxmemory-clients", absl::StrCat(options.memory_bytes_max));
  settings_.Fix("proto-max-bulk-len", absl::StrCat(options.request_bytes_max));
  settings_.Fix("protected-mode", options.protected_mode ? "yes" : "no");
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
    if (connection != nullptr) connection->FinishGently();
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
  const net::Address from = stream->remote_address();
  if (options_.protected_mode && !net::IsLoopback(from)) {
    uint64_t count = 0;
    if (foreigners_.IsDue(executor_.Now(), &count)) {
      runtime::Note("kv.foreign_client_denied",
                    {{"client", from.ToString()}, {"count", count}});
    }
    return Refuse(std::move(stream), kProtectedMode);
  }
  if (connections_.size() >= options_.clients_max) {
    return Refuse(std::move(stream), kTooManyClients);
  }
  const uint64_t id = ++last_client_;
  // Counted from now on, though its fiber has not run yet.
  connections_.emplace(id, nullptr);
  fibers_.Spawn("kv.resp",
                [this, id, manner, owned = std::move(stream)]() mutable {
                  Serve(id, std::move(owned), manner);
                });
}

void RespServer::Refuse(std::unique_ptr<net::Stream> stream,
                        absl::string_view why) {
  ++refused_;
  if (fibers_.size() >= connections_.size() + kRefusalsMax) return;
  fibers_.Spawn("kv.resp_refusal", [this, why, owned = std::move(stream)] {
    std::string refusal;
    RespWriter(refusal).Error(why);
    const absl::Status written = owned->Write(
        runtime::AsBytes(refusal), executor_.Now() + kRefusalTimeout);
    if (written.ok()) CloseGently(executor_, *owned);
  });
}

void RespServer::Serve(uint64_t id, std::unique_ptr<net::Stream> stream,
                       Manner manner) {
  {
    RespConnection connection(*this, std::move(stream), id,
                              manner == Manner::kRedirects);
    connections_[id] = &connection;
    if (!stopping_) connection.Serve();
    connections_.erase(id);
  }
  if (connections_.empty()) {
    CHECK_EQ(memory_bytes_, 0u, "nobody is there who holds it");
  }
}

void RespServer::Recount(size_t before, size_t after) {
  CHECK_LE(before, memory_bytes_, "more is given back than was taken");
  memory_bytes_ = memory_bytes_ - before + after;
  if (after > before) DropLargest();
}

void RespServer::DropLargest() {
  while (memory_bytes_ > options_.memory_bytes_max) {
    RespConnection* largest = nullptr;
    for (const auto& [id, connection] : connections_) {
      if (connection == nullptr) continue;
      if (largest == nullptr ||
          connection->accounted() > largest->accounted()) {
        largest = connection;
      }
    }
    CHECK(largest != nullptr && largest->accounted() > 0,
          "nobody holds what is counted");
    DropOne(*largest, "all clients hold more than network.clients_size_max");
  }
}

void RespServer::OnDeaf(RespConnection& connection) {
  DropOne(connection,
          "it holds more than network.client_answers_size_max and takes none "
          "of it");
}

void RespServer::DropOne(RespConnection& connection, absl::string_view why) {
  ++dropped_;
  uint64_t count = 0;
  if (drops_.IsDue(executor_.Now(), &count)) {
    runtime::Note("kv.client_dropped",
                  {{"client", connection.Describe().address},
                   {"held_bytes", uint64_t{connection.accounted()}},
                   {"why", why},
                   {"count", count}});
  }
  connection.Drop();
}

void RespServer::OnCrossProtocol(const RespClient& client) {
  REACHABLE("kv.resp: somebody speaks HTTP");
  uint64_t count = 0;
  if (!attacks_.IsDue(executor_.Now(), &count)) return;
  runtime::Note(
      "kv.possible_attack",
      {{"client", client.address},
       {"what",
        "Possible SECURITY ATTACK detected. It looks like somebody is sending "
        "POST or Host: commands to us. This is likely due to an attacker "
        "attempting to use Cross Protocol Scripting to compromise your "
        "instance. Connection aborted."},
       {"count", count}});
}

bool RareNote::IsDue(runtime::Instant now, uint64_t* count) {
  ++count_;
  if (last_.has_value() && now - *last_ < kInterval) return false;
  last_ = now;
  *count = std::exchange(count_, 0);
  return true;
}

ServerFacts RespServer::Facts() {
  ServerFacts facts = view_.Facts();
  facts.clients = connections_.size();
  facts.clients_max = options_.clients_max;
  facts.clients_accepted = last_client_;
  facts.clients_refused = refused_;
  facts.clients_dropped = dropped_;
  facts.clients_bytes = memory_bytes_;
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
