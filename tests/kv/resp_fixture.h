// Requests of a Redis client, answered by a store of its own: no connection, no
// Raft.

#ifndef TESTS_KV_RESP_FIXTURE_H_
#define TESTS_KV_RESP_FIXTURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

#include "kv/command.h"
#include "kv/resp/requests.h"
#include "kv/store.h"

namespace kv {

class FakeHost : public RespHost {
 public:
  ServerFacts Facts() override { return facts; }
  ProcessUsage Process() override { return process; }
  std::optional<net::Address> LeaderElsewhere() override { return leader; }
  RespSettings& settings() override { return settings_; }
  std::vector<const RespClient*> Clients() override { return clients; }
  bool EndClient(uint64_t id) override {
    ended.push_back(id);
    return true;
  }

  SlowLog& slow_log() override { return slow_log_; }
  size_t request_bytes_max() const override { return kRequestBytesMax; }
  void OnCrossProtocol(const RespClient& client) override {
    attackers.push_back(client.id);
  }
  CommandStats& stats() override { return stats_; }
  // Each look at the clock takes a microsecond.
  runtime::Instant Now() override {
    now = now + absl::Microseconds(1);
    return now;
  }
  size_t CountKeysInSlot(uint32_t slot) override {
    return store->keyspace().CountInSlot(slot);
  }
  std::vector<std::string> KeysInSlot(uint32_t slot, size_t max) override {
    return store->KeysInSlot(slot, max);
  }
  void ResetStats() override {
    stats_.Reset();
    at_reset_ = facts;
  }
  const ServerFacts& FactsAtReset() override { return at_reset_; }

  ServerFacts facts;
  ProcessUsage process;
  runtime::Instant now = runtime::Instant::FromNanos(1'000'000'000);
  Store* store = nullptr;
  std::optional<net::Address> leader;
  std::vector<const RespClient*> clients;
  std::vector<uint64_t> ended;
  std::vector<uint64_t> attackers;

 private:
  RespSettings settings_;
  SlowLog slow_log_{absl::Milliseconds(10)};
  CommandStats stats_;
  ServerFacts at_reset_;
};

// Requests as words, answered by a store of its own.
class RespFixture : public testing::Test {
 protected:
  RespFixture() {
    host_.store = &store_;
    host_.facts.led = true;
    host_.facts.raft.role = raft::Role::kLeader;
    host_.facts.raft.leader = runtime::NodeId(1);
    host_.facts.raft.term = persist::Term(3);
    host_.facts.raft.commit = persist::Index(9);
    host_.facts.raft.applied = persist::Index(9);
    host_.facts.storage.stores.stores_waiting = 7;
    host_.facts.storage.stores.oldest_age = absl::Milliseconds(30);
    host_.facts.self = runtime::NodeId(1);
    host_.facts.last_leader = runtime::NodeId(1);
    for (uint16_t n = 1; n <= 3; ++n) {
      const std::string name = absl::StrCat("n", n);
      host_.facts.members.push_back(
          {.node = runtime::NodeId(n),
           .redis = {name, static_cast<uint16_t>(6378 + n)},
           .cluster = {name, static_cast<uint16_t>(6388 + n)},
           .heard = true,
           .match = persist::Index(n == 3 ? 7 : 9),
           .silence = absl::ZeroDuration()});
    }
    host_.facts.clients_max = 10000;
    host_.facts.wall = absl::FromUnixMicros(1'700'000'000'000'042);
    host_.clients = {&client_};
    client_.id = 7;
    client_.address = "10.0.0.1:5000";
  }

  // The answers to all of `lines`, planned together; words separated by one
  // blank.
  std::string Ask(const std::vector<std::string>& lines) {
    std::vector<std::vector<absl::string_view>> requests;
    for (const std::string& line : lines) {
      requests.push_back(absl::StrSplit(line, ' '));
    }
    RespPlan plan(&host_.stats());
    std::string out;
    for (const auto& words : requests) {
      PlanRequest(words, client_, host_, plan);
      if (plan.complete()) CarryOut(plan, out);
    }
    CarryOut(plan, out);
    return out;
  }

  void CarryOut(RespPlan& plan, std::string& out) {
    (void)plan.Word(runtime::Bytes(), out);
    size_t done = 0;
    while (!plan.done()) {
      const size_t worded = plan.Word(Execute(plan.commands(), done), out);
      EXPECT_GT(worded, 0u);
      if (worded == 0) break;
      done += worded;
    }
    EXPECT_EQ(done, plan.commands().size());
    plan.Count(took_);
    plan.Clear();
  }
  std::string Ask(const std::string& line) {
    return Ask(std::vector<std::string>{line});
  }

  runtime::Bytes Execute(const CommandBatch& batch, size_t first) {
    const raft::Command command{
        ++index_, persist::Term(1),
        EncodeEntry({}, {.now_ms = now_ms_, .dice = 5}, batch, first)};
    runtime::Bytes result;
    store_.Apply({&command, 1}, {&result, 1});
    return result;
  }

  Store store_;
  persist::Index index_;
  int64_t now_ms_ = 1'700'000'000'000;
  absl::Duration took_ = absl::Microseconds(100);
  RespClient client_;
  FakeHost host_;
};

}  // namespace kv

#endif  // TESTS_KV_RESP_FIXTURE_H_
