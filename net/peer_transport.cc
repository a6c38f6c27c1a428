#include "net/peer_transport.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

#include "net/handshake.h"
#include "net/peer_inbound.h"
#include "net/peer_link.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace net {

using runtime::GroupId;
using runtime::Incarnation;
using runtime::Instant;
using runtime::NodeId;

namespace {

// How long to let others free sockets before accepting again.
constexpr absl::Duration kAcceptRetry = absl::Milliseconds(10);

Channel ChannelOf(Lane lane) {
  return lane == Lane::kControl ? Channel::kControl : Channel::kBulk;
}

size_t Place(Channel channel) { return static_cast<size_t>(channel); }

// The connections that we dial to a peer, by channel.
using Links = std::array<std::unique_ptr<PeerLink>, kChannels>;

// The newest connection of one channel.
struct Newest {
  uint64_t dial = 0;
  PeerInbound* inbound = nullptr;  // While that connection lasts.
};
// The newest life that a node was heard of in.
struct Life {
  Incarnation incarnation;
  uint64_t mark = 0;
  std::array<Newest, kChannels> newest;
};

}  // namespace

class PeerTransport::Impl final : public PeerLinkOwner,
                                  public PeerInboundOwner {
 public:
  Impl(runtime::Executor& executor, Network& network, runtime::Random random,
       PeerTransportOptions options)
      : executor_(executor),
        network_(network),
        random_(std::move(random)),
        options_(std::move(options)),
        mark_(random_.Fork("mark").Next()),
        fibers_(executor) {
    CHECK(options_.self != NodeId(), "a node without an id");
    CHECK(options_.incarnation != Incarnation(), "a life without a number");
  }

  absl::Status Start() {
    ASSIGN_OR_RETURN(listener_, network_.Listen(options_.listen));
    fibers_.Spawn("net.peer.accept", [this] { Accept(); });
    return absl::OkStatus();
  }

  Address local_address() const {
    CHECK(listener_ != nullptr, "not started");
    return listener_->local_address();
  }

  void SetPeer(NodeId peer, Address address) {
    if (peer == options_.self || stopping_) return;
    Links& links = links_[peer];
    SetLink(peer, Channel::kControl, "link", address, links);
    SetLink(peer, Channel::kBulk, "link.bulk", address, links);
  }

  void SetReceiver(GroupId group, PeerReceiver* receiver) {
    if (receiver != nullptr) {
      receivers_[group] = receiver;
    } else {
      receivers_.erase(group);
    }
  }

  void Send(NodeId to, PeerMessage message) {
    const auto link = links_.find(to);
    if (link == links_.end() || stopping_) {
      ++stats_.dropped_no_peer;
      return;
    }
    size_t bytes = 0;
    for (const runtime::Bytes& piece : message.pieces) bytes += piece.size();
    if (bytes > options_.frame_bytes_max) {
      ++stats_.dropped_too_large;
      runtime::Note("net.peer.too-large", {{"peer", to}, {"bytes", bytes}});
      return;
    }
    PeerLink& channel = *link->second[Place(ChannelOf(message.lane))];
    channel.Push(std::move(message));
  }

  const PeerTransportStats& stats() const { return stats_; }

  void SetOnOutlived(OnOutlived on_outlived) {
    on_outlived_ = std::move(on_outlived);
  }

  PeerTransportLoad load() const {
    PeerTransportLoad load{.queued_bytes = 0, .inbound = inbound_count_};
    for (const auto& [peer, links] : links_) {
      for (const auto& link : links) load.queued_bytes += link->queued_bytes();
    }
    return load;
  }

  bool connected(NodeId peer) const {
    const auto links = links_.find(peer);
    return links != links_.end() &&
           links->second[Place(Channel::kControl)]->up();
  }

  std::vector<PeerLinkReport> links() const {
    std::vector<PeerLinkReport> reports;
    for (const auto& [peer, links] : links_) {
      PeerLinkReport report = links[Place(Channel::kControl)]->report();
      // Both are needed: the one that is in trouble has something to say.
      if (report.connected) report = links[Place(Channel::kBulk)]->report();
      reports.push_back(std::move(report));
    }
    return reports;
  }

  void Stop() {
    stopping_ = true;
    if (listener_ != nullptr) listener_->Close();
    fibers_.Cancel();
    // Nothing to do about it: the fibers end with this object at the latest.
    (void)fibers_.Join();
  }

 private:
  // One inbound connection, on the stack of its fiber. Deregisters without
  // I/O, also when the fiber is unwound.
  struct Registration {
    Registration(Impl& owner, std::unique_ptr<Stream> stream)
        : transport(owner),
          inbound(owner.executor_, owner.options_, owner.stats_, owner,
                  std::move(stream)) {
      ++transport.inbound_count_;
    }
    ~Registration() {
      --transport.inbound_count_;
      if (!inbound.hello().has_value()) return;
      Newest& newest = transport.NewestOf(*inbound.hello());
      if (newest.inbound == &inbound) newest.inbound = nullptr;
    }
    bool current() const {
      return inbound.hello().has_value() &&
             transport.NewestOf(*inbound.hello()).inbound == &inbound;
    }

    Impl& transport;
    PeerInbound inbound;
  };

  void SetLink(NodeId peer, Channel channel, const char* stream,
               const Address& address, Links& links) {
    std::unique_ptr<PeerLink>& link = links[Place(channel)];
    if (link != nullptr) {
      link->SetAddress(address);
      return;
    }
    link = std::make_unique<PeerLink>(executor_, network_, options_, stats_,
                                      *this, random_.Fork(stream, peer.value()),
                                      peer, channel, address);
    fibers_.Spawn("net.peer.link", [running = link.get()] { running->Run(); });
  }

  Newest& NewestOf(const Hello& hello) {
    return lives_[hello.from].newest[Place(hello.channel)];
  }

  // An older life has ended, and its connections with it.
  void Begin(Life& life, Incarnation incarnation, uint64_t mark) {
    const std::array<Newest, kChannels> older = life.newest;
    life = {incarnation, mark, {}};
    for (const Newest& one : older) {
      if (one.inbound != nullptr) one.inbound->Reset();
    }
  }

  void Accept() {
    while (true) {
      absl::StatusOr<std::unique_ptr<Stream>> stream =
          listener_->Accept(Instant::InfiniteFuture());
      if (!stream.ok()) {
        if (absl::IsCancelled(stream.status())) return;
        if (!executor_.SleepFor(kAcceptRetry).ok()) return;
        continue;
      }
      if (inbound_count_ >= options_.inbound_connections_max) {
        ++stats_.inbound_refused;
        continue;  // Destroying the stream resets it.
      }
      fibers_.Spawn("net.peer.inbound",
                    [this, taken = *std::move(stream)]() mutable {
                      Receive(std::move(taken));
                    });
    }
  }

  void Receive(std::unique_ptr<Stream> stream) {
    Registration registration(*this, std::move(stream));
    registration.inbound.Run();
    // Superseded by a newer connection: the peer is there.
    if (!registration.current()) return;
    const Hello& hello = *registration.inbound.hello();
    // What it brought in bulk is not ours to miss. But it may have brought
    // something after control was lost, as if the peer were still there.
    if (hello.channel == Channel::kControl || !connected(hello.from)) {
      Tell(hello.from, false);
    }
  }

  // PeerInboundOwner.
  Verdict Judge(const Hello& hello) override {
    if (hello.version != kProtocolVersion) return Verdict::kWrongVersion;
    if (hello.cluster != options_.cluster) return Verdict::kWrongCluster;
    if (hello.to != options_.self || hello.from == options_.self ||
        hello.from == NodeId()) {
      return Verdict::kWrongNode;
    }
    if (hello.founding != options_.founding) return Verdict::kOtherFounding;
    const auto life = lives_.find(hello.from);
    if (life == lives_.end()) {
      return lives_.size() < options_.nodes_max ? Verdict::kWelcome
                                                : Verdict::kTooManyNodes;
    }
    if (IsOutlived(life->second, hello.incarnation, hello.mark)) {
      return Verdict::kOldLife;
    }
    if (hello.incarnation == life->second.incarnation &&
        hello.dial <= life->second.newest[Place(hello.channel)].dial) {
      return Verdict::kOldDial;
    }
    return Verdict::kWelcome;
  }

  void OnInbound(PeerInbound& inbound) override {
    const Hello& hello = *inbound.hello();
    Life& life = lives_[hello.from];
    if (hello.incarnation > life.incarnation) {
      Begin(life, hello.incarnation, hello.mark);
    }
    Newest& newest = NewestOf(hello);
    PeerInbound* const older = newest.inbound;
    newest = {hello.dial, &inbound};
    if (older != nullptr) older->Reset();
    const auto links = links_.find(hello.from);
    if (links != links_.end()) {
      for (const auto& link : links->second) {
        link->OnPeerDialled(hello.incarnation);
      }
    }
    if (hello.channel == Channel::kControl) Tell(hello.from, true);
  }

  bool IsNewestLife(const Hello& hello) override {
    return hello.incarnation == lives_[hello.from].incarnation;
  }

  void OnMessage(NodeId from, const MessagePrologue& prologue,
                 runtime::Bytes message) override {
    const auto receiver = receivers_.find(prologue.group);
    if (receiver == receivers_.end()) {
      ++stats_.dropped_no_group;
      return;
    }
    ++stats_.messages_received;
    receiver->second->OnPeerMessage(from, prologue.sender, std::move(message));
  }

  Standing StandingFor(NodeId asker) const override {
    Standing standing;
    standing.version = kProtocolVersion;
    standing.cluster = options_.cluster;
    standing.from = options_.self;
    standing.to = asker;
    standing.stage = Standing::Stage::kFounded;
    standing.identity = options_.identity;
    standing.fingerprint = options_.founding;
    standing.members = options_.founders;
    const auto life = lives_.find(asker);
    if (life != lives_.end()) standing.known_life = life->second.incarnation;
    return standing;
  }

  uint64_t mark() const override { return mark_; }

  // Another life with the number of `known` came first.
  static bool IsOutlived(const Life& known, Incarnation incarnation,
                         uint64_t mark) {
    return incarnation < known.incarnation ||
           (incarnation == known.incarnation && mark != known.mark);
  }

  // PeerLinkOwner.
  bool OnPeerLife(NodeId peer, Incarnation incarnation,
                  uint64_t mark) override {
    Life& life = lives_[peer];
    if (IsOutlived(life, incarnation, mark)) return false;
    if (incarnation > life.incarnation) Begin(life, incarnation, mark);
    return true;
  }

  void OnLink(NodeId peer, Channel channel, bool up) override {
    if (channel == Channel::kControl || (!up && !connected(peer))) {
      Tell(peer, up);
    } else if (!up && !stopping_) {
      runtime::Note("net.peer.bulk-lost", {{"peer", peer}});
      TellAll([peer](PeerReceiver& receiver) { receiver.OnBulkLost(peer); });
    }
  }

  void Tell(NodeId peer, bool up) {
    if (stopping_) return;
    runtime::Note("net.peer.link", {{"peer", peer}, {"up", up}});
    TellAll(
        [peer, up](PeerReceiver& receiver) { receiver.OnPeerLink(peer, up); });
  }

  // A receiver may be added or taken back while it is told.
  template <class What>
  void TellAll(const What& what) {
    for (auto at = receivers_.begin(); at != receivers_.end();) {
      const GroupId group = at->first;
      what(*at->second);
      at = receivers_.upper_bound(group);
    }
  }

  uint64_t NextDial() override { return ++dials_; }

  void OnOutlivedBy(NodeId peer) override {
    runtime::Note("net.peer.outlived", {{"peer", peer}});
    if (stopping_ || !on_outlived_) return;
    std::exchange(on_outlived_, nullptr)(peer);
  }

  runtime::Executor& executor_;
  Network& network_;
  runtime::Random random_;
  const PeerTransportOptions options_;
  const uint64_t mark_;  // Of this life.
  PeerTransportStats stats_;
  OnOutlived on_outlived_;

  std::unique_ptr<Listener> listener_;
  absl::btree_map<NodeId, Links> links_;
  absl::btree_map<NodeId, Life> lives_;
  absl::btree_map<GroupId, PeerReceiver*> receivers_;
  size_t inbound_count_ = 0;
  uint64_t dials_ = 0;
  bool stopping_ = false;

  runtime::FiberGroup fibers_;
};

PeerTransport::PeerTransport(runtime::Executor& executor, Network& network,
                             runtime::Random random,
                             PeerTransportOptions options)
    : impl_(std::make_unique<Impl>(executor, network, std::move(random),
                                   std::move(options))) {}

PeerTransport::~PeerTransport() = default;

absl::Status PeerTransport::Start() { return impl_->Start(); }

Address PeerTransport::local_address() const { return impl_->local_address(); }

void PeerTransport::SetPeer(NodeId peer, Address address) {
  impl_->SetPeer(peer, std::move(address));
}

void PeerTransport::SetReceiver(GroupId group, PeerReceiver* receiver) {
  impl_->SetReceiver(group, receiver);
}

void PeerTransport::Send(NodeId to, PeerMessage message) {
  impl_->Send(to, std::move(message));
}

PeerTransportLoad PeerTransport::load() const { return impl_->load(); }
bool PeerTransport::connected(NodeId peer) const {
  return impl_->connected(peer);
}

const PeerTransportStats& PeerTransport::stats() const {
  return impl_->stats();
}

void PeerTransport::SetOnOutlived(OnOutlived on_outlived) {
  impl_->SetOnOutlived(std::move(on_outlived));
}

std::string NotAMember(const std::vector<PeerLinkReport>& links) {
  std::string text;
  for (const PeerLinkReport& link : links) {
    if (!link.stranger) continue;
    absl::StrAppend(&text,
                    text.empty() ? "this node is not a member of the cluster "
                                   "of "
                                 : ", nor of that of ",
                    "node ", link.node.value(), " at ",
                    link.address.ToString());
  }
  return text;
}

std::vector<PeerLinkReport> PeerTransport::links() const {
  return impl_->links();
}

void PeerTransport::Stop() { impl_->Stop(); }

}  // namespace net
