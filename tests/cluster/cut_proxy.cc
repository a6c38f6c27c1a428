#include "tests/cluster/cut_proxy.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/check.h"
#include "tests/cluster/loopback.h"

namespace cluster {
namespace {

constexpr size_t kHeldBytesMax = 64 << 10;
constexpr int kBacklog = 128;

prod::UniqueFd MakeSocket() {
  prod::UniqueFd fd(
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  CHECK(fd.get() >= 0, "no socket");
  return fd;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// The next close is a reset.
void CloseWithReset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace

CutProxy::CutProxy()
    : bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { Run(); }) {
  CHECK(bell_.get() >= 0, "no eventfd");
}

CutProxy::~CutProxy() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  Ring();
  thread_.join();
}

void CutProxy::Ring() {
  const uint64_t one = 1;
  (void)!write(bell_.get(), &one, sizeof(one));
}

void CutProxy::AddRoad(int from, int to, uint16_t listen_port,
                       uint16_t target) {
  CHECK(from >= 1 && from <= kNodesMax && to >= 1 && to <= kNodesMax);
  prod::UniqueFd fd = MakeSocket();
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = Loopback(listen_port);
  CHECK(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) == 0 &&
            listen(fd.get(), kBacklog) == 0,
        "cannot listen on ", listen_port);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    roads_.push_back({from, to, target, std::move(fd)});
  }
  Ring();
}

void CutProxy::SetBlocked(int from, int to, bool blocked) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    blocked_[from][to] = blocked;
  }
  Ring();
}

void CutProxy::Cut(int a, int b) {
  Block(a, b);
  Block(b, a);
}

void CutProxy::HealAll() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& row : blocked_) std::fill(std::begin(row), std::end(row), false);
  }
  Ring();
}

void CutProxy::Reset(int a, int b) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Connection& connection : connections_) {
    const Flow& flow = connection.flows[0];
    const bool between =
        (flow.from == a && flow.to == b) || (flow.from == b && flow.to == a);
    if (!between || connection.over) continue;
    connection.over = true;
    ++counts_.resets;
  }
  Ring();
}

CutProxy::Counts CutProxy::counts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

void CutProxy::Run() {
  for (;;) {
    std::vector<pollfd> events;
    size_t roads = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stop_) return;
      events = WhatToWaitFor();
      roads = roads_.size();
    }
    if (poll(events.data(), events.size(), -1) < 0) continue;
    uint64_t rung = 0;
    (void)!read(bell_.get(), &rung, sizeof(rung));
    const std::lock_guard<std::mutex> lock(mutex_);
    Take(events, roads);
  }
}

std::vector<pollfd> CutProxy::WhatToWaitFor() {
  // Dropping a socket in the middle of a connection is a reset.
  connections_.remove_if([](Connection& connection) {
    if (!connection.over) return false;
    for (const prod::UniqueFd& fd : connection.sockets) {
      CloseWithReset(fd.get());
    }
    return true;
  });
  std::vector<pollfd> events;
  events.push_back({bell_.get(), POLLIN, 0});
  for (const Road& road : roads_) {
    events.push_back({road.listener.get(), POLLIN, 0});
  }
  for (Connection& connection : connections_) {
    if (connection.sockets[1].get() < 0) Dial(connection);
    for (size_t side = 0; side < 2; ++side) {
      const Flow& out = connection.flows[side];
      const Flow& in = connection.flows[1 - side];
      short wanted = 0;
      if (!IsBlocked(out) && !out.ended && out.held.size() < kHeldBytesMax) {
        wanted |= POLLIN;
      }
      if (!IsBlocked(in) && (!in.held.empty() || (in.ended && !in.end_told))) {
        wanted |= POLLOUT;
      }
      // A hang-up of somebody who is not asked would wake us for ever.
      const int fd = connection.sockets[side].get();
      events.push_back({wanted == 0 ? -1 : fd, wanted, 0});
    }
  }
  return events;
}

void CutProxy::Take(const std::vector<pollfd>& events, size_t roads) {
  // Roads and connections are only ever added behind those that were asked for;
  // connections go in WhatToWaitFor().
  size_t next = 1 + roads;
  for (Connection& connection : connections_) {
    if (next >= events.size()) break;
    for (size_t side = 0; side < 2; ++side, ++next) {
      if (connection.over) continue;
      const short came = events[next].revents;
      if ((came & POLLOUT) != 0) Write(connection, side);
      const bool asked = (events[next].events & POLLIN) != 0;
      if ((came & POLLIN) != 0 || (asked && came != 0)) {
        Read(connection, side);
      } else if ((came & (POLLERR | POLLNVAL)) != 0) {
        connection.over = true;
      }
    }
    const auto& flows = connection.flows;
    if (flows[0].end_told && flows[1].end_told) connection.over = true;
  }
  size_t road_at = 1;
  for (Road& road : roads_) {
    if (road_at > roads) break;
    if (events[road_at++].revents != 0) Accept(road);
  }
}

void CutProxy::Accept(Road& road) {
  prod::UniqueFd fd(accept4(road.listener.get(), nullptr, nullptr,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0) return;
  SendAtOnce(fd.get());
  Connection connection;
  connection.target = road.target;
  connection.sockets[0] = std::move(fd);
  connection.flows[0].from = connection.flows[1].to = road.from;
  connection.flows[0].to = connection.flows[1].from = road.to;
  ++counts_.connections;
  if (IsBlocked(connection.flows[0]) || IsBlocked(connection.flows[1])) {
    ++counts_.swallowed;
  }
  connections_.push_back(std::move(connection));
}

void CutProxy::Dial(Connection& connection) {
  if (IsBlocked(connection.flows[0]) || IsBlocked(connection.flows[1])) return;
  prod::UniqueFd fd = MakeSocket();
  SendAtOnce(fd.get());
  const sockaddr_in address = Loopback(connection.target);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0 &&
      errno != EINPROGRESS) {
    connection.over = true;
    Ring();  // Or nobody would look before the next event.
  }
  connection.sockets[1] = std::move(fd);
}

void CutProxy::Read(Connection& connection, size_t side) {
  Flow& flow = connection.flows[side];
  char buffer[kHeldBytesMax];
  const ssize_t count =
      recv(connection.sockets[side].get(), buffer, sizeof(buffer), 0);
  if (count > 0) {
    flow.held.append(buffer, static_cast<size_t>(count));
    Write(connection, 1 - side);
  } else if (count == 0) {
    flow.ended = true;
    Write(connection, 1 - side);
  } else if (errno != EAGAIN && errno != EINTR) {
    connection.over = true;
  }
}

// Hands on what waits for `side`.
void CutProxy::Write(Connection& connection, size_t side) {
  Flow& flow = connection.flows[1 - side];
  const int fd = connection.sockets[side].get();
  if (fd < 0 || IsBlocked(flow)) return;
  if (!flow.held.empty()) {
    const ssize_t count =
        send(fd, flow.held.data(), flow.held.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) connection.over = true;
      return;
    }
    counts_.bytes += static_cast<uint64_t>(count);
    flow.held.erase(0, static_cast<size_t>(count));
  }
  if (flow.held.empty() && flow.ended && !flow.end_told) {
    shutdown(fd, SHUT_WR);
    flow.end_told = true;
  }
}

}  // namespace cluster
