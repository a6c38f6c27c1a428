// What it costs a server, in memory and in the service of others, to be spoken
// to by those who mean it harm. Every attack has its price in figures, printed
// and bounded, and well-behaved clients beside it are served all along.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/cluster/process_memory.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/steady_client.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kKiB = uint64_t{1} << 10;
// What all clients may hold together, and what is being worded beside it.
constexpr uint64_t kClientsBytes = 128 * kMiB;
constexpr uint64_t kBesides = 48 * kMiB;
constexpr absl::Duration kSiege = absl::Seconds(2);
// Of one answer to a well-behaved client, on two busy cores.
constexpr absl::Duration kServedWithin = absl::Seconds(1);

bool WasReset(const absl::Status& status) {
  return absl::StrContains(status.message(), std::strerror(ECONNRESET));
}

bool IsSanitized() {
  static const bool sanitized = [] {
    const std::string program = ReadWholeFile(ServerProgram());
    return program.find("__asan_init") != std::string::npos ||
           program.find("__tsan_init") != std::string::npos;
  }();
  return sanitized;
}

class HostileClientTest : public testing::Test {
 protected:
  void SetUp() override {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);  // The servers inherit it.
    cluster_.SetArguments({absl::StrCat("--clients-size-max=", kClientsBytes)});
    cluster_.StartAll();
    const std::optional<int> leader = cluster_.WaitForLeader();
    ASSERT_TRUE(leader.has_value());
    victim_ = *leader;
  }

  uint16_t redis_port() const { return cluster_.redis_port(victim_); }
  pid_t pid() { return cluster_.process(victim_)->pid(); }

  // Connections that have sent `bytes`, as far as the server takes them. Those
  // that it resets at once, for having too many, are counted in refused_.
  std::vector<TcpConnection> Besiege(uint16_t port, size_t count,
                                     const std::string& bytes) {
    std::vector<TcpConnection> hostile;
    for (size_t i = 0; i < count; ++i) {
      absl::StatusOr<TcpConnection> connection =
          TcpConnection::Connect(port, RealCluster::kPatience);
      if (WasReset(connection.status())) {
        ++refused_;
        continue;
      }
      EXPECT_TRUE(connection.ok()) << i << ": " << connection.status();
      if (!connection.ok()) break;
      (void)connection->Send(bytes, absl::Now() + absl::Milliseconds(20));
      hostile.push_back(*std::move(connection));
    }
    return hostile;
  }

  // Carries out `attack` beside two good clients of the victim.
  template <class Attack>
  void Endure(const std::string& name, uint64_t bytes_max, Attack attack) {
    const uint64_t before = ResidentBytes(pid());
    ForgetResidentPeak(pid());
    SteadyClient writes(redis_port(), {"INCR", "a"}, RealCluster::kPatience);
    SteadyClient reads(redis_port(), {"GET", "a"}, RealCluster::kPatience);
    attack();
    const SteadyClient::Fate& wrote = writes.Stop();
    const SteadyClient::Fate& read = reads.Stop();
    ASSERT_TRUE(cluster_.running(victim_)) << name;
    const uint64_t peak = ResidentPeakBytes(pid());
    const uint64_t cost = peak > before ? peak - before : 0;
    std::printf(
        "%s: %.1f MiB before, %.1f MiB more at the peak\n  writes: %s\n"
        "  reads: %s\n",
        name.c_str(), static_cast<double>(before) / double{kMiB},
        static_cast<double>(cost) / double{kMiB}, wrote.ToString().c_str(),
        read.ToString().c_str());
    // What a sanitizer needs for itself is not the server's.
    if (!IsSanitized()) {
      EXPECT_LE(cost, bytes_max) << name;
    }
    for (const SteadyClient::Fate* fate : {&wrote, &read}) {
      EXPECT_EQ(fate->trouble(), 0u) << name << ": " << fate->first_trouble;
      EXPECT_GE(fate->answers.size(), 100u) << name;
      EXPECT_LE(fate->Within(100), kServedWithin) << name;
    }
  }

  RealCluster cluster_;
  int victim_ = 0;
  size_t refused_ = 0;
};

TEST_F(HostileClientTest, GiganticLengthsAreNotBelieved) {
  constexpr size_t kConnections = 200;
  const std::vector<std::string> lengths = {
      "*2147483647\r\n$3\r\nSET\r\n", "*3\r\n$9999999999\r\n",
      "*-9223372036854775808\r\n", "*1048576\r\n$1\r\na\r\n"};
  Endure("gigantic lengths", lengths.size() * kConnections * 64 * kKiB,
         [this, &lengths] {
           for (const std::string& length : lengths) {
             Besiege(redis_port(), kConnections, length);
           }
           absl::SleepFor(kSiege);
         });
  EXPECT_EQ(refused_, 0u);
}

// Half a request: what was announced is not set aside before it comes.
TEST_F(HostileClientTest, AnnouncedBytesCostNothingUntilTheyCome) {
  constexpr size_t kConnections = 500;
  Endure("half requests of 4 MB", kConnections * 128 * kKiB, [this] {
    const auto hostile =
        Besiege(redis_port(), kConnections,
                "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\nabc");
    absl::SleepFor(kSiege);
  });
}

TEST_F(HostileClientTest, ThousandsOfIdleConnectionsAreCheap) {
  static constexpr size_t kConnections = 5000;
  Endure("5000 idle connections", kConnections * 64 * kKiB, [this] {
    const auto hostile = Besiege(redis_port(), kConnections, "PING\r\n");
    EXPECT_EQ(hostile.size(), size_t{kConnections});
    absl::SleepFor(kSiege);
  });
}

// However many there are, and however much they ask for.
TEST_F(HostileClientTest, DeafClientsCostOneBoundTogether) {
  constexpr size_t kConnections = 20;
  const absl::StatusOr<RedisReply> set =
      CallOnce(redis_port(), {"SET", "large", std::string(1 << 20, 'v')},
               RealCluster::kPatience);
  ASSERT_TRUE(set.ok() && set->ToString() == "OK");
  Endure("20 deaf clients, 1000 answers of 1 MiB each",
         kClientsBytes + kBesides, [this] {
           std::string requests;
           for (int i = 0; i < 1000; ++i) requests += "GET large\r\n";
           const auto hostile = Besiege(redis_port(), kConnections, requests);
           EXPECT_EQ(hostile.size(), size_t{kConnections});
           absl::SleepFor(kSiege);
         });
}

// Requests of 60 MB that never end, from many at once.
TEST_F(HostileClientTest, EndlessRequestsCostOneBoundTogether) {
  constexpr size_t kConnections = 8;
  Endure("8 requests of 60 MB without an end",
         // A buffer is copied as it grows.
         kClientsBytes + 64 * kMiB + kBesides, [this] {
           auto hostile = Besiege(redis_port(), kConnections,
                                  "*2\r\n$4\r\nECHO\r\n$60000000\r\n");
           const std::string more(1 << 20, 'x');
           for (int i = 0; i < 55; ++i) {
             for (TcpConnection& connection : hostile) {
               (void)connection.Send(more, absl::Now() + absl::Seconds(1));
             }
           }
           absl::SleepFor(kSiege);
         });
}

TEST_F(HostileClientTest, SlowlorisWaitsForItselfAlone) {
  constexpr size_t kConnections = 1000;
  const std::string request = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
  Endure(
      "1000 clients of a byte every 100 ms", kConnections * 64 * kKiB,
      [this, &request] {
        auto hostile = Besiege(redis_port(), kConnections, "*");
        ASSERT_EQ(hostile.size(), size_t{kConnections});
        for (size_t byte = 1; byte < request.size(); ++byte) {
          for (TcpConnection& connection : hostile) {
            const absl::Status sent = connection.Send(
                request.substr(byte, 1), absl::Now() + absl::Seconds(1));
            EXPECT_TRUE(sent.ok()) << sent;
          }
          absl::SleepFor(absl::Milliseconds(100));
        }
        // Slow is not wrong.
        std::string answer;
        EXPECT_TRUE(hostile[0]
                        .Receive(answer, absl::Now() + RealCluster::kPatience)
                        .ok());
        EXPECT_EQ(answer.substr(0, 1), "$");
      });
}

// The ports that are for the other nodes only, held open and fed with what
// looks like the beginning of a frame of 2 GB. Both have a bound of connections
// of their own, well below so many strangers.
TEST_F(HostileClientTest, ThePortsOfPeersAreNoWayIn) {
  constexpr size_t kConnections = 1500;
  const std::string head("TWRF\x01\x01\x00\x00\xff\xff\xff\x7f", 12);
  for (const uint16_t port :
       {cluster_.ports(victim_).peer, cluster_.ports(victim_).rpc}) {
    const bool is_peer = port == cluster_.ports(victim_).peer;
    refused_ = 0;
    Endure(absl::StrCat("1500 strangers, ", is_peer ? "peer" : "rpc", " port"),
           kConnections * 64 * kKiB, [this, port, &head] {
             const auto silent = Besiege(port, kConnections / 2, "");
             const auto loud = Besiege(port, kConnections / 2, head);
             absl::SleepFor(kSiege);
             EXPECT_GE(silent.size() + loud.size(), 1u);
           });
    std::printf("  %zu refused as they dialled\n", refused_);
  }
}

}  // namespace
}  // namespace cluster
