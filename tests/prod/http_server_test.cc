#include "prod/http_server.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "prod/unique_fd.h"

namespace prod {
namespace {

// Everything that a client can do is done with plain sockets.
class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServer::Handler handler) {
    absl::StatusOr<std::unique_ptr<HttpServer>> server =
        HttpServer::Start({"127.0.0.1", 0}, std::move(handler));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void StartEcho() {
    Start([this](absl::string_view path) {
      ++asked_;
      return HttpAnswer{.body = absl::StrCat("you asked for ", path)};
    });
  }

  UniqueFd Connect() const {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->local_address().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
    return fd;
  }
  static void Send(const UniqueFd& fd, absl::string_view text) {
    while (!text.empty()) {
      const ssize_t sent =
          send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Until the server closes, for at most ten seconds.
  static std::string ReceiveAll(const UniqueFd& fd) {
    std::string all;
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    while (absl::Now() < deadline) {
      pollfd waiting{.fd = fd.get(), .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 100) <= 0) continue;
      char buffer[4096];
      const ssize_t got = recv(fd.get(), buffer, sizeof(buffer), 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<size_t>(got));
    }
    ADD_FAILURE() << "the server does not close";
    return all;
  }
  std::string Ask(absl::string_view request) const {
    const UniqueFd fd = Connect();
    Send(fd, request);
    return ReceiveAll(fd);
  }

  std::atomic<int> asked_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAGet) {
  StartEcho();
  const std::string answer = Ask("GET /livez?verbose HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\nyou asked for /livez")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
}

TEST_F(HttpServerTest, AHeadHasNoBody) {
  StartEcho();
  const std::string answer = Ask("HEAD /livez HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, NothingElseIsAllowed) {
  StartEcho();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const std::string answer = Ask(absl::StrCat(
        method, " / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx"));
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 405 ")) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Allow: GET, HEAD\r\n")) << answer;
  }
  EXPECT_EQ(asked_, 0);
}

TEST_F(HttpServerTest, WhatIsNoHttpIsRefused) {
  StartEcho();
  for (const std::string& text :
       {std::string("*1\r\n$4\r\nPING\r\n"), std::string("\r\n\r\n"),
        std::string(64, '\0') + "\r\n", std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET\r\n\r\n"), std::string("\x16\x03\x01\x02\n\n")}) {
    const std::string answer = Ask(text);
    EXPECT_TRUE(answer.empty() || absl::StartsWith(answer, "HTTP/1.1 4"))
        << answer;
  }
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(absl::StrContains(Ask("GET / HTTP/1.1\r\n\r\n"), " 200 OK"));
}

TEST_F(HttpServerTest, ARequestThatIsTooLongEndsItsConnection) {
  StartEcho();
  const std::string filler(HttpServer::kRequestBytesMax, 'a');
  for (const std::string& text :
       {absl::StrCat("GET /", filler, " HTTP/1.1\r\n\r\n"),
        absl::StrCat("GET / HTTP/1.1\r\nX: ", filler, "\r\n\r\n"),
        absl::StrCat(filler, filler)}) {
    EXPECT_FALSE(absl::StrContains(Ask(text), " 200 OK"));
  }
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < HttpServer::kRequestBytesMax) many += "A: b\r\n";
  EXPECT_FALSE(absl::StrContains(Ask(many + "\r\n"), " 200 OK"));
  EXPECT_EQ(asked_, 0);
}

// A page of some bytes, asked for in thousands of overlapping parts, must not
// become an answer of megabytes.
TEST_F(HttpServerTest, PartsAreNotServed) {
  StartEcho();
  std::string request = "GET /page HTTP/1.1\r\nRange: bytes=0-";
  while (request.size() < HttpServer::kRequestBytesMax - 100) request += ",0-";
  const std::string answer = Ask(request + "\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n"))
      << answer.substr(0, 100);
  EXPECT_LT(answer.size(), 1000u);
  (void)Ask("GET / HTTP/1.1\r\nRange: bytes=99999999999999999999999-\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(Ask("GET / HTTP/1.1\r\n\r\n"), " 200 OK"));
}

TEST_F(HttpServerTest, WhoSaysNothingIsSentAwayInTime) {
  StartEcho();
  const absl::Time began = absl::Now();
  const UniqueFd silent = Connect();
  const UniqueFd half = Connect();
  Send(half, "GET / HT");
  EXPECT_EQ(ReceiveAll(silent), "");
  EXPECT_EQ(ReceiveAll(half), "");
  const absl::Duration took = absl::Now() - began;
  EXPECT_GE(took, HttpServer::kConnectionTime - absl::Milliseconds(100));
  EXPECT_LE(took, HttpServer::kConnectionTime + absl::Seconds(3));
}

// The workers are busy with silent clients: what waits is bounded.
TEST_F(HttpServerTest, ConnectionsBeyondTheBoundAreClosedAtOnce) {
  StartEcho();
  std::vector<UniqueFd> silent;
  const size_t room = HttpServer::kWorkers + HttpServer::kWaitingMax;
  for (size_t i = 0; i < room + 20; ++i) silent.push_back(Connect());
  const absl::Time deadline = absl::Now() + absl::Seconds(3);
  while (server_->stats().refused < 20 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_GE(server_->stats().refused, 20u);
  // A worker may have come too late for the first ones.
  EXPECT_LE(server_->stats().refused, 20u + HttpServer::kWorkers);
  silent.clear();
  // Those that have gone make room.
  EXPECT_TRUE(absl::StrContains(Ask("GET / HTTP/1.1\r\n\r\n"), " 200 OK"));
}

TEST_F(HttpServerTest, ASlowAnswerHoldsUpOnlyItsWorker) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Start([released](absl::string_view path) {
    if (path == "/slow") released.wait();
    return HttpAnswer{.body = "done"};
  });
  const UniqueFd slow = Connect();
  Send(slow, "GET /slow HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(Ask("GET /fast HTTP/1.1\r\n\r\n"), "done"));
  release.set_value();
  EXPECT_TRUE(absl::StrContains(ReceiveAll(slow), "done"));
}

TEST_F(HttpServerTest, ItsEndWaitsForNoClient) {
  StartEcho();
  std::vector<UniqueFd> silent;
  for (size_t i = 0; i < HttpServer::kWorkers + 3; ++i) {
    silent.push_back(Connect());
  }
  absl::SleepFor(absl::Milliseconds(50));
  const absl::Time began = absl::Now();
  server_.reset();
  EXPECT_LT(absl::Now() - began, HttpServer::kConnectionTime / 2);
}

TEST_F(HttpServerTest, APortInUseIsAnError) {
  StartEcho();
  const absl::StatusOr<std::unique_ptr<HttpServer>> second = HttpServer::Start(
      server_->local_address(), [](absl::string_view) { return HttpAnswer{}; });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(HttpServer::Start({"example.org", 1}, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace prod
