// What is kept away from a core whose storage has too much to do.

#include "raft/storage_gate.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

using persist::StoreRoom;

class FakePersister final : public persist::Persister {
 public:
  absl::StatusOr<persist::Claim> Inspect() override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<runtime::Identity> Prepare(runtime::Identity) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<persist::Recovered> Recover() override {
    return absl::UnimplementedError("");
  }
  absl::Status KeepFounding(uint64_t) override {
    return absl::UnimplementedError("");
  }
  void SetSink(runtime::GroupId, persist::PersisterSink*) override {}
  void Submit(persist::Store) override {}
  StoreRoom room() const override { return left; }
  persist::PersisterStats stats() const override { return {.stores = 5}; }
  absl::Status Stop() override { return absl::OkStatus(); }

  StoreRoom left = StoreRoom::kFree;
};

class StorageGateTest : public testing::Test {
 protected:
  bool Admits(StoreRoom room, Message message) {
    persister_.left = room;
    return gate_.Admits(
        Inbound{kN1, runtime::Incarnation(1), std::move(message)});
  }
  bool Admits(StoreRoom room, Event event) {
    persister_.left = room;
    return gate_.Admits(event);
  }
  static AppendRequest Append(size_t entries) {
    AppendRequest request;
    request.term = Term(2);
    request.entries.resize(entries);
    return request;
  }

  CoreCluster cluster_ = Led();
  FakePersister persister_;
  StorageGate gate_{persister_, cluster_.core(kN2)};
};

TEST_F(StorageGateTest, EntriesAreTakenOnlyWhileThereIsRoom) {
  EXPECT_TRUE(Admits(StoreRoom::kFree, Append(1)));
  EXPECT_FALSE(Admits(StoreRoom::kFull, Append(1)));
  EXPECT_FALSE(Admits(StoreRoom::kNone, Append(1)));
  EXPECT_EQ(gate_.status().messages_dropped, 2u);
}

TEST_F(StorageGateTest, ThePresentLeaderIsAlwaysHeard) {
  EXPECT_TRUE(Admits(StoreRoom::kNone, Append(0)));
  EXPECT_TRUE(Admits(StoreRoom::kNone, HeartbeatRequest{Term(2), Index(0), 0}));
}

TEST_F(StorageGateTest, PromisesAreGivenUntilEvenTheyAreTooMany) {
  const VoteRequest vote{Term(3), Index(9), Term(2)};
  const HeartbeatRequest newer{Term(3), Index(0), 0};
  EXPECT_TRUE(Admits(StoreRoom::kFull, vote));
  EXPECT_TRUE(Admits(StoreRoom::kFull, newer));
  EXPECT_FALSE(Admits(StoreRoom::kNone, vote));
  EXPECT_FALSE(Admits(StoreRoom::kNone, newer));
  EXPECT_FALSE(Admits(StoreRoom::kNone, TimeoutNow{Term(2), Index(2)}));
  EXPECT_TRUE(
      Admits(StoreRoom::kNone, PreVoteRequest{Term(9), Index(2), Term(2)}));
}

TEST_F(StorageGateTest, WhatComesFromInsideIsNeverKeptAway) {
  EXPECT_TRUE(Admits(StoreRoom::kNone, Event(Durable{})));
  EXPECT_TRUE(Admits(StoreRoom::kNone, Event(DeadlineReached{})));
  EXPECT_TRUE(Admits(StoreRoom::kNone, Event(PeerLost{kN1})));
}

TEST_F(StorageGateTest, ALeaderRefusesProposalsAndCountsThem) {
  StorageGate leaders(persister_, cluster_.core(kN1));
  Propose propose;
  propose.items.resize(3);
  EXPECT_TRUE(leaders.Admits(propose));
  persister_.left = StoreRoom::kFull;
  EXPECT_FALSE(leaders.Admits(propose));
  EXPECT_EQ(leaders.status().proposals_refused, 3u);
  EXPECT_EQ(leaders.status().stores.stores, 5u);
  EXPECT_TRUE(gate_.Admits(propose)) << "a follower has a better answer";
}

}  // namespace
}  // namespace raft
