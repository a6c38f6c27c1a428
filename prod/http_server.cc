#include "prod/http_server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "prod/http_stream.h"
#include "prod/socket_address.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

constexpr int kListenBacklog = 64;
// The pause after accept() failed: out of descriptors, most likely.
constexpr int kAcceptPauseMs = 50;

}  // namespace

// Never listens: it is handed a stream, and answers it.
class HttpServer::Parser final : public httplib::Server {
 public:
  explicit Parser(HttpServer::Handler handler) : handler_(std::move(handler)) {
    // Before any routing of its own, which would match regular expressions.
    set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          Answer(request, response);
          return HandlerResponse::Handled;
        });
  }

  // Any number of threads at a time.
  void Serve(httplib::Stream& stream) {
    bool closed = false;
    try {
      process_request(stream, /*close_connection=*/true, closed,
                      [](httplib::Request& request) {
                        // A part may be asked for a thousand times over.
                        request.ranges.clear();
                      });
    } catch (const std::exception&) {
      // What it cannot parse, or there is no memory: the connection ends.
    }
  }

 private:
  void Answer(const httplib::Request& request, httplib::Response& response) {
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
      response.set_header("Allow", "GET, HEAD");
      response.set_content("only GET and HEAD\n", "text/plain");
      return;
    }
    HttpAnswer answer = handler_(request.path);
    response.status = answer.code;
    response.set_header("Cache-Control", "no-store");
    response.set_content(std::move(answer.body), answer.content_type);
  }

  const HttpServer::Handler handler_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const net::Address& listen, Handler handler) {
  ASSIGN_OR_RETURN(const SocketAddress address, ParseNumeric(listen));
  UniqueFd socket(::socket(address.family(),
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (socket.get() < 0 || stop.get() < 0) {
    return absl::UnavailableError(
        absl::StrCat("socket: ", std::strerror(errno)));
  }
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket.get(), address.get(), address.size) != 0 ||
      ::listen(socket.get(), kListenBacklog) != 0) {
    const std::string what = absl::StrCat(
        "cannot listen on ", listen.ToString(), ": ", std::strerror(errno));
    if (errno == EADDRINUSE) return absl::FailedPreconditionError(what);
    return absl::InvalidArgumentError(what);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return std::unique_ptr<HttpServer>(
      new HttpServer(std::move(socket), std::move(stop), ToAddress(bound),
                     std::move(handler)));
}

HttpServer::HttpServer(UniqueFd listener, UniqueFd stop, net::Address local,
                       Handler handler)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      local_(std::move(local)),
      parser_(std::make_unique<Parser>(std::move(handler))) {
  threads_.emplace_back([this] { Accept(); });
  for (size_t i = 0; i < kWorkers; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    // Wakes whoever waits for the other side.
    for (const int fd : served_) shutdown(fd, SHUT_RDWR);
  }
  changed_.notify_all();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      write(stop_.get(), &one, sizeof(one));
  for (std::thread& thread : threads_) thread.join();
}

HttpServer::Stats HttpServer::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

void HttpServer::Accept() {
  for (;;) {
    std::array<pollfd, 2> waiting = {
        pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.get() >= 0) {
      Admit(std::move(connection));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      pollfd stop{.fd = stop_.get(), .events = POLLIN, .revents = 0};
      poll(&stop, 1, kAcceptPauseMs);
    }
  }
}

void HttpServer::Admit(UniqueFd connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return;
  if (waiting_.size() >= kWaitingMax) {
    ++stats_.refused;
    return;
  }
  waiting_.push_back(std::move(connection));
  changed_.notify_one();
}

void HttpServer::Work() {
  for (;;) {
    UniqueFd connection = NextConnection();
    if (connection.get() < 0) return;
    HttpStream stream(connection.get(), kRequestBytesMax, kConnectionTime);
    parser_->Serve(stream);
    stream.FinishGently();
    Finish(std::move(connection));
  }
}

UniqueFd HttpServer::NextConnection() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (stopping_) return UniqueFd();
  UniqueFd connection = std::move(waiting_.front());
  waiting_.pop_front();
  served_.insert(connection.get());
  ++stats_.served;
  return connection;
}

void HttpServer::Finish(UniqueFd connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  served_.erase(connection.get());
  // Closed under the lock, so that nobody shuts down a stranger's descriptor.
  connection = UniqueFd();
}

}  // namespace prod
