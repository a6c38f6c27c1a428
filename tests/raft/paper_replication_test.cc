// How logs become equal, and how fast. See paper.h.

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/paper.h"

namespace raft {
namespace {

// ------------------------------------------------------ replication, Raft §5.3

TEST(PaperReplicationTest, EntriesAreCommittedOnceAMajorityStoresThem) {
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
TEST(PaperReplicationTest,
     ALeaderCommitsBeforeItsOwnDiskIfAMajorityIsElsewhere) {
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

TEST(PaperReplicationTest, ALeaderDoesNotCountItselfBeforeItsDisk) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN3);
  cluster.PauseDisk(kN1);
  const uint64_t ticket = cluster.Propose(kN1, "x");
  cluster.Settle();
  EXPECT_LT(cluster.core(kN1).commit(), cluster.proposal(ticket).index);
}

TEST(PaperReplicationTest, AnAcknowledgementWaitsForTheDisk) {
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

TEST(PaperReplicationTest, AnAcknowledgementSpeaksOnlyOfWhatWasCompared) {
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

TEST(PaperReplicationTest, ALateAppendDoesNotShortenALogThatHasItsEntries) {
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

TEST(PaperReplicationTest, AConflictIsCutAndReplacedInOneStore) {
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

TEST(PaperReplicationTest, EmptyAppendsAreCheckedToo) {
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
TEST(PaperReplicationTest, TwoLogsAreReconciledInAsManyProbesAsTheyHaveTerms) {
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

TEST(PaperReplicationTest, ARejectionNeverMovesTheMatchIndex) {
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

// Replies of other sessions than the present one: what they refuse may be out
// of date, what they accept cannot be.
class OtherSessionTest : public testing::Test {
 protected:
  // A leader that asks its follower anew, which has not answered the last
  // append.
  void SetUp() override {
    cluster_.Isolate(kN2);
    cluster_.Propose(kN1, "x");
    before_ = Peer();
    cluster_.BreakLink(kN1, kN2);
    ASSERT_NE(Peer().session, before_.session);
    ASSERT_NE(Peer().probing(), nullptr);
  }

  const Progress& Peer() { return cluster_.core(kN1).leading()->peers.at(kN2); }
  void Reply(uint64_t session, bool accepted, Index match) {
    cluster_.Deliver(kN2, kN1,
                     AppendReply{.term = cluster_.core(kN1).term(),
                                 .session = session,
                                 .accepted = accepted,
                                 .match = match});
  }

  CoreCluster cluster_ = Led();
  Progress before_;
};

TEST_F(OtherSessionTest, AnAcceptanceMovesTheMatchAndEndsNoProbing) {
  Reply(before_.session, true, before_.match.Next());
  EXPECT_EQ(Peer().match, before_.match.Next());
  EXPECT_NE(Peer().probing(), nullptr);
  // What was sent before the question may be on its way: only the answer tells
  // where to go on.
  Reply(Peer().session, true, before_.match);
  EXPECT_EQ(Peer().match, before_.match.Next());
  EXPECT_EQ(Peer().next, before_.match.Next().Next());
  EXPECT_NE(Peer().replicating(), nullptr);
}

TEST_F(OtherSessionTest, ARejectionCountsAsContactAndNothingElse) {
  const Progress now = Peer();
  Reply(before_.session, false, before_.match.Next());
  EXPECT_EQ(Peer().next, now.next);
  EXPECT_EQ(Peer().session, now.session);
}

// It may lead the later term as well: its sessions there have the same numbers.
TEST(PaperReplicationTest, TheRefusalOfAnOlderTermIsOfNoSession) {
  CoreCluster cluster = Led();
  cluster.Deliver(kN1, kN2,
                  AppendRequest{.term = cluster.core(kN2).term().Previous(),
                                .session = 1,
                                .previous_index = Index(1),
                                .previous_term = Term(1),
                                .commit = Index(1),
                                .entries = {}});
  const auto reply = LastSentBy<AppendReply>(cluster, kN2);
  ASSERT_FALSE(reply->accepted);
  EXPECT_EQ(reply->session, 0u);
}

TEST(PaperReplicationTest, HeartbeatsNeverMoveTheMatchIndex) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN2);
  cluster.Propose(kN1, "x");
  const Index match = cluster.core(kN1).leading()->peers.at(kN2).match;
  cluster.Deliver(kN2, kN1, HeartbeatReply{cluster.core(kN1).term(), 0});
  EXPECT_EQ(cluster.core(kN1).leading()->peers.at(kN2).match, match);
}

// A heartbeat compares nothing, so it must not commit what may differ.
TEST(PaperReplicationTest, AHeartbeatSpeaksOnlyOfWhatTheFollowerIsKnownToHold) {
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

// -------------------------------------------------------------- flow control

TEST(PaperReplicationTest, AppendsArePipelinedUpToTheWindow) {
  ClusterOptions options;
  options.core.inflight_messages_max = 4;
  CoreCluster cluster = Led(options);
  for (int i = 0; i < 10; ++i) cluster.Propose(kN1, "x");
  EXPECT_EQ(SentBy<AppendRequest>(cluster, kN1).size(), 2u * 4u);
  cluster.Settle();
  EXPECT_EQ(cluster.core(kN2).log().last_index(),
            cluster.core(kN1).log().last_index());
}

TEST(PaperReplicationTest, AnAppendIsBoundedInBytesButCarriesAtLeastOneEntry) {
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

TEST(PaperReplicationTest, ABrokenLinkIsProbedWithoutPayload) {
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
