// A small HTTP server on threads of its own, for people and probes: GET and
// HEAD, one request per connection. What parses and writes HTTP is cpp-httplib.
//
// It shares no thread, lock or queue with the fibers of the process, so that it
// answers when they do not.
//
// Whoever connects can cost a bounded amount: the bytes of a request, the time
// of a connection, the connections that are served and that wait. What is
// beyond is closed without an answer.
//
// Errors: those of Start(); a connection that fails is closed, no more.

#ifndef PROD_HTTP_SERVER_H_
#define PROD_HTTP_SERVER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "prod/unique_fd.h"

namespace prod {

struct HttpAnswer {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpServer {
 public:
  static constexpr size_t kRequestBytesMax = 8192;  // Line and headers.
  static constexpr absl::Duration kConnectionTime = absl::Seconds(5);
  static constexpr size_t kWorkers = 4;      // Connections served at a time.
  static constexpr size_t kWaitingMax = 32;  // Accepted, for lack of a worker.

  // Answers a request for `path`, which has no query. On any worker thread,
  // also on several at a time. May take long; only workers wait for it.
  using Handler = std::function<HttpAnswer(absl::string_view path)>;

  // Listens and serves. Port 0: a free one, see local_address().
  // Errors: INVALID_ARGUMENT (no numeric address, not of this host),
  //         FAILED_PRECONDITION (in use), UNAVAILABLE (no descriptors).
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const net::Address& listen, Handler handler);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Breaks all connections and waits until the handlers have returned.
  ~HttpServer();

  const net::Address& local_address() const { return local_; }

  struct Stats {
    uint64_t served = 0;   // Connections that had a worker.
    uint64_t refused = 0;  // Closed because kWaitingMax were waiting.
  };
  Stats stats() const;  // Any thread.

 private:
  class Parser;  // cpp-httplib, which no other file sees.

  HttpServer(UniqueFd listener, UniqueFd stop, net::Address local,
             Handler handler);

  void Accept();
  void Admit(UniqueFd connection);
  void Work();
  // Nothing when the server stops.
  UniqueFd NextConnection();
  void Finish(UniqueFd connection);

  const UniqueFd listener_;
  const UniqueFd stop_;  // An eventfd: readable once the server stops.
  const net::Address local_;
  const std::unique_ptr<Parser> parser_;

  mutable std::mutex mutex_;  // Guards all below.
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<UniqueFd> waiting_;
  std::set<int> served_;  // Descriptors in the hands of workers.
  Stats stats_;

  std::vector<std::thread> threads_;  // Of the constructor and destructor.
};

}  // namespace prod

#endif  // PROD_HTTP_SERVER_H_
