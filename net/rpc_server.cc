#include "net/rpc_server.h"

#include "net/rpc_session.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"
#include "runtime/wait_queue.h"

namespace net {

using runtime::Instant;
using runtime::Wake;

namespace {

// How long to let others free sockets before accepting again.
constexpr absl::Duration kAcceptRetry = absl::Milliseconds(10);

}  // namespace

class RpcServer::Impl final : public RpcSessionOwner {
 public:
  Impl(runtime::Executor& executor, Network& network, ServerConfig config)
      : executor_(executor),
        network_(network),
        config_(std::move(config)),
        progress_(executor),
        fibers_(executor) {}

  void HandleRaw(absl::string_view method, RpcHandler handler) {
    CHECK(listener_ == nullptr, "handlers come before Start()");
    CHECK_LE(method.size(), CallHead::kMethodBytesMax);
    const bool added =
        handlers_.emplace(std::string(method), std::move(handler)).second;
    CHECK(added, "two handlers for ", method);
  }

  absl::Status Start() {
    ASSIGN_OR_RETURN(listener_, network_.Listen(config_.listen));
    fibers_.Spawn("net.rpc.accept", [this] { Accept(); });
    return absl::OkStatus();
  }

  Address local_address() const {
    CHECK(listener_ != nullptr, "not started");
    return listener_->local_address();
  }

  const ServerConfig& config() const { return config_; }
  const ServerStats& stats() const { return stats_; }

  absl::StatusOr<HealthReply> Health() const {
    HealthReply reply;
    if (config_.health) {
      const absl::Status status = config_.health();
      reply.code = static_cast<uint8_t>(status.code());
      reply.message = std::string(status.message());
    }
    reply.metadata = {config_.metadata.begin(), config_.metadata.end()};
    return reply;
  }

  absl::Status Stop(Instant deadline) {
    if (listener_ != nullptr) listener_->Close();
    draining_ = true;
    for (RpcSession* const session : sessions_) session->Drain();
    const absl::Status drained = AwaitNoSessions(deadline);
    // What is left is told to end by itself before it is unwound.
    for (RpcSession* const session : sessions_) session->Reset();
    const absl::Status ended =
        AwaitNoSessions(executor_.Now() + 2 * config_.cancel_grace);
    fibers_.Cancel();
    RETURN_IF_ERROR(fibers_.Join());
    return drained.ok() ? ended : drained;
  }

 private:
  // One session, on the stack of its fiber. Deregisters without I/O, also when
  // the fiber is unwound.
  struct Registration {
    Registration(Impl& owner, std::unique_ptr<Stream> stream)
        : server(owner),
          session(owner.executor_, owner.config_, owner.stats_, owner,
                  std::move(stream)) {
      server.sessions_.push_back(&session);
    }
    ~Registration() {
      std::erase(server.sessions_, &session);
      server.progress_.NotifyAll();
    }

    Impl& server;
    RpcSession session;
  };

  void Accept() {
    while (true) {
      absl::StatusOr<std::unique_ptr<Stream>> stream =
          listener_->Accept(Instant::InfiniteFuture());
      if (!stream.ok()) {
        if (absl::IsCancelled(stream.status())) return;
        if (!executor_.SleepFor(kAcceptRetry).ok()) return;
        continue;
      }
      if (sessions_.size() >= config_.connections_max || draining_) {
        ++stats_.connections_refused;
        continue;  // Destroying the stream resets it.
      }
      ++stats_.connections;
      fibers_.Spawn("net.rpc.session",
                    [this, taken = *std::move(stream)]() mutable {
                      Registration registration(*this, std::move(taken));
                      if (draining_) registration.session.Drain();
                      registration.session.Run();
                    });
    }
  }

  absl::Status AwaitNoSessions(Instant deadline) {
    while (!sessions_.empty()) RETURN_IF_ERROR(progress_.Wait(deadline));
    return absl::OkStatus();
  }

  // RpcSessionOwner.
  const RpcHandler* FindHandler(absl::string_view method) override {
    const auto found = handlers_.find(method);
    return found == handlers_.end() ? nullptr : &found->second;
  }
  void OnProgress() override { progress_.NotifyAll(); }

  runtime::Executor& executor_;
  Network& network_;
  const ServerConfig config_;
  ServerStats stats_;

  absl::btree_map<std::string, RpcHandler, std::less<>> handlers_;
  std::unique_ptr<Listener> listener_;
  std::vector<RpcSession*> sessions_;  // In order of arrival.
  bool draining_ = false;
  runtime::WaitQueue progress_;  // Stop() waits here.

  runtime::FiberGroup fibers_;
};

RpcServer::RpcServer(runtime::Executor& executor, Network& network,
                     ServerConfig config)
    : impl_(std::make_unique<Impl>(executor, network, std::move(config))) {
  Handle<HealthRequest, HealthReply>(
      kHealthMethod,
      [impl = impl_.get()](const CallContext&, const HealthRequest&) {
        return impl->Health();
      });
}

RpcServer::~RpcServer() = default;

void RpcServer::HandleRaw(absl::string_view method, RpcHandler handler) {
  impl_->HandleRaw(method, std::move(handler));
}

absl::Status RpcServer::Start() { return impl_->Start(); }

Address RpcServer::local_address() const { return impl_->local_address(); }

Address RpcServer::advertised_address() const {
  return config().advertised.value_or(local_address());
}

const ServerConfig& RpcServer::config() const { return impl_->config(); }

const ServerStats& RpcServer::stats() const { return impl_->stats(); }

absl::Status RpcServer::Stop(Instant deadline) { return impl_->Stop(deadline); }

}  // namespace net
