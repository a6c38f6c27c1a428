#include "tests/cluster/tcp_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "runtime/status_macros.h"
#include "tests/cluster/loopback.h"

namespace cluster {
namespace {

absl::Status Gone(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<TcpConnection> TcpConnection::Connect(uint16_t port,
                                                     absl::Duration patience) {
  prod::UniqueFd fd(
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Gone("socket");
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  TcpConnection connection(std::move(fd));
  const sockaddr_in address = Loopback(port);
  if (connect(connection.socket_.get(),
              reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    if (errno != EINPROGRESS) return Gone("connect");
    RETURN_IF_ERROR(connection.WaitFor(POLLOUT, absl::Now() + patience));
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(connection.socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    if (error != 0) return Gone("connect");
  }
  return connection;
}

absl::Status TcpConnection::WaitFor(short events, absl::Time deadline) const {
  for (;;) {
    const int64_t left_ms = absl::ToInt64Milliseconds(deadline - absl::Now());
    pollfd waiting{.fd = socket_.get(), .events = events, .revents = 0};
    const int ready =
        poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left_ms, 0)));
    if (ready > 0) return absl::OkStatus();
    if (ready == 0) return absl::DeadlineExceededError("no answer in time");
    if (errno != EINTR) return Gone("poll");
  }
}

absl::Status TcpConnection::Send(absl::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(WaitFor(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Gone("send");
    }
  }
  return absl::OkStatus();
}

absl::Status TcpConnection::Receive(std::string& bytes, absl::Time deadline) {
  char buffer[4096];
  for (;;) {
    const ssize_t count = recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (count > 0) {
      bytes.append(buffer, static_cast<size_t>(count));
      return absl::OkStatus();
    }
    if (count == 0) return absl::UnavailableError("closed by the other side");
    if (errno == EAGAIN) {
      RETURN_IF_ERROR(WaitFor(POLLIN, deadline));
    } else if (errno != EINTR) {
      return Gone("recv");
    }
  }
}

bool TcpConnection::HasUnread() const {
  char byte = 0;
  return recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::string TcpConnection::ReceiveAll(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  std::string bytes;
  while (Receive(bytes, deadline).ok()) {
  }
  return bytes;
}

void TcpConnection::CloseWithReset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool PortIsFree(uint16_t port) {
  const prod::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = Loopback(port);
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0;
}

}  // namespace cluster
