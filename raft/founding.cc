#include "raft/founding.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "net/frame.h"
#include "net/handshake.h"
#include "net/peer_transport.h"
#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace raft {

using net::Standing;
using runtime::Instant;

namespace {

// How long to let others free sockets before accepting again.
constexpr absl::Duration kAcceptRetry = absl::Milliseconds(10);

}  // namespace

Founding::Founding(runtime::Executor& executor, net::Network& network,
                   runtime::Random random, FoundingOptions options)
    : executor_(executor),
      network_(network),
      random_(std::move(random)),
      options_(std::move(options)),
      decision_(executor),
      fibers_(executor) {
  for (const auto& [node, address] : options_.members) {
    const bool own = node == options_.self;
    members_.push_back({node, own ? options_.identity : Identity()});
  }
}

absl::StatusOr<Configuration> Founding::Agree() {
  ASSIGN_OR_RETURN(listener_, network_.Listen(options_.listen));
  fibers_.Spawn("raft.founding.accept", [this] { Accept(); });
  for (const auto& [node, address] : options_.members) {
    if (node == options_.self) continue;
    fibers_.Spawn("raft.founding.ask",
                  [this, peer = node, at = address] { AskForEver(peer, at); });
  }
  if (AllAgree()) Decide(members_);  // Nobody is to be asked.
  Instant report_due = executor_.Now() + options_.report_interval;
  while (!decided_.has_value()) {
    if (decision_.WaitWake(report_due) == runtime::Wake::kCancelled) {
      return absl::CancelledError("told to stop while founding the cluster");
    }
    if (executor_.Now() < report_due) continue;
    report_due = executor_.Now() + options_.report_interval;
    SayWhoIsMissing();
  }
  listener_->Close();
  fibers_.Cancel();
  RETURN_IF_ERROR(fibers_.Join());
  listener_.reset();
  return *std::move(decided_);
}

Standing Founding::Own() const {
  Standing own;
  own.version = net::PeerTransport::kProtocolVersion;
  own.cluster = options_.cluster;
  own.from = options_.self;
  own.stage = Standing::Stage::kFounding;
  own.identity = options_.identity;
  own.members = members_;
  return own;
}

// -------------------------------------------------------------- answering

void Founding::Accept() {
  while (true) {
    absl::StatusOr<std::unique_ptr<net::Stream>> stream =
        listener_->Accept(Instant::InfiniteFuture());
    if (!stream.ok()) {
      if (absl::IsCancelled(stream.status())) return;
      if (!executor_.SleepFor(kAcceptRetry).ok()) return;
      continue;
    }
    if (inquirers_ >= kInquirersMax) continue;  // Its end resets it.
    fibers_.Spawn("raft.founding.answer",
                  [this, taken = *std::move(stream)] { Answer(*taken); });
  }
}

void Founding::Answer(net::Stream& stream) {
  // Counts also the one that is unwound.
  struct Place {
    explicit Place(size_t& places) : count(places) { ++count; }
    ~Place() { --count; }
    size_t& count;
  } const place(inquirers_);
  const Instant deadline = executor_.Now() + 2 * options_.answer_timeout;
  net::FrameReader reader({.framing = net::Framing::kFrames,
                           .payload_bytes_max = Standing::kBytesMax,
                           .slab_bytes = 4096});
  while (true) {
    const absl::StatusOr<size_t> size = stream.Read(reader.Buffer(), deadline);
    if (!size.ok() || *size == 0) return;
    reader.Commit(*size);
    net::Frame frame;
    while (reader.Next(&frame) == net::FrameReader::Outcome::kFrame) {
      // A Hello is none of ours to judge: who dials tries again.
      if (frame.kind != static_cast<uint8_t>(net::PeerFrame::kInquiry)) return;
      const std::optional<Standing> inquiry =
          Standing::Parse(frame.payload.span());
      if (!inquiry.has_value()) return;
      Standing answer = Own();
      answer.to = inquiry->from;
      answer.link = inquiry->link;
      net::FrameBatch batch;
      batch.Add(static_cast<uint8_t>(net::PeerFrame::kStanding),
                answer.Encode(), {});
      if (!stream.Write(batch.Spans(), deadline).ok()) return;
    }
  }
}

// ----------------------------------------------------------------- asking

void Founding::AskForEver(NodeId peer, const net::Address& address) {
  runtime::Random dice = random_.Fork("ask", peer.value());
  while (true) {
    Standing own = Own();
    own.to = peer;
    const uint64_t link = dice.Next();
    const absl::StatusOr<Standing> theirs =
        net::AskStanding(network_, address, own, link,
                         executor_.Now() + options_.answer_timeout);
    if (theirs.ok()) Take(peer, *theirs);
    const absl::Duration rest =
        dice.Between(options_.ask_interval / 2, options_.ask_interval);
    if (!executor_.SleepFor(rest).ok()) return;
  }
}

void Founding::Take(NodeId peer, const Standing& theirs) {
  if (decided_.has_value()) return;
  const bool meant = theirs.version == net::PeerTransport::kProtocolVersion &&
                     theirs.cluster == options_.cluster &&
                     theirs.from == peer && theirs.to == options_.self;
  if (!meant) {
    // Somebody else listens there, or another version: that can be mended
    // while we wait.
    const std::string why = absl::StrCat(
        "at its address is node ", theirs.from.value(), " of cluster ",
        theirs.cluster.value(), ", peer protocol ", theirs.version);
    runtime::Note("raft.founding.stranger",
                  {{"peer", peer}, {"why", absl::string_view(why)}});
    return;
  }
  if (!net::SameNodes(theirs.members, members_)) {
    Refuse(absl::StrCat(
        "node ", peer.value(),
        theirs.stage == Standing::Stage::kFounded ? " belongs to a cluster"
                                                  : " is to found a cluster",
        " of ", net::NodesText(theirs.members), ", this node of ",
        net::NodesText(members_),
        ": every founding member needs the same discovery.peers"));
    return;
  }
  heard_[peer] = theirs;
  if (theirs.stage == Standing::Stage::kFounded) {
    TakeFounded(peer, theirs);
  } else {
    TakeFounding(peer, theirs);
  }
}

void Founding::TakeFounding(NodeId peer, const Standing& theirs) {
  for (Peer& member : members_) {
    if (member.node == peer) member.identity = theirs.identity;
  }
  if (AllAgree()) Decide(members_);
}

void Founding::TakeFounded(NodeId peer, const Standing& theirs) {
  const Peer us{.node = options_.self, .identity = options_.identity};
  const bool with_us = std::find(theirs.members.begin(), theirs.members.end(),
                                 us) != theirs.members.end();
  // A life that has spoken to others had its log: this is an older copy.
  if (with_us && theirs.known_life == runtime::Incarnation()) {
    REACHABLE("raft.founding_entry_taken_from_a_peer");
    Decide(theirs.members);
    return;
  }
  REACHABLE("raft.founding_refused");
  Refuse(
      absl::StrCat("node ", peer.value(),
                   " runs in the cluster that --init-cluster is to "
                   "found, and knew this node with another data directory, or "
                   "a later copy of "
                   "it: what that had acknowledged is not in this one, so this "
                   "node never votes. Give node ",
                   options_.self.value(),
                   " its old directory back; if that is lost, leave the node "
                   "off: the others go on as long as they are a majority"));
}

bool Founding::AllAgree() const {
  return std::all_of(members_.begin(), members_.end(), [&](const Peer& member) {
    if (member.node == options_.self) return true;
    const auto heard = heard_.find(member.node);
    return heard != heard_.end() && heard->second.members == members_;
  });
}

void Founding::Decide(const std::vector<Peer>& members) {
  Configuration founders;
  for (const Peer& member : members) {
    founders.voters.push_back(member.node);
    founders.identities.push_back(member.identity);
  }
  runtime::Note("raft.founding.agreed", {{"members", net::NodesText(members)}});
  decided_ = std::move(founders);
  decision_.NotifyAll();
}

void Founding::Refuse(std::string why) {
  decided_ = absl::FailedPreconditionError(std::move(why));
  decision_.NotifyAll();
}

void Founding::SayWhoIsMissing() {
  std::vector<Peer> missing;
  for (const Peer& member : members_) {
    if (member.node == options_.self) continue;
    const auto heard = heard_.find(member.node);
    if (heard == heard_.end()) missing.push_back(member);
  }
  runtime::Note("raft.founding.waits",
                {{"node", options_.self}, {"for", net::NodesText(missing)}});
}

}  // namespace raft
