#include "scenarios/raft_lens.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "net/frame.h"
#include "net/handshake.h"
#include "raft/codec.h"

namespace scenarios {
namespace {

using Detail = sim::MessageLens::Detail;

runtime::Bytes WriteOf(net::FrameBatch& batch) {
  std::vector<std::byte> all;
  for (const std::span<const std::byte> piece : batch.Spans()) {
    all.insert(all.end(), piece.begin(), piece.end());
  }
  return runtime::Bytes::Copy(all);
}

void Add(net::FrameBatch& batch, const raft::Message& message) {
  const std::vector<runtime::Bytes> pieces = raft::EncodeMessage(message);
  batch.Add(static_cast<uint8_t>(net::PeerFrame::kMessage),
            net::MessagePrologue{}.Encode(), pieces);
}

std::vector<std::string> KindsIn(const runtime::Bytes& write) {
  std::vector<std::string> kinds;
  for (const auto& message : RaftLens().Look(write, Detail::kKinds)) {
    kinds.emplace_back(message.kind);
  }
  return kinds;
}

TEST(RaftLensTest, EveryMessageOfAWriteHasItsNameAndItsBytes) {
  net::FrameBatch batch;
  batch.Add(static_cast<uint8_t>(net::PeerFrame::kPing),
            net::PingPong{}.Encode(), {});
  for (const raft::Message& message : std::vector<raft::Message>{
           raft::PreVoteRequest{}, raft::PreVoteReply{}, raft::VoteRequest{},
           raft::VoteReply{}, raft::AppendRequest{}, raft::AppendReply{},
           raft::HeartbeatRequest{}, raft::HeartbeatReply{}}) {
    Add(batch, message);
  }
  const runtime::Bytes write = WriteOf(batch);
  EXPECT_EQ(KindsIn(write),
            (std::vector<std::string>{
                "ping", "prevote", "prevote_reply", "vote", "vote_reply",
                "probe", "append_reply", "heartbeat", "heartbeat_reply"}));
  size_t bytes = 0;
  for (const auto& message : RaftLens().Look(write, Detail::kKinds)) {
    bytes += message.bytes;
    const auto kinds = RaftLens::Kinds();
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), message.kind), kinds.end());
  }
  EXPECT_EQ(bytes, write.size());
}

TEST(RaftLensTest, AnAppendWithEntriesIsNoProbeAndTellsWhatItCarries) {
  raft::AppendRequest request{.term = raft::Term(3),
                              .session = 0,
                              .previous_index = raft::Index(7),
                              .previous_term = raft::Term(2),
                              .commit = raft::Index(5),
                              .read_round = 0,
                              .entries = {}};
  raft::Record record;
  record.index = raft::Index(8);
  record.term = raft::Term(3);
  request.entries.push_back(record);
  net::FrameBatch batch;
  Add(batch, request);
  const auto seen = RaftLens().Look(WriteOf(batch), Detail::kFields);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].kind, "append");
  std::string text;
  for (const runtime::NoteField& field : seen[0].fields) {
    text += std::string(field.key) + "=" + std::to_string(field.number) + " ";
  }
  EXPECT_EQ(text, "term=3 previous=7 previous_term=2 entries=1 commit=5 ");
}

TEST(RaftLensTest, BehindDamageNothingIsKnown) {
  net::FrameBatch batch;
  Add(batch, raft::VoteRequest{});
  Add(batch, raft::VoteReply{});
  const runtime::Bytes write = WriteOf(batch);
  for (size_t i = 0; i < write.size(); ++i) {
    std::vector<std::byte> damaged(write.data(), write.data() + write.size());
    damaged[i] ^= std::byte{1};
    const auto kinds = KindsIn(runtime::Bytes::Copy(damaged));
    EXPECT_LT(kinds.size(), 2u) << i;
    EXPECT_EQ(kinds, std::vector<std::string>(kinds.size(), "vote")) << i;
  }
  for (size_t size = 0; size < write.size(); ++size) {
    EXPECT_LT(KindsIn(write.Slice(0, size)).size(), 2u);
  }
}

}  // namespace
}  // namespace scenarios
