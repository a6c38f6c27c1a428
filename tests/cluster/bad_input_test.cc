// What the world may throw at the ports of a server: it answers or hangs up,
// and goes on serving everybody else.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {
namespace {

class BadInputTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.WaitForLeader().has_value());
  }

  // All three still live and serve, each of them.
  void ExpectServing(const std::string& after) {
    for (int node = 1; node <= RealCluster::kNodes; ++node) {
      ASSERT_TRUE(cluster_.running(node)) << after;
      const absl::StatusOr<RedisReply> reply =
          CallOnce(cluster_.redis_port(node), {"INCR", "served"},
                   RealCluster::kPatience);
      ASSERT_TRUE(reply.ok()) << after << ": " << reply.status();
      EXPECT_EQ(reply->ToString(), absl::StrCat(++served_)) << after;
    }
  }

  TcpConnection Connect(uint16_t port) {
    absl::StatusOr<TcpConnection> connection =
        TcpConnection::Connect(port, RealCluster::kPatience);
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }

  // What the server says before it hangs up, or within `patience`.
  std::string Throw(uint16_t port, const std::string& bytes,
                    absl::Duration patience) {
    TcpConnection connection = Connect(port);
    // It may hang up before it has taken everything.
    (void)connection.Send(bytes, absl::Now() + patience);
    return connection.ReceiveAll(patience);
  }

  RealCluster cluster_;
  int served_ = 0;
};

std::string Noise(uint64_t seed, size_t bytes) {
  runtime::Random dice(seed);
  std::string noise;
  while (noise.size() < bytes) {
    noise += static_cast<char>(dice.Below(256));
  }
  return noise;
}

TEST_F(BadInputTest, MalformedRequestsAreAnsweredWithAnErrorAndTheEnd) {
  const std::vector<std::string> requests = {
      "*1\r\n$-5\r\n",
      "*abc\r\n",
      "*1\r\n:7\r\n",
      "*1\r\n$999999999999\r\n",
      "*1\r\n$18446744073709551616\r\n",
      "SET \"unbalanced\r\n",
      absl::StrCat(std::string(200 << 10, 'x'), "\r\n"),
  };
  for (const std::string& request : requests) {
    const std::string shown = request.substr(0, 40);
    const std::string said =
        Throw(cluster_.redis_port(1), request, RealCluster::kPatience);
    EXPECT_TRUE(said.starts_with("-ERR Protocol error")) << shown << said;
    ExpectServing(shown);
  }
}

TEST_F(BadInputTest, WrongCommandsLeaveTheConnectionUsable) {
  absl::StatusOr<RedisClient> client =
      RedisClient::Connect(cluster_.redis_port(1), RealCluster::kPatience);
  ASSERT_TRUE(client.ok());
  for (const std::string& word :
       {std::string("NOSUCH"), std::string("GET"), Noise(1, 1000)}) {
    const absl::StatusOr<RedisReply> reply =
        client->Call({word}, RealCluster::kPatience);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->kind, RedisReply::Kind::kError);
  }
  const absl::StatusOr<RedisReply> pong =
      client->Call({"PING"}, RealCluster::kPatience);
  ASSERT_TRUE(pong.ok());
  EXPECT_EQ(pong->ToString(), "PONG");
}

TEST_F(BadInputTest, GarbageOnEveryPortStopsNobody) {
  std::vector<std::string> garbage = {
      std::string(64 << 10, '\0'), std::string(64 << 10, '\xff'),
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x02", "x"};
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    garbage.push_back(Noise(seed, 64 << 10));
  }
  const NodePorts& ports = cluster_.ports(1);
  for (const uint16_t port : {ports.peer, ports.rpc, ports.redis}) {
    for (size_t i = 0; i < garbage.size(); ++i) {
      Throw(port, garbage[i], absl::Milliseconds(100));
      ExpectServing(absl::StrCat("garbage ", i));
    }
  }
}

TEST_F(BadInputTest, HalfRequestsAndHalfOpenConnectionsHoldNobodyUp) {
  constexpr int kConnections = 100;
  std::vector<TcpConnection> open;
  const NodePorts& ports = cluster_.ports(1);
  for (int i = 0; i < kConnections; ++i) {
    for (const uint16_t port : {ports.peer, ports.rpc, ports.redis}) {
      open.push_back(Connect(port));
      // The first half of something, or nothing at all.
      if (i % 2 == 0) {
        EXPECT_TRUE(
            open.back()
                .Send("*3\r\n$3\r\nSET\r\n$1", absl::Now() + absl::Seconds(1))
                .ok());
      }
    }
  }
  ExpectServing("half-open connections");
  for (size_t i = 0; i < open.size(); i += 2) open[i].CloseWithReset();
  open.clear();
  ExpectServing("resets");
}

// A client that asks and never listens stops only itself.
TEST_F(BadInputTest, AClientThatDoesNotListenHoldsNobodyUp) {
  const std::string large(1 << 20, 'v');
  const absl::StatusOr<RedisReply> set = CallOnce(
      cluster_.redis_port(1), {"SET", "large", large}, RealCluster::kPatience);
  ASSERT_TRUE(set.ok() && set->ToString() == "OK");
  TcpConnection deaf = Connect(cluster_.redis_port(1));
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET large\r\n";
  (void)deaf.Send(requests, absl::Now() + absl::Seconds(1));
  ExpectServing("a deaf client");
}

}  // namespace
}  // namespace cluster
