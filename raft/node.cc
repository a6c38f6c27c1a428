#include "raft/node.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "raft/codec.h"
#include "raft/outbox.h"
#include "raft/storage_gate.h"
#include "raft/transfers.h"
#include "raft/waiters.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "runtime/fiber_group.h"
#include "runtime/probe.h"
#include "runtime/wait_queue.h"
#include "runtime/work.h"

namespace raft {
namespace {

// How many events the core loop takes before others have their turn.
constexpr size_t kEventsPerTurn = 64;

// The same of the applier, by time: an entry may hold one small command or
// hundreds, and a member that starts has millions of them to apply, while it
// must hear its leader, vote and answer. The clock is looked at after so many
// entries, or after so many bytes of them.
constexpr absl::Duration kApplyTurn = absl::Milliseconds(2);
constexpr size_t kEntriesPerLook = 32;
constexpr size_t kBytesPerLook = 16 << 10;

}  // namespace

class Node::Impl {
 public:
  Impl(Collaborators with, NodeId self, CoreOptions options,
       persist::RecoveredGroup recovered, Sequence stored, runtime::Random dice)
      : executor_(with.executor),
        transport_(with.transport),
        persister_(with.persister),
        machine_(with.machine),
        observer_(with.observer),
        on_storage_failure_(std::move(with.on_storage_failure)),
        dice_(std::move(dice)),
        core_({.self = self,
               .group = recovered.group,
               .options = options,
               .hard_state = recovered.hard_state,
               .entries = std::move(recovered.entries),
               .stored = stored},
              {executor_.Now(), dice_}),
        gate_(with.persister, core_),
        outbox_(with.transport, core_, observer_),
        waiters_(core_, observer_),
        transfers_(executor_, core_),
        mailbox_changed_(executor_),
        commit_changed_(executor_),
        fibers_(executor_) {}

  void Start() {
    if (observer_ != nullptr) observer_->OnStarted(core_, executor_.Now());
    fibers_.Spawn("raft.core", [this] { RunCore(); });
    fibers_.Spawn("raft.applier", [this] { RunApplier(); });
  }

  void Stop() {
    fibers_.Cancel();
    (void)fibers_.Join();
    waiters_.AbandonAll();
    transfers_.AbandonAll();
  }

  Outcome Propose(runtime::Bytes command, runtime::Instant deadline) {
    if (fibers_.cancelled() || proposals_.size() >= kMailboxEventsMax) {
      Outcome busy;
      busy.kind = Outcome::Kind::kRefused;
      busy.reason = RefusalReason::kBusy;
      return busy;
    }
    Waiters::Waiter waiter(waiters_, executor_);
    const uint32_t crc = runtime::Crc32c(command.span());
    proposals_.push_back({waiter.ticket(), std::move(command), crc});
    mailbox_changed_.NotifyOne();
    if (waiter.Wait(deadline).ok()) return std::move(waiter.outcome);
    return GaveUp(waiter);
  }

  absl::Status ReadBarrier(runtime::Instant deadline) {
    if (fibers_.cancelled()) return absl::CancelledError("stopping");
    Waiters::Waiter waiter(waiters_, executor_);
    Push(ReadRequest{waiter.ticket()});
    const absl::Status waited = waiter.Wait(deadline);
    if (!waited.ok()) return waited;
    switch (waiter.outcome.kind) {
      case Outcome::Kind::kApplied:
        return absl::OkStatus();
      case Outcome::Kind::kRefused:
        return absl::FailedPreconditionError("not the leader");
      default:
        return absl::CancelledError("stopping");
    }
  }

  absl::Status TransferLeadership(NodeId to, runtime::Instant deadline) {
    if (fibers_.cancelled()) return absl::CancelledError("stopping");
    Transfers::Waiter waiter(transfers_);
    Push(TransferLead{waiter.ticket(), to});
    return waiter.Wait(deadline);
  }

  void WatchLeadership(runtime::WaitQueue* watcher) { watcher_ = watcher; }

  NodeStatus status() const {
    return {.role = core_.role(),
            .term = core_.term(),
            .leader = core_.leader(),
            .commit = core_.commit(),
            .applied = applied_,
            .last = core_.log().last_index()};
  }

  Contacts contacts() const {
    const runtime::Instant now = executor_.Now();
    const Leader* leads = core_.leading();
    Contacts contacts{.led = core_.IsLed(now), .peers = {}};
    for (const NodeId node : core_.configuration().voters) {
      if (node == core_.self()) continue;
      Contacts::Peer peer;
      peer.node = node;
      peer.heard = core_.Hears(node, now).value_or(transport_.connected(node));
      if (leads != nullptr && leads->peers.contains(node)) {
        const Progress& progress = leads->peers.at(node);
        peer.match = progress.match;
        peer.silence = now - progress.heard;
      }
      contacts.peers.push_back(peer);
    }
    return contacts;
  }

  StorageStatus storage_status() const { return gate_.status(); }

  NodeLoad load() const {
    return {.waiters = waiters_.size(),
            .transfers = transfers_.size(),
            .events = mailbox_.size() + proposals_.size(),
            .held = outbox_.held()};
  }

  void OnPeerMessage(NodeId from, runtime::Incarnation incarnation,
                     const runtime::Bytes& bytes) {
    absl::StatusOr<Message> message = DecodeMessage(bytes);
    if (!message.ok()) {
      // The frame was whole, so this is another version or a bug over there.
      runtime::Note("raft.message_refused",
                    {{"from", from}, {"why", message.status().message()}});
      return;
    }
    if (mailbox_.size() >= kMailboxEventsMax) return;  // Best effort, as ever.
    Push(Inbound{from, incarnation, *std::move(message)});
  }

  void OnPeerLink(NodeId peer, bool up) {
    if (!up) Push(PeerLost{peer});
  }

  void OnBulkLost(NodeId peer) { Push(PeerLost{peer, true}); }

  void OnDurable(Sequence upto) {
    if (observer_ != nullptr) observer_->OnStored(core_, upto);
    Push(Durable{upto});
  }

  void OnFailure(const absl::Status& why) {
    if (observer_ != nullptr) observer_->OnStorageFailed(core_);
    outbox_.Clear();
    fibers_.Cancel();
    if (on_storage_failure_) on_storage_failure_(why);
  }

 private:
  // -------------------------------------------------------------- core loop

  void Push(Event event) {
    mailbox_.push_back(std::move(event));
    mailbox_changed_.NotifyOne();
  }

  void RunCore() {
    for (;;) {
      for (size_t i = 0; i < kEventsPerTurn; ++i) {
        // Asked before every step: the disk may have failed after a message had
        // woken this fiber, and then there is no other sign of it.
        if (fibers_.cancelled()) return;
        if (!TakeOne()) break;
      }
      if (HasWork()) {
        executor_.Yield();
      } else {
        (void)mailbox_changed_.WaitWake(core_.deadline());
      }
    }
  }

  bool HasWork() const {
    return !mailbox_.empty() || !proposals_.empty() ||
           executor_.Now() >= core_.deadline();
  }

  // Deadlines first: under load they are what keeps the group together. Then
  // the mailbox; then everything that was proposed meanwhile, as one batch.
  bool TakeOne() {
    if (executor_.Now() >= core_.deadline()) {
      Step(DeadlineReached{});
      return true;
    }
    if (!mailbox_.empty()) {
      Event event = std::move(mailbox_.front());
      mailbox_.pop_front();
      if (gate_.Admits(event)) Step(std::move(event));
      return true;
    }
    if (proposals_.empty()) return false;
    raft::Propose propose{std::exchange(proposals_, {})};
    if (gate_.Admits(propose)) {
      Step(std::move(propose));
    } else {
      Refuse(propose);
    }
    return true;
  }

  // None of them has come near a log.
  void Refuse(const raft::Propose& propose) {
    for (const raft::Propose::Item& item : propose.items) {
      waiters_.OnRefused({item.ticket, RefusalReason::kStorageFull},
                         core_.leader());
    }
  }

  void Step(Event event) {
    effects_.Clear();
    const runtime::Instant now = executor_.Now();
    if (observer_ != nullptr) observer_->OnEvent(core_, event, now);
    core_.Step({now, dice_}, std::move(event), effects_);
    if (observer_ != nullptr) observer_->OnStep(core_, effects_);
    stages_.OnDurable(core_.durable_index(), now);
    if (effects_.commit.has_value()) {
      stages_.OnCommitted(core_.applicable(), now);
    }
    CarryOut(now);
    TellWatcher();
  }

  void TellWatcher() {
    const Leadership is{core_.role(), core_.term(), core_.leader()};
    if (is == was_) return;
    was_ = is;
    if (watcher_ != nullptr) watcher_->NotifyAll();
  }

  void CarryOut(runtime::Instant now) {
    for (persist::Store& store : effects_.stores) {
      persister_.Submit(std::move(store));
    }
    outbox_.Release(core_.durable());
    for (Send& send : effects_.sends) {
      outbox_.Post(std::move(send), core_.durable());
    }
    for (const Accepted& accepted : effects_.accepted) {
      waiters_.OnAccepted(accepted, now);
    }
    for (const Refused& refused : effects_.refused) {
      waiters_.OnRefused(refused, core_.leader());
    }
    for (const ReadReady& ready : effects_.reads) {
      waiters_.OnReadReady(ready, applied_);
    }
    for (const TransferEnded& ended : effects_.transfers) {
      transfers_.OnEnded(ended);
    }
    if (effects_.role_changed) transfers_.OnRoleChanged();
    if (effects_.commit.has_value()) commit_changed_.NotifyOne();
  }

  // The deadline of a proposal passed. What never reached the core can be taken
  // back; everything else may yet take effect.
  Outcome GaveUp(const Waiters::Waiter& waiter) {
    Outcome outcome;
    const auto queued =
        std::find_if(proposals_.begin(), proposals_.end(),
                     [&waiter](const raft::Propose::Item& item) {
                       return item.ticket == waiter.ticket();
                     });
    if (queued != proposals_.end()) {
      proposals_.erase(queued);
      outcome.kind = Outcome::Kind::kRefused;
      outcome.reason = RefusalReason::kBusy;
      if (observer_ != nullptr) {
        observer_->OnAnswered(core_, waiter.ticket(), outcome);
      }
    }
    return outcome;
  }

  // ---------------------------------------------------------------- applier

  void RunApplier() {
    while (!fibers_.cancelled()) {
      if (applied_ < core_.applicable()) {
        if (!ApplyForATurn()) return;
        // Others have their turn only if there is more to do.
        if (applied_ < core_.applicable()) executor_.Yield();
      } else if (commit_changed_.WaitWake() == runtime::Wake::kCancelled) {
        return;
      }
    }
  }

  // False: it is to stop.
  bool ApplyForATurn() {
    const runtime::Instant ends = executor_.Now() + kApplyTurn;
    do {
      if (!machine_.AwaitApply().ok()) return false;
      ApplySome();
    } while (applied_ < core_.applicable() && executor_.Now() < ends);
    SOMETIMES(applied_ < core_.applicable(), "raft.applier_behind");
    return true;
  }

  // Fills commands_ with the next few. Returns the last index of them.
  Index TakeCommands() {
    const uint64_t behind = core_.applicable() - applied_;
    const Index last = applied_ + std::min<uint64_t>(behind, kEntriesPerLook);
    commands_.clear();
    size_t bytes = 0;
    Index index = applied_;
    while (index < last && bytes < kBytesPerLook) {
      const Record& record = core_.log().At(++index);
      if (record.kind != static_cast<uint8_t>(EntryKind::kCommand)) continue;
      bytes += record.payload.size();
      commands_.push_back({index, record.term, record.payload});
    }
    return index;
  }

  void ApplySome() {
    const Index upto = TakeCommands();
    results_.assign(commands_.size(), runtime::Bytes());
    machine_.Apply(commands_, results_);
    runtime::Work(commands_.size());
    if (observer_ != nullptr) {
      observer_->OnApplied(core_, commands_, results_, upto,
                           machine_.StateHash());
    }
    const runtime::Instant now = executor_.Now();
    size_t next_command = 0;
    for (Index index = applied_.Next(); index <= upto; ++index) {
      const bool is_command = next_command < commands_.size() &&
                              commands_[next_command].index == index;
      waiters_.OnApplied(index, core_.log().At(index).term,
                         is_command ? &results_[next_command] : nullptr,
                         stages_, now);
      if (is_command) ++next_command;
    }
    applied_ = upto;
    waiters_.OnReadable(applied_);
  }

  runtime::Executor& executor_;
  net::PeerTransport& transport_;
  persist::Persister& persister_;
  StateMachine& machine_;
  NodeObserver* const observer_;
  absl::AnyInvocable<void(const absl::Status&)> on_storage_failure_;
  runtime::Random dice_;

  Core core_;        // Touched by the core loop only, read by all.
  Effects effects_;  // Of the step under way; kept for its memory.
  StorageGate gate_;
  Outbox outbox_;
  Waiters waiters_;
  Transfers transfers_;
  StageClock stages_;

  std::deque<Event> mailbox_;
  std::vector<raft::Propose::Item> proposals_;
  runtime::WaitQueue mailbox_changed_;

  struct Leadership {
    Role role = Role::kFollower;
    Term term;
    NodeId leader;
    bool operator==(const Leadership&) const = default;
  };
  Leadership was_;  // As of the last step.
  runtime::WaitQueue* watcher_ = nullptr;

  Index applied_;
  std::vector<Command> commands_;        // Of the batch under way.
  std::vector<runtime::Bytes> results_;  // The same.
  runtime::WaitQueue commit_changed_;

  runtime::FiberGroup fibers_;
};

Node::Node(Collaborators collaborators, NodeId self, CoreOptions options,
           persist::RecoveredGroup recovered, Sequence stored,
           runtime::Random dice)
    : impl_(std::make_unique<Impl>(std::move(collaborators), self, options,
                                   std::move(recovered), stored,
                                   std::move(dice))) {}

Node::~Node() = default;

void Node::Start() { impl_->Start(); }
void Node::Stop() { impl_->Stop(); }

Outcome Node::Propose(runtime::Bytes command, runtime::Instant deadline) {
  return impl_->Propose(std::move(command), deadline);
}

absl::Status Node::ReadBarrier(runtime::Instant deadline) {
  return impl_->ReadBarrier(deadline);
}

absl::Status Node::TransferLeadership(NodeId to, runtime::Instant deadline) {
  return impl_->TransferLeadership(to, deadline);
}

void Node::WatchLeadership(runtime::WaitQueue* watcher) {
  impl_->WatchLeadership(watcher);
}

NodeStatus Node::status() const { return impl_->status(); }

Contacts Node::contacts() const { return impl_->contacts(); }
StorageStatus Node::storage_status() const { return impl_->storage_status(); }

void Node::OnPeerMessage(NodeId from, runtime::Incarnation incarnation,
                         runtime::Bytes message) {
  impl_->OnPeerMessage(from, incarnation, message);
}
NodeLoad Node::load() const { return impl_->load(); }

void Node::OnPeerLink(NodeId peer, bool up) { impl_->OnPeerLink(peer, up); }
void Node::OnBulkLost(NodeId peer) { impl_->OnBulkLost(peer); }

void Node::OnDurable(runtime::GroupId /*group*/, Sequence upto) {
  impl_->OnDurable(upto);
}

void Node::OnFailure(const absl::Status& why) { impl_->OnFailure(why); }

}  // namespace raft
