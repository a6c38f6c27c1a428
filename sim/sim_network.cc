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
    link->SetDown(false);
    SetClogged(pair.first, pair.second, false);
    link->ClearFilters();
  }
  Unblock();
}

void SimNetwork::Clog(HostId from, HostId to) { SetClogged(from, to, true); }

void SimNetwork::Unclog(HostId from, HostId to) {
  SetClogged(from, to, false);
  Unblock();
}

bool SimNetwork::IsClogged(HostId from, HostId to) const {
  const auto found = links_.find({from, to});
  return found != links_.end() && found->second->clogged();
}

SimNetwork::Open SimNetwork::OpenEndpoints(HostId host) const {
  Open open;
  for (const auto& [id, connection] : connections_) {
    for (const Side side : {Side::kDialer, Side::kAcceptor}) {
      const Endpoint& endpoint = connection->endpoint(side);
      if (endpoint.state == Endpoint::State::kOpen &&
          endpoint.life->host == host) {
        open.emplace_back(connection, side);
      }
    }
  }
  return open;
}

SimNetwork::Open SimNetwork::AcceptedAt(HostId host, uint16_t port) const {
  Open open = OpenEndpoints(host);
  std::erase_if(open, [port](const auto& one) {
    const auto& [connection, side] = one;
    return side != Side::kAcceptor ||
           connection->options().acceptor.port != port ||
           connection->endpoint(side).closed_by_peer;
  });
  return open;
}

size_t SimNetwork::accepted_at(HostId host, uint16_t port) const {
  return AcceptedAt(host, port).size();
}

size_t SimNetwork::half_open_at(HostId host, uint16_t port) const {
  const Open open = AcceptedAt(host, port);
  return static_cast<size_t>(
      std::count_if(open.begin(), open.end(), [](const auto& one) {
        const auto& [connection, side] = one;
        return connection->endpoint(Other(side)).state ==
               Endpoint::State::kGone;
      }));
}

void SimNetwork::ResetConnections(HostId host) {
  for (const auto& [connection, side] : OpenEndpoints(host)) {
    connection->Break(side);
  }
}

void SimNetwork::ForgetConnections(HostId host) {
  for (const auto& [connection, side] : OpenEndpoints(host)) {
    connection->Forget(side);
  }
}

void SimNetwork::SwallowConnections(HostId one, HostId other) {
  for (const auto& [connection, side] : OpenEndpoints(one)) {
    const Link& link = connection->outgoing(side).link();
    if (link.to() == other) connection->Swallow();
  }
}

uint64_t SimNetwork::AddFilter(HostId from, HostId to, FrameFilter filter) {
  const uint64_t id = ++filters_made_;
  link(from, to).AddFilter(id, std::move(filter));
  return id;
}

void SimNetwork::RemoveFilter(HostId from, HostId to, uint64_t id) {
  link(from, to).RemoveFilter(id);
}

void SimNetwork::ClearFilters(HostId from, HostId to) {
  link(from, to).ClearFilters();
}

void SimNetwork::SetDown(HostId from, HostId to, bool down) {
  if (link(from, to).SetDown(down) && !down) Unblock();
}

void SimNetwork::SetLinkKnobs(HostId from, HostId to,
                              std::optional<NetworkKnobs> knobs) {
  Link& struck = link(from, to);
  const std::optional<Link::Hastening> sooner =
      struck.SetKnobs(std::move(knobs));
  if (!sooner.has_value()) return;
  for (const auto& [id, connection] : connections_) {
    connection->Hasten(struck, *sooner);
  }
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

void SimNetwork::OnKept(Connection& connection, Side writer,
                        runtime::Bytes frame, Time later) {
  Road road{.connection_id = connection.options().id,
            .dialer = connection.outgoing(Side::kDialer).link().from(),
            .acceptor = connection.options().acceptor,
            .writer = writer};
  world_.At(world_.now() + later, EventClass::kGuest,
            [this, road = std::move(road), kept = std::move(frame)] {
              Connection* const heir = NewestOf(road);
              if (heir == nullptr) return;
              Link& link = heir->outgoing(road.writer).link();
              link.CountFault("net.frame_ancient");
              if (heir->options().id != road.connection_id) {
                link.CountFault("net.frame_of_old_connection");
              }
              heir->outgoing(road.writer).SendAncient(kept);
            });
}

Connection* SimNetwork::NewestOf(const Road& road) {
  const Side reader = Other(road.writer);
  for (auto it = connections_.rbegin(); it != connections_.rend(); ++it) {
    Connection& connection = *it->second;
    if (connection.options().framing == net::Framing::kFrames &&
        connection.endpoint(reader).state == Endpoint::State::kOpen &&
        connection.outgoing(Side::kDialer).link().from() == road.dialer &&
        connection.options().acceptor == road.acceptor) {
      return &connection;
    }
  }
  return nullptr;
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
  while (hosts_.size() <= id) {
    hosts_.push_back(
        std::make_unique<Host>(world_.Stream("net.slow_host", hosts_.size())));
  }
  return *hosts_[id];
}

Link& SimNetwork::link(HostId from, HostId to) {
  std::unique_ptr<Link>& link = links_[{from, to}];
  if (link == nullptr) {
    link = std::make_unique<Link>(world_, from, to,
                                  Link::Ends{.from = host(from).slowness,
                                             .to = host(to).slowness,
                                             .target_up = host(to).has_power});
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
  if (!link(from, to).SetCut(cut)) return;
  world_.Record(to, cut ? "net.cut" : "net.heal",
                {{"from", absl::string_view(world_.host_name(from))}});
}

void SimNetwork::SetClogged(HostId from, HostId to, bool clogged) {
  if (!link(from, to).SetClogged(clogged)) return;
  world_.Record(to, clogged ? "net.clog" : "net.unclog",
                {{"from", absl::string_view(world_.host_name(from))}});
}

void SimNetwork::Unblock() {
  for (const auto& [id, connection] : connections_) connection->Unblock();
}

}  // namespace sim
