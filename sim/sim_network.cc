#include "sim/sim_network.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "runtime/status_macros.h"
#include "sim/sim_stream.h"

namespace sim {
namespace {

bool IsAnyAddress(absl::string_view name) {
  return name.empty() || name == "0.0.0.0" || name == "::";
}

bool IsLoopback(absl::string_view name) {
  return name == "localhost" || name == "127.0.0.1" || name == "::1";
}

}  // namespace

// ---- what a process sees

class SimNetwork::ProcessNetwork final : public net::Network {
 public:
  ProcessNetwork(SimNetwork& network, std::shared_ptr<Life> life,
                 runtime::Executor& executor)
      : network_(network), life_(std::move(life)), executor_(executor) {}

  absl::StatusOr<std::unique_ptr<net::Stream>> Dial(
      const net::Address& address, net::Framing framing,
      runtime::Instant deadline) override {
    if (!life_->alive) return absl::CancelledError("the process has ended");
    network_.world_.MayFailToAllocate();
    const std::optional<HostId> to =
        network_.Resolve(address.host, life_->host);
    if (!to.has_value()) return FailToResolve(address, deadline);
    auto stream = std::make_unique<SimStream>(
        network_.Connect(life_, executor_, *to, address, framing),
        Side::kDialer);
    RETURN_IF_ERROR(stream->AwaitOpen(deadline));
    return stream;
  }

  absl::StatusOr<std::unique_ptr<net::Listener>> Listen(
      const net::Address& address) override {
    if (!life_->alive) return absl::CancelledError("the process has ended");
    net::Address bound = address;
    if (IsAnyAddress(bound.host)) {
      bound.host = network_.world_.host_name(life_->host);
    }
    const std::optional<HostId> at = network_.Resolve(bound.host, life_->host);
    if (at != std::optional<HostId>(life_->host)) {
      return absl::InvalidArgumentError(
          absl::StrCat(address.host, " is not an address of this host"));
    }
    auto listener = std::make_unique<SimListener>(
        network_.host(life_->host).ports, life_, executor_);
    RETURN_IF_ERROR(listener->Bind(bound));
    return listener;
  }

 private:
  // Asking for a name takes time: a caller that tries for ever must not stop
  // the world.
  absl::Status FailToResolve(const net::Address& address,
                             runtime::Instant deadline) {
    const absl::Duration latency = network_.world_.knobs().network.latency_max;
    const runtime::Instant answer = executor_.Now() + latency;
    RETURN_IF_ERROR(executor_.SleepUntil(std::min(answer, deadline)));
    if (deadline < answer) return absl::DeadlineExceededError("name lookup");
    return absl::UnavailableError(absl::StrCat("unknown host ", address.host));
  }

  SimNetwork& network_;
  const std::shared_ptr<Life> life_;
  runtime::Executor& executor_;
};

// ---- for the World

SimNetwork::SimNetwork(World& world) : world_(world) {}

SimNetwork::~SimNetwork() = default;

std::unique_ptr<net::Network> SimNetwork::Attach(std::shared_ptr<Life> life,
                                                 runtime::Executor& executor) {
  SetPower(life->host, true);
  return std::make_unique<ProcessNetwork>(*this, std::move(life), executor);
}

void SimNetwork::OnProcessEnd(HostId host_id, uint64_t boot, bool power_off) {
  host(host_id).ports.UnbindAll();
  if (power_off) SetPower(host_id, false);
  std::vector<std::pair<std::shared_ptr<Connection>, Side>> ended;
  for (const auto& [id, connection] : connections_) {
    for (const Side side : {Side::kDialer, Side::kAcceptor}) {
      const Life* life = connection->endpoint(side).life.get();
      if (life == nullptr || life->host != host_id || life->boot != boot) {
        continue;
      }
      CHECK(!life->alive, "the network is told before the process has ended");
      ended.emplace_back(connection, side);
    }
  }
  for (const auto& [connection, side] : ended) {
    connection->EndLife(side, power_off);
  }
}

// ---- for drivers and nemeses

void SimNetwork::Cut(HostId from, HostId to) { SetCut(from, to, true); }

void SimNetwork::Heal(HostId from, HostId to) {
  SetCut(from, to, false);
  Unblock();
}

bool SimNetwork::IsCut(HostId from, HostId to) const {
  const auto found = links_.find({from, to});
  return found != links_.end() && found->second->cut();
}

void SimNetwork::Partition(const std::vector<std::vector<HostId>>& groups) {
  const auto share_group = [&groups](HostId a, HostId b) {
    return std::any_of(
        groups.begin(), groups.end(), [a, b](const std::vector<HostId>& group) {
          return std::count(group.begin(), group.end(), a) != 0 &&
                 std::count(group.begin(), group.end(), b) != 0;
        });
  };
  const auto count = static_cast<HostId>(world_.host_count());
  for (HostId a = 0; a < count; ++a) {
    for (HostId b = 0; b < count; ++b) {
      if (a != b) SetCut(a, b, !share_group(a, b));
    }
  }
  Unblock();
}

void SimNetwork::HealAll() {
  for (const auto& [pair, link] : links_) {
    SetCut(pair.first, pair.second, false);
  }
  Unblock();
}

void SimNetwork::SetLinkKnobs(HostId from, HostId to,
                              std::optional<NetworkKnobs> knobs) {
  link(from, to).SetKnobs(std::move(knobs));
}

// ---- connections

std::shared_ptr<Connection> SimNetwork::Connect(
    const std::shared_ptr<Life>& life, runtime::Executor& executor, HostId to,
    const net::Address& address, net::Framing framing) {
  Link& there = link(life->host, to);
  Link& back = link(to, life->host);
  const NetworkKnobs& knobs = there.knobs();
  const bool hang = there.Strikes(knobs.connect_hang_ppm, "net.connect_hang");
  const bool refuse =
      !hang && there.Strikes(knobs.connect_refused_ppm, "net.connect_refused");
  const uint64_t id = ++connections_made_;
  auto connection = std::make_shared<Connection>(
      static_cast<ConnectionOwner&>(*this), there, back,
      Connection::Options{
          .id = id,
          .framing = framing,
          .dialer = {.host = world_.host_name(life->host),
                     .port = host(life->host).ports.NextEphemeral()},
          .acceptor = address,
          .refuse = refuse});
  connections_.emplace(id, connection);
  connection->Dial(life, executor, hang);
  return connection;
}

void SimNetwork::OnDial(Connection& connection, Parcel open) {
  const Connection::Options& options = connection.options();
  const HostId at = connection.outgoing(Side::kDialer).link().to();
  SimListener* const listener = host(at).ports.Find(options.acceptor.port);
  if (listener == nullptr || options.refuse) {
    connection.Refuse();
  } else if (!listener->Offer(connection)) {
    connection.Retry(std::move(open), kDialRetry);
  }
}

void SimNetwork::OnForgotten(uint64_t connection_id) {
  connections_.erase(connection_id);
}

// ---- hosts and links

std::optional<HostId> SimNetwork::Resolve(absl::string_view name,
                                          HostId self) const {
  if (IsLoopback(name)) return self;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    if (world_.host_name(id) == name) return id;
  }
  return std::nullopt;
}

SimNetwork::Host& SimNetwork::host(HostId id) {
  CHECK_LT(id, world_.host_count());
  while (hosts_.size() <= id) hosts_.push_back(std::make_unique<Host>());
  return *hosts_[id];
}

Link& SimNetwork::link(HostId from, HostId to) {
  std::unique_ptr<Link>& link = links_[{from, to}];
  if (link == nullptr) {
    link = std::make_unique<Link>(world_, from, to, host(to).has_power);
  }
  return *link;
}

void SimNetwork::SetPower(HostId id, bool power) {
  host(id).has_power = power;
  for (const auto& [pair, link] : links_) {
    if (pair.second == id) link->SetTargetUp(power);
  }
  if (power) Unblock();
}

void SimNetwork::SetCut(HostId from, HostId to, bool cut) {
  Link& changed = link(from, to);
  if (changed.cut() == cut) return;
  changed.SetCut(cut);
  world_.Record(to, cut ? "net.cut" : "net.heal",
                {{"from", absl::string_view(world_.host_name(from))}});
}

void SimNetwork::Unblock() {
  for (const auto& [id, connection] : connections_) connection->Unblock();
}

}  // namespace sim
