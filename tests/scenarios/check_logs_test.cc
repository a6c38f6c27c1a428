// Logs: each check lets a good run pass and catches a broken one.

#include <string>

#include "gtest/gtest.h"

#include "scenarios/checks/append_answers.h"
#include "scenarios/checks/entry_origin.h"
#include "scenarios/checks/leader_append_only.h"
#include "scenarios/checks/log_matching.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/log_order.h"
#include "scenarios/checks/truncation.h"
#include "tests/scenarios/check_fixture.h"

namespace scenarios {
namespace {

void Feed(LogMatching& check, const NodeLife& node, const LogMirror& log) {
  for (Index i(1); i <= log.last(); ++i) check.OnEntry(node, i, log.At(i));
}

TEST(LogMatchingTest, LogsMayDifferBehindTheirLastCommonTerm) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 1, 2, 2}));
  Feed(check, kN2, Log({1, 1, 3}));
  EXPECT_EQ(reports.first(), "");
}

TEST(LogMatchingTest, AnotherPayloadUnderTheSameIndexAndTermIsCaught) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 1}, 7));
  Feed(check, kN2, Log({1, 1}, 8));
  EXPECT_EQ(reports.first(), "log-matching");
}

TEST(LogMatchingTest, AnotherPrefixBelowTheSameEntryIsCaught) {
  Reports reports;
  LogMatching check(reports);
  Feed(check, kN1, Log({1, 2, 4}));
  Feed(check, kN2, Log({1, 3, 4}));
  EXPECT_EQ(reports.first(), "log-matching");
}

TEST(LogMirrorTest, ATruncatedLogGrowsAgainToTheSameChain) {
  LogMirror log = Log({1, 1, 2, 2});
  log.TruncateFrom(Index(3));
  EXPECT_EQ(log.last(), Index(2));
  log.AppendFacts({.term = Term(2)});
  EXPECT_EQ(log.At(Index(3)), Log({1, 1, 2}).At(Index(3)));
  EXPECT_NE(log.At(Index(3)), Log({1, 2, 2}).At(Index(3)));
}

TEST(LogMatchingTest, TellsWhatNoLogHadBefore) {
  Reports reports;
  LogMatching check(reports);
  const LogMirror log = Log({1, 2});
  EXPECT_TRUE(check.OnEntry(kN1, Index(1), log.At(Index(1))));
  EXPECT_FALSE(check.OnEntry(kN2, Index(1), log.At(Index(1))));
}

// --------------------------------------------------------- one log in itself

TEST(LogOrderTest, EntriesFollowInOrder) {
  Reports reports;
  LogOrder check(reports);
  EXPECT_TRUE(check.MayFollow(kN1, Log({1, 2}), Record(3, 2), Term(3)));
  EXPECT_TRUE(check.MayFollow(kN1, Log({1, 2}), Record(3, 3), Term(3)));
  check.OnLog(kN1, Log({1, 2}), Index(2), Term(2));
  EXPECT_EQ(reports.first(), "");
}

TEST(LogOrderTest, AGapAnOlderTermAndATermToComeAreCaught) {
  for (const persist::Record& record :
       {Record(4, 2), Record(2, 2), Record(3, 1), Record(3, 4)}) {
    Reports reports;
    LogOrder check(reports);
    EXPECT_FALSE(check.MayFollow(kN1, Log({1, 2}), record, Term(3)));
    EXPECT_EQ(reports.first(), "log-order");
  }
}

TEST(LogOrderTest, AMemoryThatIsNotWhatWasStoredIsCaught) {
  for (const LogMirror& stored : {Log({1}), Log({1, 3}), Log({1, 2, 2})}) {
    Reports reports;
    LogOrder check(reports);
    check.OnLog(kN1, stored, Index(2), Term(2));
    EXPECT_EQ(reports.first(), "stores-are-the-log");
  }
}

TEST(EntryOriginTest, TheLeaderOfTheTermMakesItsEntries) {
  Reports reports;
  EntryOrigin check(reports);
  check.OnFirstSeen(kN1, Record(1, 1), false, Term(1));  // Founds the group.
  check.OnFirstSeen(kN1, Record(2, 2), true, Term(2));
  EXPECT_EQ(reports.first(), "");
}

TEST(EntryOriginTest, AnEntryFromAnybodyElseIsCaught) {
  {
    Reports reports;
    EntryOrigin check(reports);
    check.OnFirstSeen(kN1, Record(2, 2), false, Term(2));
    EXPECT_EQ(reports.first(), "entry-origin");
  }
  Reports reports;
  EntryOrigin check(reports);
  check.OnFirstSeen(kN1, Record(2, 2), true, Term(3));
  EXPECT_EQ(reports.first(), "entry-origin");
}

TEST(EntryOriginTest, ALeaderThatDoesNotBeginWithANoopIsCaught) {
  for (const auto kind : {raft::EntryKind::kNoop, raft::EntryKind::kCommand}) {
    FakeStep step;
    step.Lead().before.role = Role::kCandidate;
    step.Store().entries = {Record(3, 2, kind)};
    Reports reports;
    EntryOrigin check(reports);
    check.OnStep(step.Take());
    EXPECT_EQ(reports.first(),
              kind == raft::EntryKind::kNoop ? "" : "no-op-first");
  }
}

TEST(LeaderAppendOnlyTest, ALeaderThatCutsItsLogIsCaught) {
  FakeStep step;
  step.Store().truncate_from = Index(2);
  Reports reports;
  LeaderAppendOnly check(reports);
  check.OnStep(step.Take());
  EXPECT_EQ(reports.first(), "");
  check.OnStep(step.Lead().Take());
  EXPECT_EQ(reports.first(), "leader-append-only");
}

// ------------------------------------------------------ what a follower does

// n1, with a log of terms 1 2 2, is told by n2 in term 3 that entry 3 is
// another.
FakeStep Conflict() {
  FakeStep step;
  step.log = Log({1, 2, 2});
  step.Tell(Told::Kind::kAppendRequest, 2, 3);
  step.told.conflict = Index(3);
  step.after.term = Term(3);
  return step;
}

std::string Cut(const FakeStep& step, uint64_t from) {
  Reports reports;
  CommittedLog committed(reports);
  committed.OnCommit(kN3, Term(2), Index(2), Log({1, 2}));
  Truncation check(reports, committed);
  check.OnCut(step.Take(), Index(from));
  return reports.first();
}

TEST(TruncationTest, AConflictMayBeCut) { EXPECT_EQ(Cut(Conflict(), 3), ""); }

TEST(TruncationTest, CuttingWhatAnybodyHasCommittedIsCaught) {
  EXPECT_EQ(Cut(Conflict(), 2), "truncates-committed");
}

TEST(TruncationTest, CuttingWhatItHasCommittedItselfIsCaught) {
  FakeStep step = Conflict();
  step.before.commit = Index(3);
  EXPECT_EQ(Cut(step, 3), "truncates-committed");
}

TEST(TruncationTest, CuttingWithoutAConflictIsCaught) {
  FakeStep step = Conflict();
  step.told.conflict = Index(0);  // A late append.
  EXPECT_EQ(Cut(step, 3), "truncation-unproved");
}

TEST(TruncationTest, CuttingForAnOldLeaderIsCaught) {
  FakeStep step = Conflict();
  step.told.term = Term(2);
  EXPECT_EQ(Cut(step, 3), "truncation-unproved");
}

// n1 accepts up to `match` an append of n2 behind entry `previous` that holds
// `entries` entries of term 2.
FakeStep Accepts(uint64_t previous, uint64_t previous_term, uint64_t entries,
                 uint64_t match) {
  FakeStep step;
  step.Tell(Told::Kind::kAppendRequest, 2, 2);
  step.told.previous = Index(previous);
  step.told.previous_term = Term(previous_term);
  step.told.last = Index(previous + entries);
  step.told.last_term = entries > 0 ? Term(2) : Term(previous_term);
  raft::AppendReply reply;
  reply.term = Term(2);
  reply.accepted = true;
  reply.match = Index(match);
  step.effects.sends.push_back(SendTo(2, reply));
  return step;
}

std::string Acknowledged(const FakeStep& step) {
  Reports reports;
  AppendAnswers check(reports);
  check.OnStep(step.Take());
  return reports.first();
}

TEST(AppendAnswersTest, WhatWasComparedMayBeAcknowledged) {
  EXPECT_EQ(Acknowledged(Accepts(1, 1, 1, 2)), "");
  EXPECT_EQ(Acknowledged(Accepts(2, 2, 0, 2)), "");
  EXPECT_EQ(Acknowledged(Accepts(0, 0, 0, 0)), "");
}

TEST(AppendAnswersTest, AcknowledgingTheEndOfTheLogIsCaught) {
  EXPECT_EQ(Acknowledged(Accepts(1, 1, 0, 2)), "append-acknowledged");
}

TEST(AppendAnswersTest, AcceptingBehindAnotherEntryIsCaught) {
  EXPECT_EQ(Acknowledged(Accepts(2, 1, 0, 2)), "append-acknowledged");
}

TEST(AppendAnswersTest, AcceptingWhatIsNotInTheLogIsCaught) {
  EXPECT_EQ(Acknowledged(Accepts(2, 2, 1, 3)), "append-acknowledged");
}

TEST(AppendAnswersTest, AcceptingWhatNobodySentIsCaught) {
  FakeStep step = Accepts(1, 1, 1, 2);
  step.told.kind = Told::Kind::kHeartbeatRequest;
  EXPECT_EQ(Acknowledged(step), "append-acknowledged");
}

}  // namespace
}  // namespace scenarios
