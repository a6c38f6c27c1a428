// The paper, claim by claim: each test is a sentence of Ongaro & Ousterhout
// 2014 ("Raft §") or of Ongaro's thesis ("thesis §"). The Oracle behind
// CoreCluster holds figure 3 against every step of every test.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/core_cluster.h"

namespace raft {
namespace {

constexpr NodeId kN1{1};
constexpr NodeId kN2{2};
constexpr NodeId kN3{3};

ClusterOptions Three() { return {}; }

// A cluster whose n1 leads, with its no-op committed everywhere.
CoreCluster Led(ClusterOptions options = {}) {
  CoreCluster cluster(std::move(options));
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Agree(); },
                               absl::Milliseconds(120)));
  cluster.left().clear();
  return cluster;
}

// What `node` has sent of one kind, oldest first.
template <class M>
std::vector<M> SentBy(CoreCluster& cluster, NodeId node) {
  std::vector<M> sent;
  for (const CoreCluster::Left& left : cluster.left()) {
    const M* message = std::get_if<M>(&left.send.message);
    if (left.from == node && message != nullptr) sent.push_back(*message);
  }
  return sent;
}

template <class M>
std::optional<M> LastSentBy(CoreCluster& cluster, NodeId node) {
  const std::vector<M> sent = SentBy<M>(cluster, node);
  if (sent.empty()) return std::nullopt;
  return sent.back();
}

// ------------------------------------------------------------ terms, Raft §5.1

TEST(PaperTest, AMemberAdoptsALargerTermFromWhatItIsTold) {
  CoreCluster cluster = Led();
  cluster.Deliver(kN2, kN1, HeartbeatReply{.term = Term(9)});
  EXPECT_EQ(cluster.core(kN1).term(), Term(9));
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
  EXPECT_EQ(cluster.core(kN1).vote(), NodeId());
}

TEST(PaperTest, ARequestOfAnOlderTermIsRejectedWithTheNewerOne) {
  CoreCluster cluster = Led();
  cluster.Deliver(kN3, kN2,
                  AppendRequest{.term = Term(1),
                                .session = 1,
                                .previous_index = Index(1),
                                .previous_term = Term(1),
                                .commit = Index(0),
                                .entries = {}});
  const auto reply = LastSentBy<AppendReply>(cluster, kN2);
  ASSERT_TRUE(reply.has_value());
  EXPECT_FALSE(reply->accepted);
  EXPECT_EQ(reply->term, cluster.core(kN1).term());
  cluster.Deliver(kN3, kN2, VoteRequest{Term(1), Index(99), Term(1)});
  EXPECT_FALSE(LastSentBy<VoteReply>(cluster, kN2)->granted);
}

// -------------------------------------------------------- election, Raft §5.2

TEST(PaperTest, MembersBeginAsFollowers) {
  CoreCluster cluster(Three());
  for (const NodeId node : cluster.nodes()) {
    EXPECT_EQ(cluster.core(node).role(), Role::kFollower);
    EXPECT_EQ(cluster.core(node).leader(), NodeId());
  }
}

TEST(PaperTest, AFollowerThatHearsHeartbeatsDoesNotCampaign) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.RunFor(absl::Seconds(5));
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN1).term(), term);
  EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN2).empty());
  EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN3).empty());
}

TEST(PaperTest, AnyMessageOfTheLeaderResetsTheTimerEvenOneThatIsRejected) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN2);
  cluster.Pass(absl::Milliseconds(100));
  const runtime::Instant due = cluster.core(kN2).deadline();
  cluster.Deliver(kN1, kN2,
                  AppendRequest{.term = cluster.core(kN1).term(),
                                .session = 1,
                                .previous_index = Index(50),
                                .previous_term = Term(2),
                                .commit = Index(0),
                                .entries = {}});
  EXPECT_FALSE(LastSentBy<AppendReply>(cluster, kN2)->accepted);
  EXPECT_GT(cluster.core(kN2).deadline(), due);
}

TEST(PaperTest, ACandidateIncrementsItsTermAndVotesForItself) {
  CoreCluster cluster(Three());
  cluster.Pass(absl::Milliseconds(310));
  cluster.PauseDisk(kN2);
  cluster.PauseDisk(kN3);
  cluster.FireTimer(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  EXPECT_EQ(cluster.core(kN1).term(), Term(2));
  EXPECT_EQ(cluster.core(kN1).vote(), kN1);
  EXPECT_EQ(SentBy<VoteRequest>(cluster, kN1).size(), 2u);
}

TEST(PaperTest, EachMemberVotesForOneCandidatePerTermFirstComeFirstServed) {
  CoreCluster cluster(Three());
  cluster.Pass(absl::Milliseconds(310));
  cluster.Deliver(kN1, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  cluster.Deliver(kN2, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  cluster.Deliver(kN1, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  EXPECT_EQ(cluster.core(kN3).vote(), kN1);
  cluster.Settle();
  std::vector<bool> granted;
  for (const VoteReply& reply : SentBy<VoteReply>(cluster, kN3)) {
    granted.push_back(reply.granted);
  }
  EXPECT_EQ(granted, (std::vector<bool>{true, false, true}));
}

TEST(PaperTest, AVoteIsRememberedAcrossACrash) {
  CoreCluster cluster(Three());
  cluster.Pass(absl::Milliseconds(310));
  cluster.Deliver(kN1, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  cluster.Settle();
  cluster.Crash(kN3);
  cluster.Restart(kN3);
  cluster.Pass(absl::Milliseconds(310));
  cluster.left().clear();
  cluster.Deliver(kN2, kN3, VoteRequest{Term(2), Index(9), Term(1)});
  EXPECT_FALSE(LastSentBy<VoteReply>(cluster, kN3)->granted);
}

TEST(PaperTest, AnElectedLeaderDoesNotMakeAVoterForgetItsVote) {
  CoreCluster cluster = Led();
  EXPECT_EQ(cluster.core(kN2).vote(), kN1);
  cluster.RunFor(absl::Milliseconds(200));
  EXPECT_EQ(cluster.core(kN2).vote(), kN1);
  // Nor does asking around before a campaign.
  cluster.Isolate(kN2);
  cluster.FireTimer(kN2);
  EXPECT_EQ(cluster.core(kN2).role(), Role::kPreCandidate);
  EXPECT_EQ(cluster.core(kN2).vote(), kN1);
}

TEST(PaperTest, AVoteGivenResetsTheTimer) {
  CoreCluster cluster(Three());
  cluster.Pass(absl::Milliseconds(149));
  cluster.Pass(absl::Milliseconds(160));
  const runtime::Instant due = cluster.core(kN3).deadline();
  cluster.Deliver(kN1, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  EXPECT_GT(cluster.core(kN3).deadline(), due);
}

TEST(PaperTest, RepliesOfAnEarlierCampaignAreNotCounted) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, PreVoteReply{Term(2), Term(1), true});
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, PreVoteReply{Term(2), Term(1), true});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kPreCandidate) << "stale pre-vote";
  cluster.Deliver(kN2, kN1, PreVoteReply{Term(3), Term(1), true});
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  cluster.Deliver(kN2, kN1, VoteReply{Term(2), true});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate) << "stale vote";
  cluster.Deliver(kN2, kN1, VoteReply{Term(3), false});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate) << "not granted";
}

TEST(PaperTest, ACandidateThatHearsTheLeaderOfItsTermFollowsIt) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, PreVoteReply{Term(2), Term(1), true});
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  cluster.Deliver(kN3, kN1,
                  HeartbeatRequest{.term = Term(2), .commit = Index(0)});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
  EXPECT_EQ(cluster.core(kN1).leader(), kN3);
}

TEST(PaperTest, ElectionTimeoutsAreDrawnAnewAndWithinTheirBounds) {
  CoreCluster cluster(Three());
  const CoreOptions& options = cluster.options().core;
  std::set<int64_t> spans;
  cluster.Isolate(kN1);
  for (int i = 0; i < 50; ++i) {
    cluster.FireTimer(kN1);
    const absl::Duration span = cluster.core(kN1).deadline() - cluster.now();
    EXPECT_GE(span, options.election_timeout_min);
    EXPECT_LE(span, options.election_timeout_max);
    spans.insert(absl::ToInt64Nanoseconds(span));
  }
  EXPECT_GT(spans.size(), 40u);
}

// ------------------------------------------------------ replication, Raft §5.3

TEST(PaperTest, ALeaderRepliesAreCommittedOnceAMajorityStoresThem) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
  cluster.Isolate(kN2);
  const uint64_t alone = cluster.Propose(kN1, "y");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(alone).index);
}

// Thesis §10.2.1: the leader's disk is one of the majority, not a condition.
TEST(PaperTest, ALeaderCommitsBeforeItsOwnDiskIfAMajorityIsElsewhere) {
  CoreCluster cluster = Led();
  cluster.PauseDisk(kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
  EXPECT_LT(cluster.applied(kN1), cluster.proposal(ticket).index);
  cluster.ResumeDisk(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.applied(kN1), cluster.proposal(ticket).index);
}

TEST(PaperTest, ALeaderDoesNotCountItselfBeforeItsDisk) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  cluster.PauseDisk(kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
}

TEST(PaperTest, AnAcknowledgementWaitsForTheDisk) {
  CoreCluster cluster = Led();
  cluster.PauseDisk(kN2);
  cluster.left().clear();
  cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_TRUE(SentBy<AppendReply>(cluster, kN2).empty());
  cluster.ResumeDisk(kN2);
  cluster.Settle();
  EXPECT_EQ(SentBy<AppendReply>(cluster, kN2).size(), 1u);
}

TEST(PaperTest, AnAcknowledgementSpeaksOnlyOfWhatWasCompared) {
  // n2 goes on with entries that the leader of term 5 does not have.
  ClusterOptions options;
  options.logs[kN1] = {1, 2};
  options.logs[kN2] = {1, 2, 3, 3, 3};
  options.terms[kN1] = Term(4);
  options.terms[kN3] = Term(4);
  options.logs[kN3] = {1, 2};
  CoreCluster cluster(options);
  cluster.Isolate(kN2);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Settle();
  ASSERT_EQ(cluster.leader(), kN1);
  cluster.left().clear();
  cluster.Deliver(kN1, kN2,
                  AppendRequest{.term = Term(5),
                                .session = 1,
                                .previous_index = Index(2),
                                .previous_term = Term(2),
                                .commit = Index(3),
                                .entries = {}});
  cluster.Settle();
  const auto reply = LastSentBy<AppendReply>(cluster, kN2);
  ASSERT_TRUE(reply.has_value() && reply->accepted);
  EXPECT_EQ(reply->match, Index(2));
  EXPECT_EQ(cluster.core(kN2).commit(), Index(2));
  EXPECT_EQ(cluster.core(kN2).log().last_index(), Index(5));
}

TEST(PaperTest, ALateAppendDoesNotShortenALogThatHasItsEntries) {
  CoreCluster cluster = Led();
  cluster.Propose(kN1, "a");
  std::vector<AppendRequest> first = SentBy<AppendRequest>(cluster, kN1);
  cluster.Propose(kN1, "b");
  cluster.Propose(kN1, "c");
  cluster.Settle();
  const Index last = cluster.core(kN2).log().last_index();
  cluster.Deliver(kN1, kN2, first.front());
  EXPECT_EQ(cluster.core(kN2).log().last_index(), last);
  EXPECT_EQ(cluster.unsynced(kN2), 0u) << "nothing is stored again";
}

TEST(PaperTest, AConflictIsCutAndReplacedInOneStore) {
  ClusterOptions options;
  options.logs[kN1] = {1, 3};
  options.logs[kN2] = {1, 2, 2, 2};
  options.logs[kN3] = {1, 3};
  CoreCluster cluster(options);
  size_t cuts = 0;
  cluster.on_step = [&](const StepSeen& step) {
    for (const persist::Store& store : step.effects.stores) {
      if (!store.truncate_from.has_value()) continue;
      ++cuts;
      EXPECT_EQ(*store.truncate_from, Index(2));
      EXPECT_FALSE(store.entries.empty());
    }
  };
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(3)));
  EXPECT_EQ(cuts, 1u);
}

TEST(PaperTest, EmptyAppendsAreCheckedToo) {
  ClusterOptions options;
  options.logs[kN1] = {1, 2};
  options.logs[kN2] = {1, 2};
  CoreCluster cluster(options);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Settle();
  const auto replies = SentBy<AppendReply>(cluster, kN3);
  ASSERT_FALSE(replies.empty());
  EXPECT_FALSE(replies.front().accepted);
  EXPECT_EQ(replies.front().hint_index, Index(1));
}

// Raft §5.3, last paragraphs: at most about one rejection per term.
TEST(PaperTest, TwoLogsAreReconciledInAsManyProbesAsTheyHaveTerms) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    runtime::Random dice(runtime::StreamSeed(seed, "probes"));
    ClusterOptions options;
    options.nodes = 3;
    std::set<uint64_t> terms = {1};
    for (const bool leads : {true, false}) {
      std::vector<uint64_t> log = {1};
      const uint64_t size = 1 + dice.Below(30);
      // Odd terms were the leader's, even ones the follower's.
      uint64_t term = leads ? 3 : 2;
      while (log.size() < size) {
        log.push_back(term);
        terms.insert(term);
        if (dice.Chance(250'000)) term += 2;
      }
      options.logs[leads ? kN1 : kN2] = log;
    }
    options.logs[kN1].push_back(99);
    options.logs[kN3] = options.logs[kN1];
    CoreCluster cluster(options);
    cluster.Pass(absl::Milliseconds(310));
    cluster.FireTimer(kN1);
    cluster.Settle();
    if (cluster.leader() != kN1) {  // It had to learn the term first.
      cluster.FireTimer(kN1);
      cluster.Settle();
    }
    ASSERT_EQ(cluster.leader(), kN1) << "seed " << seed;
    size_t rejected = 0;
    for (const AppendReply& reply : SentBy<AppendReply>(cluster, kN2)) {
      rejected += !reply.accepted;
    }
    EXPECT_LE(rejected, terms.size() + 1) << "seed " << seed;
    EXPECT_EQ(cluster.core(kN2).log().last_index(),
              cluster.core(kN1).log().last_index())
        << "seed " << seed;
  }
}

TEST(PaperTest, ARejectionNeverMovesTheMatchIndex) {
  CoreCluster cluster = Led();
  cluster.Propose(kN1, "x");
  cluster.Settle();
  const Progress before = cluster.core(kN1).leading()->peers.at(kN2);
  cluster.Deliver(kN2, kN1,
                  AppendReply{.term = cluster.core(kN1).term(),
                              .session = before.session,
                              .accepted = false,
                              .match = Index(9),
                              .hint_index = Index(9),
                              .hint_term = Term(2),
                              .hint_first_index = Index(2)});
  const Progress& after = cluster.core(kN1).leading()->peers.at(kN2);
  EXPECT_EQ(after.match, before.match);
  EXPECT_NE(after.probing(), nullptr);
  EXPECT_NE(after.session, before.session);
}

TEST(PaperTest, AReplyOfAnotherSessionCountsAsContactAndNothingElse) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN2);
  cluster.Propose(kN1, "x");
  const Progress before = cluster.core(kN1).leading()->peers.at(kN2);
  cluster.Deliver(kN2, kN1,
                  AppendReply{.term = cluster.core(kN1).term(),
                              .session = before.session + 7,
                              .accepted = true,
                              .match = before.match.Next()});
  EXPECT_EQ(cluster.core(kN1).leading()->peers.at(kN2).match, before.match);
}

TEST(PaperTest, HeartbeatsNeverMoveTheMatchIndex) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN2);
  cluster.Propose(kN1, "x");
  const Index match = cluster.core(kN1).leading()->peers.at(kN2).match;
  cluster.Deliver(kN2, kN1, HeartbeatReply{cluster.core(kN1).term(), 0});
  EXPECT_EQ(cluster.core(kN1).leading()->peers.at(kN2).match, match);
}

// A heartbeat compares nothing, so it must not commit what may differ.
TEST(PaperTest, AHeartbeatSpeaksOnlyOfWhatTheFollowerIsKnownToHold) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  cluster.Propose(kN1, "x");
  cluster.Settle();
  cluster.left().clear();
  cluster.RunFor(absl::Milliseconds(60));
  for (const CoreCluster::Left& left : cluster.left()) {
    const auto* beat = std::get_if<HeartbeatRequest>(&left.send.message);
    if (left.from != kN1 || beat == nullptr || left.send.to != kN3) continue;
    EXPECT_EQ(beat->commit, cluster.core(kN1).leading()->peers.at(kN3).match);
    EXPECT_LT(beat->commit, cluster.core(kN1).commit());
  }
}

// ------------------------------------------------------------ safety, Raft
// §5.4

TEST(PaperTest, AVoterDeniesItsVoteToALogThatIsBehindItsOwn) {
  ClusterOptions options;
  options.logs[kN3] = {1, 2, 2};
  CoreCluster cluster(options);
  cluster.Pass(absl::Milliseconds(310));
  const auto ask = [&](Index last_index, Term last_term, uint64_t term) {
    cluster.Deliver(kN1, kN3, VoteRequest{Term(term), last_index, last_term});
    cluster.Settle();
    return LastSentBy<VoteReply>(cluster, kN3)->granted;
  };
  EXPECT_FALSE(ask(Index(2), Term(2), 10));  // Shorter.
  EXPECT_FALSE(ask(Index(9), Term(1), 11));  // Longer, of an older term.
}

// Figure 8.
TEST(PaperTest, AnEntryOfAnOlderTermIsCommittedOnlyByOneBehindIt) {
  ClusterOptions options;
  options.logs[kN1] = {1, 2};
  options.logs[kN2] = {1, 2};
  CoreCluster cluster(options);
  cluster.Isolate(kN3);
  cluster.Pass(absl::Milliseconds(310));
  std::vector<Index> commits;
  cluster.on_step = [&](const StepSeen& step) {
    if (step.node == kN1 && step.core.commit() != step.before.commit) {
      commits.push_back(step.core.commit());
    }
  };
  cluster.FireTimer(kN1);
  cluster.Settle();
  // Entry 2, of term 2, is on both from the start; it is committed together
  // with the no-op of term 3, not before.
  EXPECT_EQ(commits, std::vector<Index>{Index(3)});
}

// ---------------------------------------------- followers and crashes, §5.5

TEST(PaperTest, AFollowerThatComesBackGetsWhatItMissed) {
  CoreCluster cluster = Led();
  cluster.Crash(kN3);
  for (int i = 0; i < 100; ++i) cluster.Propose(kN1, "x");
  cluster.RunFor(absl::Milliseconds(100));
  cluster.Restart(kN3);
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
}

TEST(PaperTest, ALostAppendIsSentAgain) {
  CoreCluster cluster = Led();
  cluster.Propose(kN1, "x");
  EXPECT_EQ(cluster.DropInFlight(kN1, kN2), 1u);
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster.leader(), kN1);
}

TEST(PaperTest, ALostAcknowledgementIsAskedForAgain) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  cluster.Cut(kN2, kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
  cluster.Heal();
  EXPECT_TRUE(
      cluster.RunUntil([&] { return cluster.Agree(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster.leader(), kN1);
}

// ------------------------------------------------------------ clients, Raft §8

TEST(PaperTest, OnlyTheLeaderTakesCommands) {
  CoreCluster cluster = Led();
  const uint64_t ticket = cluster.Propose(kN2, "x");
  EXPECT_EQ(cluster.proposal(ticket).state, ProposalState::kRefused);
  EXPECT_EQ(cluster.proposal(ticket).reason, RefusalReason::kNotLeader);
}

TEST(PaperTest, ALeaderOpensItsTermWithANoop) {
  CoreCluster cluster = Led();
  const Core& leader = cluster.core(kN1);
  const Record& record = leader.log().At(leader.leading()->noop_index);
  EXPECT_EQ(static_cast<EntryKind>(record.kind), EntryKind::kNoop);
  EXPECT_EQ(record.term, leader.term());
}

TEST(PaperTest, ADeposedLeaderServesNoReads) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  const uint64_t read = cluster.AskRead(kN1);
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return cluster.leader() != kN1 && cluster.leader() != NodeId(); },
      absl::Seconds(2)));
  cluster.Propose(cluster.leader(), "newer");
  cluster.RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster.read(read).state, ReadState::kRefused);
  EXPECT_EQ(cluster.read(read).reason, RefusalReason::kLostLead);
}

// Thesis §6.4: the confirmation must be newer than the question.
TEST(PaperTest, AnEchoOfAnEarlierRoundConfirmsNoLaterRead) {
  CoreCluster cluster = Led();
  const uint64_t first = cluster.AskRead(kN1);
  cluster.Settle();
  ASSERT_EQ(cluster.read(first).state, ReadState::kReady);
  const uint64_t round = cluster.core(kN1).leading()->read_round;
  cluster.Isolate(kN1);
  const uint64_t second = cluster.AskRead(kN1);
  const Term term = cluster.core(kN1).term();
  cluster.Deliver(kN2, kN1, HeartbeatReply{term, round});
  cluster.Deliver(kN3, kN1, HeartbeatReply{term, round});
  EXPECT_EQ(cluster.read(second).state, ReadState::kOpen);
  cluster.Deliver(kN3, kN1, HeartbeatReply{term, round + 1});
  EXPECT_EQ(cluster.read(second).state, ReadState::kReady);
}

TEST(PaperTest, ManyReadsShareOneRound) {
  CoreCluster cluster = Led();
  std::vector<uint64_t> reads;
  for (int i = 0; i < 50; ++i) reads.push_back(cluster.AskRead(kN1));
  cluster.Settle();
  for (const uint64_t read : reads) {
    EXPECT_EQ(cluster.read(read).state, ReadState::kReady);
  }
  // The first left at once; the others waited for the second, together.
  EXPECT_EQ(cluster.core(kN1).leading()->read_round, 2u);
}

TEST(PaperTest, ALostReadRoundIsReplacedByTheNextHeartbeat) {
  CoreCluster cluster = Led();
  const uint64_t first = cluster.AskRead(kN1);
  cluster.DropInFlight(kN1, kN2);
  cluster.DropInFlight(kN1, kN3);
  const uint64_t second = cluster.AskRead(kN1);
  cluster.RunFor(absl::Milliseconds(60));
  EXPECT_EQ(cluster.read(first).state, ReadState::kReady);
  EXPECT_EQ(cluster.read(second).state, ReadState::kReady);
}

// ------------------------------------------- disruptions, thesis §4.2.3 and
// §6.2

TEST(PaperTest, WhoHearsALeaderIgnoresOtherCandidatesAndTheirTerms) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN2).term();
  cluster.Deliver(kN3, kN2, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN2).term(), term);
  cluster.Deliver(kN3, kN1, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kLeader);
}

TEST(PaperTest, ARestartedMemberStandsByTheLeaderItMayHaveKnown) {
  CoreCluster cluster = Led();
  cluster.Crash(kN2);
  cluster.Restart(kN2);
  cluster.Deliver(kN3, kN2, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN2).vote(), kN1);
  cluster.Isolate(kN2);
  cluster.Pass(cluster.options().core.election_timeout_min);
  cluster.Deliver(kN3, kN2, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN2).vote(), kN3);
}

TEST(PaperTest, ALeaderWithoutAQuorumStepsDown) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  cluster.RunFor(cluster.options().core.election_timeout_max +
                 2 * cluster.options().core.heartbeat_interval);
  EXPECT_NE(cluster.core(kN1).role(), Role::kLeader);
}

// A bridge: {n3 n4 n5} are connected, the leader reaches n3 only and would
// keep it from voting for ever.
TEST(PaperTest, AMajorityThatIsConnectedFindsALeaderThoughOneIsPinned) {
  ClusterOptions options;
  options.nodes = 5;
  CoreCluster cluster = Led(options);
  const NodeId n4{4};
  const NodeId n5{5};
  for (const NodeId node : {kN2, n4, n5}) cluster.CutBoth(kN1, node);
  for (const NodeId node : {kN3, n4, n5}) cluster.CutBoth(kN2, node);
  EXPECT_TRUE(cluster.RunUntil(
      [&] { return cluster.leader() != kN1 && cluster.leader() != NodeId(); },
      absl::Seconds(5)));
  const uint64_t ticket = cluster.Propose(cluster.leader(), "x");
  cluster.RunFor(absl::Milliseconds(200));
  EXPECT_GE(cluster.oracle().committed(), cluster.proposal(ticket).index);
}

// Thesis §9.6.
TEST(PaperTest, AMemberThatWasCutOffDoesNotRaiseTheTerm) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.Isolate(kN3);
  cluster.RunFor(absl::Seconds(10));
  EXPECT_EQ(cluster.core(kN3).term(), term);
  cluster.Heal();
  cluster.RunFor(absl::Seconds(2));
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN1).term(), term);
}

TEST(PaperTest, AMemberOfAnOlderTermCanStillBeElected) {
  // n1 missed several terms but has all that is committed; n3 is gone.
  ClusterOptions options;
  options.terms[kN2] = Term(8);
  CoreCluster cluster(options);
  cluster.Crash(kN3);
  cluster.Cut(kN2, kN1);  // n1 learns nothing from n2 at first,
  cluster.RunFor(absl::Milliseconds(400));
  cluster.Heal();
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.leader() != NodeId(); },
                               absl::Seconds(3)));
}

TEST(PaperTest, AGroupOfOneAcknowledgesNothingBeforeItsDisk) {
  ClusterOptions options;
  options.nodes = 1;
  CoreCluster cluster = Led(options);
  cluster.PauseDisk(kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
  cluster.ResumeDisk(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
}

// -------------------------------------------------------------- flow control

TEST(PaperTest, AppendsArePipelinedUpToTheWindow) {
  ClusterOptions options;
  options.core.inflight_messages_max = 4;
  CoreCluster cluster = Led(options);
  for (int i = 0; i < 10; ++i) cluster.Propose(kN1, "x");
  EXPECT_EQ(SentBy<AppendRequest>(cluster, kN1).size(), 2u * 4u);
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN2).log().last_index(),
            cluster.core(kN1).log().last_index());
}

TEST(PaperTest, AnAppendIsBoundedInBytesButCarriesAtLeastOneEntry) {
  ClusterOptions options;
  options.core.append_bytes_max = 100;
  options.core.inflight_messages_max = 1;
  CoreCluster cluster = Led(options);
  for (int i = 0; i < 9; ++i) cluster.Propose(kN1, std::string(40, 'x'));
  cluster.Propose(kN1, std::string(500, 'y'));
  cluster.Settle();
  for (const AppendRequest& request : SentBy<AppendRequest>(cluster, kN1)) {
    size_t bytes = 0;
    for (const Record& record : request.entries) {
      bytes += record.payload.size();
    }
    EXPECT_TRUE(bytes <= 100 || request.entries.size() == 1) << bytes;
  }
  EXPECT_EQ(cluster.core(kN2).log().last_index(),
            cluster.core(kN1).log().last_index());
}

TEST(PaperTest, ABrokenLinkIsProbedWithoutPayload) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN2);
  cluster.Propose(kN1, "x");
  cluster.BreakLink(kN1, kN2);
  cluster.left().clear();
  cluster.Propose(kN1, "y");
  for (const CoreCluster::Left& left : cluster.left()) {
    const auto* append = std::get_if<AppendRequest>(&left.send.message);
    if (append == nullptr || left.send.to != kN2) continue;
    EXPECT_TRUE(append->entries.empty());
  }
  EXPECT_NE(cluster.core(kN1).leading()->peers.at(kN2).probing(), nullptr);
}

}  // namespace
}  // namespace raft
