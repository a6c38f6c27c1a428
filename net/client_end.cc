#include "net/client_end.h"

#include <algorithm>

#include "net/backoff.h"
#include "net/client_connection.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"

namespace net {

using runtime::Instant;

class ClientEnd::Impl {
 public:
  Impl(runtime::Executor& executor, Network& network, runtime::Random random,
       ClientConfig config, std::unique_ptr<Balancer> balancer)
      : executor_(executor),
        random_(std::move(random)),
        config_(std::move(config)),
        balancer_(std::move(balancer)),
        fibers_(executor) {
    CHECK(!config_.targets.empty(), "a client without a server");
    CHECK_GT(config_.attempts_max, 0u);
    for (size_t i = 0; i < config_.targets.size(); ++i) {
      connections_.push_back(std::make_unique<ClientConnection>(
          executor, network, config_, stats_, random_.Fork("target", i),
          config_.targets[i]));
      fibers_.Spawn("net.rpc.client",
                    [running = connections_.back().get()] { running->Run(); });
    }
  }

  RawResult CallRaw(absl::string_view method,
                    std::vector<runtime::Bytes> request,
                    const CallOptions& options) {
    CHECK_LE(method.size(), CallHead::kMethodBytesMax);
    const Instant begun = executor_.Now();
    const Instant deadline =
        options.deadline.value_or(begun + config_.request_timeout);
    RawResult result = CallWithRetries(method, std::move(request),
                                       options.idempotent, deadline);
    Count(result, begun);
    return result;
  }

  const ClientConfig& config() const { return config_; }
  const ClientStats& stats() const { return stats_; }

  ClientLoad load() const {
    ClientLoad load;
    for (const auto& connection : connections_) {
      load.calls += connection->state().calls_in_flight;
      load.queued_bytes += connection->queued_bytes();
    }
    return load;
  }

  std::vector<TargetState> targets() const {
    std::vector<TargetState> states;
    states.reserve(connections_.size());
    for (const auto& connection : connections_) {
      states.push_back(connection->state());
    }
    return states;
  }

  void Stop() {
    stopped_ = true;
    for (const auto& connection : connections_) connection->Stop();
    fibers_.Cancel();
    // Nothing to do about it: the fibers end with this object at the latest.
    (void)fibers_.Join();
  }

 private:
  RawResult CallWithRetries(absl::string_view method,
                            std::vector<runtime::Bytes> request,
                            bool idempotent, Instant deadline) {
    Backoff backoff(config_.backoff_min, config_.backoff_max);
    bool maybe_executed = false;
    for (uint32_t attempt = 1;; ++attempt) {
      ClientConnection& connection = Pick();
      const bool last = attempt == config_.attempts_max;
      // Moved from by the last attempt only, after which this returns.
      RawResult result = connection.Call(
          method,
          last ? std::move(request) : request,  // NOLINT(bugprone-*)
          deadline);
      if (result.delivery == Delivery::kAnswered) return result;
      maybe_executed |= result.delivery == Delivery::kUnknown;
      const bool again = !last && MayRetry(result, idempotent) &&
                         WaitToRetry(attempt, backoff, deadline);
      if (!again) {
        // What an earlier attempt may have done, the last one cannot undo.
        if (maybe_executed) result.delivery = Delivery::kUnknown;
        return result;
      }
      ++stats_.retries;
    }
  }

  // Whether another attempt is harmless and may end otherwise.
  bool MayRetry(const RawResult& result, bool idempotent) const {
    if (stopped_) return false;
    if (result.delivery == Delivery::kUnknown && !idempotent) return false;
    return absl::IsUnavailable(result.status) ||
           absl::IsResourceExhausted(result.status);
  }

  // False: there is no time left, or the caller's fiber was cancelled.
  // Suspends.
  bool WaitToRetry(uint32_t attempt, Backoff& backoff, Instant deadline) {
    // Another server may know better at once; the same one needs time.
    if (attempt < connections_.size()) return executor_.Now() < deadline;
    const absl::Duration span = backoff.Next(random_);
    if (executor_.Now() + span >= deadline) return false;
    return executor_.SleepFor(span).ok() && !stopped_;
  }

  ClientConnection& Pick() {
    if (connections_.size() == 1) return *connections_.front();
    const size_t picked = balancer_->Pick(targets());
    CHECK_LT(picked, connections_.size());
    return *connections_[picked];
  }

  void Count(const RawResult& result, Instant begun) {
    ++stats_.requests;
    switch (result.delivery) {
      case Delivery::kNotSent:
        ++stats_.not_sent;
        break;
      case Delivery::kRefused:
        ++stats_.refused;
        break;
      case Delivery::kUnknown:
        ++stats_.unknown;
        break;
      case Delivery::kAnswered: {
        ++stats_.answered;
        const absl::Duration latency = executor_.Now() - begun;
        stats_.latency_sum += latency;
        stats_.latency_max = std::max(stats_.latency_max, latency);
        break;
      }
    }
    if (result.delivery == Delivery::kAnswered && result.status.ok()) {
      stats_.last_success = executor_.Now();
    } else {
      ++stats_.failures;
    }
  }

  runtime::Executor& executor_;
  runtime::Random random_;
  const ClientConfig config_;
  ClientStats stats_;
  const std::unique_ptr<Balancer> balancer_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  bool stopped_ = false;

  runtime::FiberGroup fibers_;
};

ClientEnd::ClientEnd(runtime::Executor& executor, Network& network,
                     runtime::Random random, ClientConfig config,
                     std::unique_ptr<Balancer> balancer)
    : impl_(std::make_unique<Impl>(executor, network, std::move(random),
                                   std::move(config), std::move(balancer))) {}

ClientEnd::~ClientEnd() = default;

RawResult ClientEnd::CallRaw(absl::string_view method,
                             std::vector<runtime::Bytes> request,
                             const CallOptions& options) {
  return impl_->CallRaw(method, std::move(request), options);
}

const ClientConfig& ClientEnd::config() const { return impl_->config(); }

const ClientStats& ClientEnd::stats() const { return impl_->stats(); }
ClientLoad ClientEnd::load() const { return impl_->load(); }

std::vector<TargetState> ClientEnd::targets() const { return impl_->targets(); }

void ClientEnd::Stop() { impl_->Stop(); }

}  // namespace net
