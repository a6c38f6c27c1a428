// Terms, elections, and what keeps a group from being disturbed. See paper.h.

#include <set>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

// Yes to what `member` has asked last.
PreVoteReply Consent(CoreCluster& cluster, NodeId member) {
  const auto request = LastSentBy<PreVoteRequest>(cluster, member);
  return {.campaign_term = request->campaign_term,
          .term = request->campaign_term.Previous(),
          .granted = true,
          .question = request->question};
}

// ------------------------------------------------------------ terms, Raft §5.1

TEST(PaperElectionTest, AMemberAdoptsALargerTermFromWhatItIsTold) {
  CoreCluster cluster = Led();
  cluster.Deliver(kN2, kN1, HeartbeatReply{.term = Term(9)});
  EXPECT_EQ(cluster.core(kN1).term(), Term(9));
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
  EXPECT_EQ(cluster.core(kN1).vote(), NodeId());
}

TEST(PaperElectionTest, ARequestOfAnOlderTermIsRejectedWithTheNewerOne) {
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

TEST(PaperElectionTest, MembersBeginAsFollowers) {
  CoreCluster cluster(Three());
  for (const NodeId node : cluster.nodes()) {
    EXPECT_EQ(cluster.core(node).role(), Role::kFollower);
    EXPECT_EQ(cluster.core(node).leader(), NodeId());
  }
}

TEST(PaperElectionTest, AFollowerThatHearsHeartbeatsDoesNotCampaign) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.RunFor(absl::Seconds(5));
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN1).term(), term);
  EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN2).empty());
  EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN3).empty());
}

TEST(PaperElectionTest,
     AnyMessageOfTheLeaderResetsTheTimerEvenOneThatIsRejected) {
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

TEST(PaperElectionTest, ACandidateIncrementsItsTermAndVotesForItself) {
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

TEST(PaperElectionTest,
     EachMemberVotesForOneCandidatePerTermFirstComeFirstServed) {
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

TEST(PaperElectionTest, AVoteIsRememberedAcrossACrash) {
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

TEST(PaperElectionTest, AnElectedLeaderDoesNotMakeAVoterForgetItsVote) {
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

TEST(PaperElectionTest, AVoteGivenResetsTheTimer) {
  CoreCluster cluster(Three());
  cluster.Pass(absl::Milliseconds(149));
  cluster.Pass(absl::Milliseconds(160));
  const runtime::Instant due = cluster.core(kN3).deadline();
  cluster.Deliver(kN1, kN3, VoteRequest{Term(2), Index(1), Term(1)});
  EXPECT_GT(cluster.core(kN3).deadline(), due);
}

TEST(PaperElectionTest, RepliesOfAnEarlierCampaignAreNotCounted) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, Consent(cluster, kN1));
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  const PreVoteReply stale = Consent(cluster, kN1);
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, stale);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kPreCandidate) << "stale pre-vote";
  cluster.Deliver(kN2, kN1, Consent(cluster, kN1));
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  cluster.Deliver(kN2, kN1, VoteReply{Term(2), true});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate) << "stale vote";
  cluster.Deliver(kN2, kN1, VoteReply{Term(3), false});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate) << "not granted";
}

TEST(PaperElectionTest, ACandidateThatHearsTheLeaderOfItsTermFollowsIt) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Deliver(kN2, kN1, Consent(cluster, kN1));
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).role(), Role::kCandidate);
  cluster.Deliver(kN3, kN1,
                  HeartbeatRequest{.term = Term(2), .commit = Index(0)});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
  EXPECT_EQ(cluster.core(kN1).leader(), kN3);
}

// Thesis §9.6: the grant says how things stood when it was asked for.
TEST(PaperElectionTest, AGrantDoesNotOutliveItsQuestion) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  const PreVoteReply old = Consent(cluster, kN1);
  cluster.FireTimer(kN1);  // Nobody has answered: it asks again.
  ASSERT_EQ(Consent(cluster, kN1).campaign_term, old.campaign_term);
  cluster.Deliver(kN2, kN1, old);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kPreCandidate);
  cluster.Deliver(kN2, kN1, Consent(cluster, kN1));
  EXPECT_EQ(cluster.core(kN1).role(), Role::kCandidate);
}

TEST(PaperElectionTest, WhoGrantsAVoteAsksForNone) {
  CoreCluster cluster(Three());
  cluster.Isolate(kN1);
  cluster.Pass(absl::Milliseconds(310));
  cluster.Deliver(kN3, kN1, VoteRequest{Term(2), Index(0), Term(0)});
  cluster.Settle();
  ASSERT_EQ(cluster.core(kN1).term(), Term(2));
  ASSERT_EQ(cluster.core(kN1).vote(), NodeId()) << "the log was too short";
  cluster.FireTimer(kN1);
  ASSERT_EQ(cluster.core(kN1).role(), Role::kPreCandidate);
  const PreVoteReply consent = Consent(cluster, kN1);
  cluster.Deliver(kN2, kN1, VoteRequest{Term(2), Index(1), Term(1)});
  ASSERT_EQ(cluster.core(kN1).vote(), kN2);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
  cluster.Deliver(kN3, kN1, consent);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kFollower);
}

TEST(PaperElectionTest, ElectionTimeoutsAreDrawnAnewAndWithinTheirBounds) {
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

// ------------------------------------------- disruptions, thesis §4.2.3 and
// §6.2

TEST(PaperElectionTest, WhoHearsALeaderIgnoresOtherCandidatesAndTheirTerms) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN2).term();
  cluster.Deliver(kN3, kN2, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN2).term(), term);
  cluster.Deliver(kN3, kN1, VoteRequest{Term(50), Index(99), Term(49)});
  EXPECT_EQ(cluster.core(kN1).role(), Role::kLeader);
}

TEST(PaperElectionTest, ARestartedMemberStandsByTheLeaderItMayHaveKnown) {
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

TEST(PaperElectionTest, ALeaderWithoutAQuorumStepsDown) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  cluster.RunFor(cluster.options().core.election_timeout_max +
                 2 * cluster.options().core.heartbeat_interval);
  EXPECT_NE(cluster.core(kN1).role(), Role::kLeader);
}

// A bridge: {n3 n4 n5} are connected, the leader reaches n3 only and would
// keep it from voting for ever.
TEST(PaperElectionTest, AMajorityThatIsConnectedFindsALeaderThoughOneIsPinned) {
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
TEST(PaperElectionTest, AMemberThatWasCutOffDoesNotRaiseTheTerm) {
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

TEST(PaperElectionTest, AMemberOfAnOlderTermCanStillBeElected) {
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

TEST(PaperElectionTest, AGroupOfOneAcknowledgesNothingBeforeItsDisk) {
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

}  // namespace
}  // namespace raft
