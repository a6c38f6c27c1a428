// What clients are told, and how much a leader may have under way: each check
// lets a good run pass and catches a broken one.

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "kv/command.h"
#include "kv/reply.h"
#include "persist/persister.h"
#include "runtime/bytes.h"
#include "scenarios/checks/answers.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/exactly_once.h"
#include "scenarios/checks/flow_limits.h"
#include "scenarios/checks/read_floor.h"
#include "scenarios/checks/storage_bound.h"
#include "tests/scenarios/check_fixture.h"

namespace scenarios {
namespace {

using raft::Outcome;
using raft::Ticket;

// ---------------------------------------------------------------- answers

class AnswersTest : public testing::Test {
 protected:
  // Ticket 1 stands as entry 3 of term 2, ticket 2 as entry 4; ticket 3 may
  // read at 3; ticket 4 was asked only. Committed are entries up to 3.
  AnswersTest() : committed_(reports_), check_(reports_, committed_, kN1) {
    committed_.OnCommit(kN2, Term(2), Index(3), Log({1, 2, 2}));
    FakeStep step;
    step.effects.accepted = {{Ticket(1), Index(3), Term(2)},
                             {Ticket(2), Index(4), Term(2)}};
    step.effects.reads = {{Ticket(3), Index(3)}};
    check_.OnStep(step.Take());
  }

  std::string Answers(uint64_t ticket, Outcome::Kind kind, uint64_t index = 0,
                      uint64_t applied = 3) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.index = Index(index);
    check_.OnAnswered(Ticket(ticket), outcome, Index(applied));
    return reports_.first();
  }

  Reports reports_;
  CommittedLog committed_;
  class Answers check_;
};

TEST_F(AnswersTest, TheTruthMayBeTold) {
  EXPECT_EQ(Answers(1, Outcome::Kind::kApplied, 3), "");
  EXPECT_EQ(Answers(3, Outcome::Kind::kApplied), "");
  EXPECT_EQ(Answers(4, Outcome::Kind::kRefused), "");
}

TEST_F(AnswersTest, ALossThatIsProvedMayBeTold) {
  committed_.OnCommit(kN2, Term(3), Index(4), Log({1, 2, 2, 3}));
  EXPECT_EQ(Answers(2, Outcome::Kind::kLost), "");
}

TEST_F(AnswersTest, SuccessBeforeTheCommitIsCaught) {
  EXPECT_EQ(Answers(2, Outcome::Kind::kApplied, 4, 4), "answered-untruly");
}

TEST_F(AnswersTest, SuccessByAnotherEntryIsCaught) {
  committed_.OnCommit(kN2, Term(3), Index(4), Log({1, 2, 2, 3}));
  EXPECT_EQ(Answers(2, Outcome::Kind::kApplied, 4, 4), "answered-untruly");
}

TEST_F(AnswersTest, SuccessBeforeItIsAppliedIsCaught) {
  EXPECT_EQ(Answers(1, Outcome::Kind::kApplied, 3, 2), "answered-untruly");
}

TEST_F(AnswersTest, AReadBeforeItsIndexIsAppliedIsCaught) {
  EXPECT_EQ(Answers(3, Outcome::Kind::kApplied, 0, 2), "answered-untruly");
}

TEST_F(AnswersTest, ALossWithoutProofIsCaught) {
  EXPECT_EQ(Answers(2, Outcome::Kind::kLost), "answered-untruly");
}

TEST_F(AnswersTest, CallingACommandThatWasAppliedLostIsCaught) {
  EXPECT_EQ(Answers(1, Outcome::Kind::kLost), "answered-untruly");
}

TEST_F(AnswersTest, ARefusalOfWhatStandsInTheLogIsCaught) {
  EXPECT_EQ(Answers(2, Outcome::Kind::kRefused), "answered-untruly");
}

TEST_F(AnswersTest, ASecondAnswerIsCaught) {
  EXPECT_EQ(Answers(1, Outcome::Kind::kApplied, 3), "");
  EXPECT_EQ(Answers(1, Outcome::Kind::kApplied, 3), "answered-twice");
}

// ------------------------------------------------------------------ reads

class ReadFloorTest : public testing::Test {
 protected:
  // n1 leads term 2 and has sent round 5; a read is asked, with 3 committed.
  ReadFloorTest() : committed_(reports_), check_(reports_, committed_, kN1, 3) {
    committed_.OnCommit(kN2, Term(2), Index(3), Log({1, 2, 2}));
    Sends(5);
    Told ask;
    ask.kind = Told::Kind::kReadRequest;
    ask.ticket = Ticket(1);
    check_.OnEvent(ask, Term(2));
  }

  void Sends(uint64_t round) {
    raft::HeartbeatRequest beat;
    beat.term = Term(2);
    beat.read_round = round;
    check_.OnSendLeaves(SendTo(2, beat));
  }
  void Echo(uint64_t round, uint64_t term = 2) {
    Told echo;
    echo.kind = Told::Kind::kHeartbeatReply;
    echo.from = 2;
    echo.term = Term(term);
    echo.read_round = round;
    check_.OnEvent(echo, Term(2));
  }
  std::string Ready(uint64_t index) {
    FakeStep step;
    step.Lead().effects.reads = {{Ticket(1), Index(index)}};
    check_.OnStep(step.Take());
    return reports_.first();
  }

  Reports reports_;
  CommittedLog committed_;
  ReadFloor check_;
};

TEST_F(ReadFloorTest, ALaterRoundReleasesIt) {
  Sends(6);
  Echo(6);
  EXPECT_EQ(Ready(3), "");
}

TEST_F(ReadFloorTest, JoiningTheRoundUnderWayIsCaught) {
  Echo(5);
  EXPECT_EQ(Ready(3), "read-round");
}

TEST_F(ReadFloorTest, AnEchoOfAnotherTermIsCaught) {
  Echo(6, 1);
  EXPECT_EQ(Ready(3), "read-round");
}

TEST_F(ReadFloorTest, ReadingBelowWhatWasCommittedIsCaught) {
  Echo(6);
  EXPECT_EQ(Ready(2), "read-floor");
}

TEST_F(ReadFloorTest, ADeposedLeaderRefusesWhatWaits) {
  FakeStep step;
  step.Lead().after.role = Role::kFollower;
  step.effects.refused = {{Ticket(1), raft::RefusalReason::kLostLead}};
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "");
}

TEST_F(ReadFloorTest, AReadThatADeposedLeaderForgetsIsCaught) {
  FakeStep step;
  step.Lead().after.role = Role::kFollower;
  check_.OnStep(step.Take());
  EXPECT_EQ(reports_.first(), "read-forgotten");
}

// ----------------------------------------------------------- exactly once

class ExactlyOnceTest : public testing::Test {
 protected:
  ExactlyOnceTest() : check_(reports_) {}

  // Command `sequence` of session 9 is applied as entry `index`.
  std::string Applies(uint64_t index, uint64_t sequence,
                      const runtime::Bytes& result) {
    kv::CommandBatch batch;
    batch.Add(kv::Operation::kIncrement, {"i", "1"});
    const raft::Command command{
        Index(index), Term(2),
        kv::EncodeEntry({.session = 9, .sequence = sequence}, {}, batch)};
    check_.OnApplied(kN1, {&command, 1}, {&result, 1});
    return reports_.first();
  }
  static runtime::Bytes Integer(int64_t value) {
    kv::ResultWriter writer;
    writer.Integer(value);
    return writer.Finish();
  }
  static runtime::Bytes Expired() {
    kv::ResultWriter writer;
    writer.Refusal(kv::KvReply::Code::kSessionExpired, "gone");
    return writer.Finish();
  }

  Reports reports_;
  ExactlyOnce check_;
};

TEST_F(ExactlyOnceTest, ARepetitionGetsTheSameAnswerOrARefusal) {
  EXPECT_EQ(Applies(3, 1, Integer(7)), "");
  EXPECT_EQ(Applies(4, 1, Integer(7)), "");
  EXPECT_EQ(Applies(5, 2, Integer(8)), "");
  EXPECT_EQ(Applies(6, 1, Expired()), "");
}

TEST_F(ExactlyOnceTest, ARefusalIsNoExecution) {
  EXPECT_EQ(Applies(3, 1, Expired()), "");
  EXPECT_EQ(Applies(4, 1, Integer(7)), "");
}

TEST_F(ExactlyOnceTest, ASecondExecutionIsCaught) {
  EXPECT_EQ(Applies(3, 1, Integer(7)), "");
  EXPECT_EQ(Applies(4, 1, Integer(8)), "exactly-once");
}

// ------------------------------------------------------------------ flow

class FlowLimitsTest : public testing::Test {
 protected:
  FlowLimitsTest() : check_(reports_) {
    step_.Lead();
    step_.Peer(2).next = Index(3);
    step_.Peer(2).state = raft::Probing{.outstanding = true};
  }

  void Probe() { step_.effects.sends = {SendTo(2, raft::AppendRequest{})}; }
  std::string Take() {
    check_.OnStep(step_.Take());
    return reports_.first();
  }
  std::string Rejected(uint64_t next) {
    step_.Tell(Told::Kind::kAppendReply, 2, 2);
    step_.Peer(2).next = Index(next);
    return Take();
  }

  Reports reports_;
  FlowLimits check_;
  FakeStep step_;
};

TEST_F(FlowLimitsTest, OneProbeForEachAnswerAndHeartbeat) {
  Probe();
  EXPECT_EQ(Take(), "");
  step_.told.kind = Told::Kind::kDeadline;
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(Rejected(2), "");
}

TEST_F(FlowLimitsTest, ASecondProbeIsCaught) {
  Probe();
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(Take(), "one-probe");
}

TEST_F(FlowLimitsTest, ProbingEntryByEntryIsCaught) {
  step_.log = Log({1, 1, 1, 1, 1, 1, 1, 1, 1, 2});  // Two terms: four probes.
  EXPECT_EQ(Rejected(9), "");
  for (uint64_t next = 8; next > 4; --next) EXPECT_EQ(Rejected(next), "");
  EXPECT_EQ(Rejected(4), "probes-to-agree");
}

TEST_F(FlowLimitsTest, AnAgreementBeginsAnew) {
  EXPECT_EQ(Rejected(9), "");
  for (uint64_t next = 8; next > 4; --next) EXPECT_EQ(Rejected(next), "");
  step_.told.yes = true;
  EXPECT_EQ(Rejected(9), "");
  step_.told.yes = false;
  for (uint64_t next = 8; next > 4; --next) EXPECT_EQ(Rejected(next), "");
}

TEST_F(FlowLimitsTest, TooMuchInFlightIsCaught) {
  step_.options.inflight_messages_max = 2;
  raft::Replicating replicating;
  for (uint64_t last = 1; last <= 3; ++last) {
    replicating.window.Add(Index(last), 10, runtime::Instant());
  }
  step_.Peer(2).state = replicating;
  step_.Tell(Told::Kind::kAppendReply, 2, 2);
  EXPECT_EQ(Take(), "flow-limits");
}

TEST_F(FlowLimitsTest, WhatIsAcknowledgedAndStillInFlightIsCaught) {
  raft::Replicating replicating;
  replicating.window.Add(Index(2), 10, runtime::Instant());
  step_.Peer(2).state = replicating;
  step_.Peer(2).match = Index(1);
  step_.Tell(Told::Kind::kAppendReply, 2, 2);
  EXPECT_EQ(Take(), "");
  step_.Peer(2).match = Index(2);
  EXPECT_EQ(Take(), "window-not-freed");
}

TEST_F(FlowLimitsTest, WhatIsCommittedAndStillCountedIsCaught) {
  step_.Tell(Told::Kind::kAppendReply, 2, 2);
  step_.leading.uncommitted_bytes = 10;
  step_.after.commit = Index(1);
  EXPECT_EQ(Take(), "");
  step_.after.commit = Index(2);
  EXPECT_EQ(Take(), "budget-not-freed");
}

TEST_F(FlowLimitsTest, TooMuchUncommittedIsCaught) {
  step_.options.uncommitted_bytes_max = 100;
  step_.options.append_bytes_max = 100;
  step_.effects.accepted = {{Ticket(1), Index(3), Term(2)}};
  step_.leading.uncommitted_bytes = 200;
  EXPECT_EQ(Take(), "");
  step_.leading.uncommitted_bytes = 201;
  EXPECT_EQ(Take(), "flow-limits");
}

class StorageBoundTest : public testing::Test {
 protected:
  // n1 stores `bytes` because of proposals, an append, or neither.
  std::string Stores(Told::Kind why, size_t bytes) {
    FakeStep step;
    step.told.kind = why;
    if (why == Told::Kind::kPropose) {
      step.effects.accepted = {{Ticket(1), Index(3), Term(2)}};
    }
    persist::Store& store = step.Store();
    store.sequence = Sequence(++stores_);
    store.entries.push_back(Record(3, 2));
    store.entries.back().payload =
        runtime::Bytes::Copy(std::string(bytes, 'x'));
    check_.OnStep(step.Take());
    return reports_.first();
  }

  uint64_t stores_ = 0;
  Reports reports_;
  StorageBound check_{reports_, {.stores_max = 2, .bytes_max = 1000}};
};

TEST_F(StorageBoundTest, WhatThereIsRoomForMayBeTaken) {
  EXPECT_EQ(Stores(Told::Kind::kPropose, 1), "");
  EXPECT_EQ(Stores(Told::Kind::kAppendRequest, 1), "");
  EXPECT_EQ(Stores(Told::Kind::kVoteRequest, 1), "") << "a promise";
  check_.OnStored(Sequence(2));
  EXPECT_EQ(Stores(Told::Kind::kPropose, 5000), "") << "however large";
}

TEST_F(StorageBoundTest, ProposalsBeyondTheBoundAreCaught) {
  EXPECT_EQ(Stores(Told::Kind::kAppendRequest, 1), "");
  EXPECT_EQ(Stores(Told::Kind::kPropose, 1), "");
  EXPECT_EQ(Stores(Told::Kind::kPropose, 1), "storage-overfull");
}

TEST_F(StorageBoundTest, EntriesBeyondTheBoundAreCaught) {
  EXPECT_EQ(Stores(Told::Kind::kPropose, 999), "");
  EXPECT_EQ(Stores(Told::Kind::kDeadline, 1), "");
  check_.OnStored(Sequence(1));
  EXPECT_EQ(Stores(Told::Kind::kAppendRequest, 999), "");
  EXPECT_EQ(Stores(Told::Kind::kAppendRequest, 1), "storage-overfull");
}

TEST_F(StorageBoundTest, BytesBeyondTheBoundAreCaught) {
  EXPECT_EQ(Stores(Told::Kind::kPropose, 1000), "");
  EXPECT_EQ(Stores(Told::Kind::kAppendRequest, 0), "storage-overfull");
}

}  // namespace
}  // namespace scenarios
