#include "prod/tcp_network.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "prod/socket_address.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

constexpr int kListenBacklog = 1024;
constexpr size_t kPiecesPerCall = 64;
// A connection that is silent for so long is asked whether it lives, and if
// there is no answer so often, so many seconds apart, it is over. As Redis
// does.
constexpr int kSilentSeconds = 300;
constexpr int kAsksMax = 3;
constexpr int kAskAgainSeconds = 100;

absl::Status Unavailable(const char* what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

// Owns a socket.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

class TcpStream final : public net::Stream {
 public:
  TcpStream(RealExecutor& executor, NetworkCounters& counters, Socket socket,
            net::Address remote)
      : executor_(executor),
        counters_(counters),
        socket_(std::move(socket)),
        remote_(std::move(remote)),
        watched_(executor, socket_.fd()) {
    const int on = 1;
    setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    KeepAlive();
  }

  ~TcpStream() override {
    if (!write_closed_) LingerZero();
  }

  absl::StatusOr<size_t> Read(std::span<std::byte> buffer,
                              runtime::Instant deadline) override {
    CHECK(!buffer.empty(), "a read into nothing");
    absl::Status waited;
    for (bool wait = watched_.drained();; wait = true) {
      if (wait) {
        RETURN_IF_ERROR(waited);
        waited = watched_.WaitReadable(deadline);
        // Who has no time left still gets what has come.
        if (!waited.ok() && !absl::IsDeadlineExceeded(waited)) return waited;
      }
      if (reset_) return absl::CancelledError("stream reset here");
      const ssize_t got = ReceiveSome(buffer);
      if (got >= 0) {
        if (static_cast<size_t>(got) < buffer.size()) watched_.OnDrained();
        counters_.bytes_read.Add(static_cast<uint64_t>(got));
        return static_cast<size_t>(got);
      }
      if (errno != EAGAIN) return Unavailable("read", errno);
    }
  }

  absl::Status Write(std::span<const std::span<const std::byte>> pieces,
                     net::Patience patience) override {
    std::optional<net::PatientWait> wait;  // Most writes need none.
    size_t done_in_first = 0;
    while (!pieces.empty()) {
      if (reset_) return absl::CancelledError("stream reset here");
      const ssize_t sent = SendSome(pieces, done_in_first);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return Unavailable("write", errno);
        if (!wait.has_value()) {
          wait.emplace(patience, executor_.Now(), taken_bytes());
        }
        RETURN_IF_ERROR(AwaitRoom(*wait));
        continue;
      }
      written_ += static_cast<uint64_t>(sent);
      counters_.bytes_written.Add(static_cast<uint64_t>(sent));
      size_t left = static_cast<size_t>(sent) + done_in_first;
      while (!pieces.empty() && left >= pieces.front().size()) {
        left -= pieces.front().size();
        pieces = pieces.subspan(1);
      }
      done_in_first = left;
    }
    return absl::OkStatus();
  }

  void CloseWrite() override {
    write_closed_ = true;
    if (!reset_) shutdown(socket_.fd(), SHUT_WR);
  }

  void Reset() override {
    if (std::exchange(reset_, true)) return;
    LingerZero();
    write_closed_ = false;
    // The descriptor stays open until the destructor; the peer hears of the
    // reset now. A connect to AF_UNSPEC drops a TCP connection at once.
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    connect(socket_.fd(), &nowhere, sizeof(nowhere));
    watched_.WakeAll();
  }

  uint64_t taken_bytes() const override {
    // A socket that is broken cannot tell: then nothing moves any more.
    int waiting = 0;
    if (ioctl(socket_.fd(), SIOCOUTQ, &waiting) != 0) return 0;
    const auto untaken = static_cast<uint64_t>(std::max(waiting, 0));
    return written_ - std::min(written_, untaken);
  }

  net::Address remote_address() const override { return remote_; }

  net::Address local_address() const override {
    sockaddr_storage here{};
    socklen_t size = sizeof(here);
    getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&here), &size);
    return ToAddress(here);
  }

 private:
  // A full socket says that it can be written only when a third of it is free,
  // which may take minutes on a slow way: what tells that bytes move is what
  // the peer has acknowledged.
  absl::Status AwaitRoom(net::PatientWait& wait) {
    const absl::Status waited = watched_.WaitWritable(wait.next_look());
    if (!absl::IsDeadlineExceeded(waited)) return waited;
    return wait.GoesOn(executor_.Now(), taken_bytes()) ? absl::OkStatus()
                                                       : waited;
  }

  ssize_t ReceiveSome(std::span<std::byte> buffer) {
    ssize_t got = -1;
    do {
      counters_.reads.Add();
      got = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
    } while (got < 0 && errno == EINTR);
    return got;
  }

  // One system call for as much as fits. `skip` bytes of the first are done.
  ssize_t SendSome(std::span<const std::span<const std::byte>> pieces,
                   size_t skip) {
    std::array<iovec, kPiecesPerCall> parts;
    const size_t count = std::min(pieces.size(), parts.size());
    for (size_t i = 0; i < count; ++i) {
      const size_t offset = i == 0 ? skip : 0;
      parts[i].iov_base = const_cast<std::byte*>(pieces[i].data() + offset);
      parts[i].iov_len = pieces[i].size() - offset;
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    counters_.writes.Add();
    return sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
  }

  // Who vanishes without a word must not keep its place for ever.
  void KeepAlive() {
    const auto set = [this](int level, int option, int value) {
      setsockopt(socket_.fd(), level, option, &value, sizeof(value));
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kSilentSeconds);
    set(IPPROTO_TCP, TCP_KEEPCNT, kAsksMax);
    set(IPPROTO_TCP, TCP_KEEPINTVL, kAskAgainSeconds);
  }

  // Closing now resets instead of closing gracefully.
  void LingerZero() {
    const linger now{1, 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }

  RealExecutor& executor_;
  NetworkCounters& counters_;
  Socket socket_;
  const net::Address remote_;
  uint64_t written_ = 0;  // Taken by the kernel here.
  bool reset_ = false;
  bool write_closed_ = false;
  Watched watched_;
};

class TcpListener final : public net::Listener {
 public:
  TcpListener(RealExecutor& executor, NetworkCounters& counters, Socket socket,
              net::Address local)
      : executor_(executor),
        counters_(counters),
        socket_(std::move(socket)),
        local_(std::move(local)),
        watched_(executor, socket_.fd()) {}

  absl::StatusOr<std::unique_ptr<net::Stream>> Accept(
      runtime::Instant deadline) override {
    for (;;) {
      if (closed_) return absl::CancelledError("listener closed");
      sockaddr_storage from{};
      socklen_t size = sizeof(from);
      const int fd = accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&from),
                             &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        counters_.accepted.Add();
        return std::make_unique<TcpStream>(executor_, counters_, Socket(fd),
                                           ToAddress(from));
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN) return Unavailable("accept", errno);
      RETURN_IF_ERROR(watched_.WaitReadable(deadline));
    }
  }

  net::Address local_address() const override { return local_; }

  void Close() override {
    if (std::exchange(closed_, true)) return;
    shutdown(socket_.fd(), SHUT_RDWR);  // Refuses dials from now on.
    watched_.WakeAll();
  }

 private:
  RealExecutor& executor_;
  NetworkCounters& counters_;
  Socket socket_;
  const net::Address local_;
  bool closed_ = false;
  Watched watched_;
};

absl::Status FinishConnect(RealExecutor& executor, int fd,
                           runtime::Instant deadline) {
  Watched watched(executor, fd);
  const absl::Status waited = watched.WaitWritable(deadline);
  if (absl::IsDeadlineExceeded(waited)) {
    return absl::DeadlineExceededError("connect: no answer in time");
  }
  RETURN_IF_ERROR(waited);
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? absl::OkStatus() : Unavailable("connect", error);
}

}  // namespace

absl::StatusOr<std::unique_ptr<net::Stream>> TcpNetwork::Dial(
    const net::Address& address, net::Framing /*framing*/,
    runtime::Instant deadline) {
  ASSIGN_OR_RETURN(const SocketAddress target,
                   Resolve(address, executor_, deadline));
  Socket socket(
      ::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return Unavailable("socket", errno);
  if (connect(socket.fd(), target.get(), target.size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) {
      return Unavailable("connect", errno);
    }
    RETURN_IF_ERROR(FinishConnect(executor_, socket.fd(), deadline));
  }
  counters_.dialled.Add();
  return std::make_unique<TcpStream>(executor_, counters_, std::move(socket),
                                     address);
}

absl::StatusOr<std::unique_ptr<net::Listener>> TcpNetwork::Listen(
    const net::Address& address) {
  ASSIGN_OR_RETURN(const SocketAddress local, ParseNumeric(address));
  Socket socket(
      ::socket(local.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return Unavailable("socket", errno);
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket.fd(), local.get(), local.size) != 0 ||
      listen(socket.fd(), kListenBacklog) != 0) {
    const std::string what = absl::StrCat(
        "cannot listen on ", address.ToString(), ": ", std::strerror(errno));
    if (errno == EADDRINUSE) return absl::FailedPreconditionError(what);
    return absl::InvalidArgumentError(what);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&bound), &size);
  return std::make_unique<TcpListener>(executor_, counters_, std::move(socket),
                                       ToAddress(bound));
}

}  // namespace prod
