#include "prod/http_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace prod {
namespace {

constexpr absl::Duration kFinishTime = absl::Milliseconds(200);

}  // namespace

bool HttpStream::Wait(short events, runtime::Instant until) const {
  for (;;) {
    const int64_t left_ms = absl::ToInt64Milliseconds(until - clock_.Now());
    if (left_ms <= 0) return false;
    pollfd waiting{.fd = fd_, .events = events, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left_ms));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

ssize_t HttpStream::Receive(char* out, size_t size,
                            runtime::Instant until) const {
  for (;;) {
    const ssize_t got = recv(fd_, out, size, 0);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !Wait(POLLIN, until)) return -1;
  }
}

bool HttpStream::is_readable() const {
  return begin_ < end_ || (bytes_left_ > 0 && Wait(POLLIN, deadline_));
}

bool HttpStream::is_writable() const { return Wait(POLLOUT, deadline_); }

ssize_t HttpStream::read(char* out, size_t size) {
  if (begin_ == end_) {
    const size_t wanted = std::min(buffer_.size(), bytes_left_);
    if (wanted == 0 || deadline_ <= clock_.Now()) return -1;
    const ssize_t got = Receive(buffer_.data(), wanted, deadline_);
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<size_t>(got);
    bytes_left_ -= end_;
  }
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(out, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t HttpStream::write(const char* data, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t sent = send(fd_, data + done, size - done, MSG_NOSIGNAL);
    if (sent >= 0) {
      done += static_cast<size_t>(sent);
    } else if (errno != EINTR &&
               (errno != EAGAIN || !Wait(POLLOUT, deadline_))) {
      return -1;
    }
  }
  return static_cast<ssize_t>(size);
}

void HttpStream::FinishGently() {
  shutdown(fd_, SHUT_WR);
  const runtime::Instant until =
      std::min(deadline_, clock_.Now() + kFinishTime);
  // Bounded in time; nothing is kept.
  while (clock_.Now() < until &&
         Receive(buffer_.data(), buffer_.size(), until) > 0) {
  }
}

// Nobody is told who asks.
void HttpStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void HttpStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace prod
