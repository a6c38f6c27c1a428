#include "prod/http_fetch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "prod/socket_address.h"
#include "prod/unique_fd.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

constexpr absl::string_view kHttp = "HTTP/1.";
constexpr absl::string_view kEndOfHead = "\r\n\r\n";

absl::Status No(absl::string_view why) { return absl::UnavailableError(why); }

// UNAVAILABLE with `late` if it does not come to that in time.
absl::Status Await(const UniqueFd& socket, short events, absl::Time deadline,
                   absl::string_view late) {
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return No(late);
    pollfd waiting{.fd = socket.get(), .events = events, .revents = 0};
    const int64_t millis = absl::ToInt64Milliseconds(left) + 1;
    if (poll(&waiting, 1, static_cast<int>(std::min<int64_t>(millis, 60'000))) >
        0) {
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<UniqueFd> Connect(const net::Address& address,
                                 absl::Time deadline) {
  ASSIGN_OR_RETURN(const SocketAddress target, ResolveHere(address));
  UniqueFd socket(
      ::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) {
    return No(absl::StrCat("socket: ", std::strerror(errno)));
  }
  int error = 0;
  if (connect(socket.get(), target.get(), target.size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) {
      return No(absl::StrCat("cannot connect: ", std::strerror(errno)));
    }
    RETURN_IF_ERROR(Await(socket, POLLOUT, deadline,
                          "cannot connect: no answer from the host in time"));
    socklen_t size = sizeof(error);
    getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    return No(absl::StrCat("cannot connect: ", std::strerror(error)));
  }
  return socket;
}

absl::Status SendAll(const UniqueFd& socket, absl::string_view bytes,
                     absl::Time deadline) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(Await(socket, POLLOUT, deadline,
                            "connected, but it takes no request"));
    } else if (errno != EINTR) {
      return No(absl::StrCat("the connection broke: ", std::strerror(errno)));
    }
  }
  return absl::OkStatus();
}

// Until the other side closes.
absl::StatusOr<std::string> ReceiveAll(const UniqueFd& socket,
                                       absl::Time deadline,
                                       size_t answer_bytes_max) {
  std::string bytes;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t got = recv(socket.get(), chunk.data(), chunk.size(), 0);
    if (got == 0) return bytes;
    if (got > 0) {
      bytes.append(chunk.data(), static_cast<size_t>(got));
      if (bytes.size() > answer_bytes_max) return No("the answer is too large");
    } else if (errno == EAGAIN) {
      // What says something else than HTTP may say no more, and not close.
      const bool http = absl::StartsWith(kHttp, bytes.substr(0, kHttp.size()));
      if (!bytes.empty() && !http) return bytes;
      RETURN_IF_ERROR(Await(socket, POLLIN, deadline,
                            bytes.empty() ? "connected, but no answer in time"
                                          : "the answer did not end in time"));
    } else if (errno == ECONNRESET && !bytes.empty()) {
      return bytes;
    } else if (errno != EINTR) {
      return No(
          absl::StrCat("connected, but no answer: ", std::strerror(errno)));
    }
  }
}

}  // namespace

absl::StatusOr<HttpPage> ParseHttpAnswer(absl::string_view bytes) {
  if (bytes.empty()) {
    return No("it closes the connection without a word: no admin port?");
  }
  if (absl::StartsWith(bytes, "-") || absl::StartsWith(bytes, "+")) {
    return No("it speaks the Redis protocol: no admin port");
  }
  if (absl::StartsWith(bytes, "\x15\x03")) {
    return No("it speaks TLS: no admin port");
  }
  HttpPage page;
  if (!absl::StartsWith(bytes, kHttp) || bytes.size() < 12 ||
      !absl::SimpleAtoi(bytes.substr(9, 3), &page.code)) {
    return No("it does not speak HTTP: no admin port");
  }
  const size_t head = bytes.find(kEndOfHead);
  if (head == absl::string_view::npos) return No("the answer breaks off");
  page.body = std::string(bytes.substr(head + kEndOfHead.size()));
  return page;
}

absl::StatusOr<HttpPage> FetchPage(const net::Address& address,
                                   absl::string_view path, absl::Time deadline,
                                   size_t answer_bytes_max) {
  ASSIGN_OR_RETURN(const UniqueFd socket, Connect(address, deadline));
  RETURN_IF_ERROR(SendAll(
      socket,
      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", address.ToString(),
                   "\r\nConnection: close\r\n\r\n"),
      deadline));
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReceiveAll(socket, deadline, answer_bytes_max));
  return ParseHttpAnswer(bytes);
}

}  // namespace prod
