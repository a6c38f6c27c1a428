// Disks, and what rests on them: each check lets a good run pass and catches a
// broken one.

#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "raft/core/message.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/held_messages.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/memory_and_disk.h"
#include "scenarios/checks/promise_ledger.h"
#include "scenarios/checks/store_stream.h"
#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

raft::Message Vote(uint64_t term, bool granted) {
  return raft::VoteReply{Term(term), granted};
}
raft::Message PreVote(uint64_t term) {
  return raft::PreVoteReply{Term(term), Term(term), true};
}
raft::Message AskPreVote(uint64_t term, uint64_t last_index,
                         uint64_t last_term) {
  return raft::PreVoteRequest{Term(term), Index(last_index), Term(last_term)};
}
raft::Message AskVote(uint64_t term, uint64_t last_index, uint64_t last_term) {
  return raft::VoteRequest{Term(term), Index(last_index), Term(last_term)};
}
raft::Message AnswerTo(uint64_t term, bool accepted, uint64_t match) {
  raft::AppendReply reply;
  reply.term = Term(term);
  reply.accepted = accepted;
  reply.match = Index(match);
  return reply;
}
raft::Message Ack(uint64_t term, uint64_t match) {
  return AnswerTo(term, true, match);
}
raft::Message Reject(uint64_t term, uint64_t match) {
  return AnswerTo(term, false, match);
}
raft::Message Heartbeat(uint64_t term) {
  raft::HeartbeatRequest request;
  request.term = Term(term);
  return request;
}
raft::Message Append(uint64_t term) {
  raft::AppendRequest request;
  request.term = Term(term);
  return request;
}

class PromiseLedgerTest : public testing::Test {
 protected:
  PromiseLedgerTest()
      : durable_(disk_.Reader(), FakeShadow::kGroup), ledger_(reports_) {
    disk_.Found();
    disk_.Store(State(3, 2), {1, 3});
    for (const uint64_t term : {1u, 3u}) memory_.AppendFacts(Facts(term));
  }

  static LogMirror::Facts Facts(uint64_t term) {
    return FakeShadow::FactsOf(term);
  }
  // What is reported when n1 sends this to n2.
  std::string Sends(raft::Message message) {
    ledger_.OnLeaves(kN1, NodeId(2), message, durable_, memory_);
    return reports_.first();
  }

  FakeShadow disk_;
  DurableState durable_;
  LogMirror memory_;
  Reports reports_;
  PromiseLedger ledger_;
};

TEST_F(PromiseLedgerTest, WhatIsOnTheDiskMayBePromised) {
  EXPECT_EQ(Sends(Vote(3, true)), "");
  EXPECT_EQ(Sends(Ack(3, 2)), "");
  EXPECT_EQ(Sends(Heartbeat(3)), "");
  EXPECT_EQ(ledger_.promises(), 3u);
}

TEST_F(PromiseLedgerTest, AnOldPromiseBindsNobody) {
  EXPECT_EQ(Sends(Ack(2, 9)), "");
}

TEST_F(PromiseLedgerTest, ARefusalPromisesItsTermOnly) {
  EXPECT_EQ(Sends(Vote(3, false)), "");
  EXPECT_EQ(Sends(Reject(3, 9)), "");
  EXPECT_EQ(Sends(PreVote(3)), "");
}

TEST_F(PromiseLedgerTest, ATermThatIsToldAndNotDurableIsCaught) {
  for (const raft::Message& message :
       {Vote(4, false), Reject(4, 1), PreVote(4), AskPreVote(5, 1, 1)}) {
    Reports reports;
    PromiseLedger ledger(reports);
    ledger.OnLeaves(kN1, NodeId(2), message, durable_, memory_);
    EXPECT_EQ(reports.first(), "promise-ledger");
  }
}

TEST_F(PromiseLedgerTest, APreVoteClaimsALogThatIsDurable) {
  EXPECT_EQ(Sends(AskPreVote(4, 2, 3)), "");
  EXPECT_EQ(Sends(AskPreVote(4, 3, 3)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, AVoteThatIsNotDurableIsCaught) {
  EXPECT_EQ(Sends(Vote(4, true)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, AVoteForAnotherThanTheDurableOneIsCaught) {
  EXPECT_EQ(Sends(AskVote(3, 2, 3)),
            "promise-ledger");  // n1 asks for votes but has voted for n2.
}

TEST_F(PromiseLedgerTest, AnAcknowledgementBeyondTheDiskIsCaught) {
  memory_.AppendFacts(Facts(3));
  EXPECT_EQ(Sends(Ack(3, 3)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, AnAcknowledgementOfAnotherLogIsCaught) {
  memory_.TruncateFrom(Index(2));
  memory_.AppendFacts(Facts(2));
  EXPECT_EQ(Sends(Ack(3, 2)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, LeadingATermThatTheDiskDoesNotKnowIsCaught) {
  EXPECT_EQ(Sends(Append(4)), "promise-ledger");
}

TEST_F(PromiseLedgerTest, ACandidateThatClaimsMoreLogThanItsDiskIsCaught) {
  disk_.Store(State(4, 1), {});
  EXPECT_EQ(Sends(AskVote(4, 2, 3)), "");
  EXPECT_EQ(Sends(AskVote(4, 3, 3)), "promise-ledger");
}

// ------------------------------------------------- memory against the disk

class MemoryAndDiskTest : public testing::Test {
 protected:
  MemoryAndDiskTest() : disk_(shadow_.Reader(), FakeShadow::kGroup) {
    shadow_.Found();
    shadow_.Store(State(3, 2), {1, 3});
    for (const uint64_t term : {1u, 3u, 3u}) {
      log_.AppendFacts(FakeShadow::FactsOf(term));
    }
  }

  std::string Believes(uint64_t upto, std::optional<persist::HardState> state) {
    Reports reports;
    MemoryAndDisk check(reports);
    check.OnDurable(kN1, log_, Index(upto), state, disk_);
    return reports.first();
  }

  FakeShadow shadow_;
  DurableState disk_;
  LogMirror log_;
};

TEST_F(MemoryAndDiskTest, WhatIsThereMayBeBelieved) {
  EXPECT_EQ(Believes(2, State(3, 2)), "");
  EXPECT_EQ(Believes(1, std::nullopt), "");
}

TEST_F(MemoryAndDiskTest, ASyncThatCoversTooMuchIsCaught) {
  EXPECT_EQ(Believes(3, std::nullopt), "disk-holds-the-log");
}

TEST_F(MemoryAndDiskTest, AnotherLogOnTheDiskIsCaught) {
  shadow_.Store(State(3, 2), {2, 3}, Index(1));
  EXPECT_EQ(Believes(2, std::nullopt), "disk-holds-the-log");
}

TEST_F(MemoryAndDiskTest, AVoteThatIsNotThereIsCaught) {
  EXPECT_EQ(Believes(2, State(3, 1)), "disk-holds-the-vote");
  EXPECT_EQ(Believes(2, State(4, 2)), "disk-holds-the-vote");
}

// ------------------------------------------------------------- recovery

class StoreStreamTest : public testing::Test {
 protected:
  StoreStreamTest() : check_(reports_) {
    check_.OnStarted(kN1, Sequence(1), State(1), Log({1}));
    Store(2, State(2, 1), Log({1, 2}));
    Store(3, std::nullopt, Log({1, 2, 2}));
    Store(4, State(3), Log({1, 3}));
    check_.OnDurable(kN1, Sequence(2));
  }

  void Store(uint64_t sequence, std::optional<persist::HardState> state,
             const LogMirror& log) {
    persist::Store store;
    store.sequence = Sequence(sequence);
    store.hard_state = state;
    check_.OnStore(kN1, store, log);
  }
  std::string Finds(const persist::HardState& state, const LogMirror& log) {
    check_.OnStarted({.node = 1, .boot = 2}, Sequence(0), state, log);
    return reports_.first();
  }

  Reports reports_;
  StoreStream check_;
};

TEST_F(StoreStreamTest, WhatWasDurableMayBeFound) {
  EXPECT_EQ(Finds(State(2, 1), Log({1, 2})), "");
}

TEST_F(StoreStreamTest, WhatWasUnderWayMayBeFound) {
  EXPECT_EQ(Finds(State(3), Log({1, 3})), "");
}

TEST_F(StoreStreamTest, ALossOfSomethingDurableIsCaught) {
  EXPECT_EQ(Finds(State(1), Log({1})), "recovery-is-a-prefix");
}

TEST_F(StoreStreamTest, HalfAStoreIsCaught) {
  EXPECT_EQ(Finds(State(3), Log({1})), "recovery-is-a-prefix");
}

TEST_F(StoreStreamTest, AForgottenVoteIsCaught) {
  EXPECT_EQ(Finds(State(2), Log({1, 2})), "recovery-is-a-prefix");
}

TEST_F(StoreStreamTest, AnInventedEntryIsCaught) {
  EXPECT_EQ(Finds(State(2, 1), Log({1, 2}, 9)), "recovery-is-a-prefix");
}

// ------------------------------------------------------- what may leave

class HeldMessagesTest : public testing::Test {
 protected:
  HeldMessagesTest() : check_(reports_, kN1) {}

  // A step posts a message that rests on store `after`.
  void Post(uint64_t after, uint64_t durable) {
    FakeStep step;
    step.after.durable = Sequence(durable);
    step.effects.sends.push_back(Message(after));
    check_.OnStep(step.Take());
  }
  void Durable(uint64_t durable) {
    FakeStep step;
    step.after.durable = Sequence(durable);
    check_.OnStep(step.Take());
  }
  static raft::Send Message(uint64_t after) {
    return SendTo(2, raft::VoteReply{}, after);
  }

  Reports reports_;
  HeldMessages check_;
};

TEST_F(HeldMessagesTest, AMessageLeavesWhenItsStoreIsDurable) {
  Post(0, 1);
  check_.OnSendLeaves(Message(0));
  Post(2, 1);
  check_.OnEvent();
  Durable(2);
  check_.OnSendLeaves(Message(2));
  check_.OnEvent();
  check_.OnEndOfRun();
  EXPECT_EQ(reports_.first(), "");
}

TEST_F(HeldMessagesTest, LeavingTooEarlyIsCaught) {
  Post(2, 1);
  check_.OnSendLeaves(Message(2));
  EXPECT_EQ(reports_.first(), "leaves-too-early");
}

TEST_F(HeldMessagesTest, HoldingBackForEverIsCaught) {
  Post(2, 1);
  Durable(2);
  check_.OnEvent();
  EXPECT_EQ(reports_.first(), "held-back");
}

TEST_F(HeldMessagesTest, LeavingAfterTheDiskFailedIsCaught) {
  Post(0, 1);
  check_.OnStorageFailed();
  check_.OnSendLeaves(Message(0));
  EXPECT_EQ(reports_.first(), "leaves-after-failure");
}

TEST_F(HeldMessagesTest, GoingOnAfterTheDiskFailedIsCaught) {
  check_.OnStorageFailed();
  check_.OnEndOfRun();
  EXPECT_EQ(reports_.first(), "outlives-its-disk");
}

}  // namespace
}  // namespace scenarios
