// What requests cost that wait for a leader, and how they are let go.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"

#include "kv/frontend.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

constexpr int kRequests = 400;

class ParkedTest : public ::testing::Test {
 protected:
  // A cluster with a leader, whose other nodes then lose their power.
  void Begin(uint64_t seed) {
    sim::Knobs knobs;
    knobs.process.schedule = sim::Schedule::kFifo;
    cluster_.emplace(seed, knobs);
    cluster_->options().leader_wait = absl::Seconds(20);
    cluster_->options().request_timeout = absl::Seconds(30);
    cluster_->BootAll();
    ASSERT_NE(cluster_->AwaitLeader(), 0);
    // Its server has a session, then.
    ASSERT_TRUE(cluster_->RunClient([](sim::Process& process) {
      RedisClient client(process);
      ASSERT_TRUE(client.Connect(1));
      EXPECT_EQ(client.Ask({"SET", "number", "0"}), "+OK\r\n");
    }));
    cluster_->PowerOff(2);
    cluster_->PowerOff(3);
    cluster_->world().RunFor(absl::Seconds(2));
  }

  // How much happens in one second.
  uint64_t EventsOfASecond() {
    const uint64_t before = cluster_->world().events();
    cluster_->world().RunFor(absl::Seconds(1));
    return cluster_->world().events() - before;
  }

  std::optional<KvCluster> cluster_;
};

int64_t NumberIn(const std::optional<std::string>& reply) {
  int64_t number = 0;
  if (!reply.has_value() || reply->size() < 4 || reply->front() != ':' ||
      !absl::SimpleAtoi(reply->substr(1, reply->size() - 3), &number)) {
    return -1;
  }
  return number;
}

TEST_F(ParkedTest, WhileNobodyLeadsThoseWhoWaitCostNothing) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Begin(seed);
    const uint64_t alone = EventsOfASecond();
    cluster_->StartClient([&](sim::Process& process) {
      std::deque<RedisClient> clients;
      for (int i = 0; i < kRequests; ++i) {
        RedisClient& client = clients.emplace_back(process);
        ASSERT_TRUE(client.Connect(1));
        ASSERT_TRUE(client.Send(Request({"INCR", "number"})));
      }
      process.network_executor().SleepFor(absl::Hours(1)).IgnoreError();
    });
    cluster_->world().RunFor(absl::Seconds(2));
    ASSERT_EQ(cluster_->server(1)->frontend().parked(), size_t{kRequests});
    // Polling every 5 to 25 ms, they would make 26,000 more.
    EXPECT_LT(EventsOfASecond(), alone + 100) << "seed " << seed;
  }
}

TEST_F(ParkedTest, WhenSomebodyLeadsAllAreLetGoInTheirOrder) {
  Begin(1);
  std::vector<int64_t> numbers;
  cluster_->StartClient([&](sim::Process& process) {
    std::deque<RedisClient> clients;
    for (int i = 0; i < kRequests; ++i) {
      RedisClient& client = clients.emplace_back(process);
      ASSERT_TRUE(client.Connect(1));
      ASSERT_TRUE(client.Send(Request({"INCR", "number"})));
      // One after the other.
      process.network_executor().SleepFor(absl::Milliseconds(2)).IgnoreError();
    }
    for (RedisClient& client : clients) {
      numbers.push_back(NumberIn(client.Receive()));
    }
  });
  cluster_->world().RunFor(absl::Seconds(2));
  cluster_->Boot(2);
  cluster_->Boot(3);
  ASSERT_TRUE(cluster_->AwaitClients());
  ASSERT_EQ(numbers.size(), size_t{kRequests});
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_EQ(numbers[static_cast<size_t>(i)], i + 1);
  }
  EXPECT_EQ(cluster_->server(1)->frontend().parked(), 0u);
}

}  // namespace
}  // namespace kv
