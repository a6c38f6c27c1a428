#include "scenarios/raft_lens.h"

#include <algorithm>
#include <array>
#include <variant>

#include "net/frame.h"
#include "net/handshake.h"
#include "raft/codec.h"

namespace scenarios {
namespace {

constexpr auto kKinds = std::to_array<absl::string_view>(
    {"prevote", "prevote_reply", "vote", "vote_reply", "append", "probe",
     "append_reply", "heartbeat", "heartbeat_reply", "timeout_now", "hello",
     "welcome", "ping", "pong", "inquiry", "standing"});

struct Kind {
  absl::string_view operator()(const raft::PreVoteRequest&) const {
    return "prevote";
  }
  absl::string_view operator()(const raft::PreVoteReply&) const {
    return "prevote_reply";
  }
  absl::string_view operator()(const raft::VoteRequest&) const {
    return "vote";
  }
  absl::string_view operator()(const raft::VoteReply&) const {
    return "vote_reply";
  }
  absl::string_view operator()(const raft::AppendRequest& m) const {
    return m.entries.empty() ? "probe" : "append";
  }
  absl::string_view operator()(const raft::AppendReply&) const {
    return "append_reply";
  }
  absl::string_view operator()(const raft::HeartbeatRequest&) const {
    return "heartbeat";
  }
  absl::string_view operator()(const raft::HeartbeatReply&) const {
    return "heartbeat_reply";
  }
  absl::string_view operator()(const raft::TimeoutNow&) const {
    return "timeout_now";
  }
};

using Fields = std::vector<runtime::NoteField>;

struct Describe {
  Fields operator()(const raft::PreVoteRequest& m) const {
    return {{"term", m.campaign_term},
            {"last", m.last_index},
            {"last_term", m.last_term}};
  }
  Fields operator()(const raft::PreVoteReply& m) const {
    return {{"term", m.term}, {"granted", m.granted}};
  }
  Fields operator()(const raft::VoteRequest& m) const {
    return {
        {"term", m.term}, {"last", m.last_index}, {"last_term", m.last_term}};
  }
  Fields operator()(const raft::VoteReply& m) const {
    return {{"term", m.term}, {"granted", m.granted}};
  }
  Fields operator()(const raft::AppendRequest& m) const {
    return {{"term", m.term},
            {"previous", m.previous_index},
            {"previous_term", m.previous_term},
            {"entries", uint64_t{m.entries.size()}},
            {"commit", m.commit}};
  }
  Fields operator()(const raft::AppendReply& m) const {
    return {{"term", m.term}, {"accepted", m.accepted}, {"match", m.match}};
  }
  Fields operator()(const raft::HeartbeatRequest& m) const {
    return {
        {"term", m.term}, {"commit", m.commit}, {"read_round", m.read_round}};
  }
  Fields operator()(const raft::HeartbeatReply& m) const {
    return {{"term", m.term}, {"read_round", m.read_round}};
  }
  Fields operator()(const raft::TimeoutNow& m) const {
    return {{"term", m.term}, {"last", m.last_index}};
  }
};

// One whole frame. Null kind: nobody knows it.
sim::SeenMessage Name(const net::Frame& frame,
                      sim::MessageLens::Detail detail) {
  const size_t bytes = net::kFrameHeaderBytes + frame.payload.size();
  switch (static_cast<net::PeerFrame>(frame.kind)) {
    case net::PeerFrame::kHello:
      return {.kind = "hello", .bytes = bytes};
    case net::PeerFrame::kWelcome:
      return {.kind = "welcome", .bytes = bytes};
    case net::PeerFrame::kPing:
      return {.kind = "ping", .bytes = bytes};
    case net::PeerFrame::kPong:
      return {.kind = "pong", .bytes = bytes};
    case net::PeerFrame::kInquiry:
      return {.kind = "inquiry", .bytes = bytes};
    case net::PeerFrame::kStanding:
      return {.kind = "standing", .bytes = bytes};
    case net::PeerFrame::kMessage:
      break;
  }
  constexpr size_t kPrologue = net::MessagePrologue::kBytes;
  if (frame.payload.size() < kPrologue) return {.kind = "", .bytes = bytes};
  const absl::StatusOr<raft::Message> message = raft::DecodeMessage(
      frame.payload.Slice(kPrologue, frame.payload.size() - kPrologue));
  if (!message.ok()) return {.kind = "", .bytes = bytes};
  sim::SeenMessage seen{.kind = std::visit(Kind{}, *message), .bytes = bytes};
  if (detail == sim::MessageLens::Detail::kFields) {
    seen.fields = std::visit(Describe{}, *message);
  }
  return seen;
}

}  // namespace

std::span<const absl::string_view> RaftLens::Kinds() { return kKinds; }

std::vector<sim::SeenMessage> RaftLens::Look(const runtime::Bytes& write,
                                             Detail detail) const {
  // As a byte stream: behind the first damage nothing is known.
  net::FrameReader reader({.framing = net::Framing::kBytes,
                           .slab_bytes = std::max<size_t>(write.size(), 64)});
  std::vector<sim::SeenMessage> messages;
  net::Frame frame;
  for (size_t read = 0; read < write.size();) {
    const std::span<std::byte> buffer = reader.Buffer();
    const size_t some = std::min(buffer.size(), write.size() - read);
    std::copy_n(write.data() + read, some, buffer.begin());
    reader.Commit(some);
    read += some;
    while (reader.Next(&frame) == net::FrameReader::Outcome::kFrame) {
      messages.push_back(Name(frame, detail));
    }
    if (!reader.defect().ok()) break;
  }
  return messages;
}

}  // namespace scenarios
