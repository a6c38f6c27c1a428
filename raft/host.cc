#include "raft/host.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "raft/core/membership.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"
#include "runtime/wait_queue.h"

namespace raft {
namespace {

// Waits for the one store that founds a group.
class Founding final : public persist::PersisterSink {
 public:
  explicit Founding(runtime::Executor& executor) : done_(executor) {}

  void OnDurable(runtime::GroupId /*group*/, Sequence /*upto*/) override {
    result_ = absl::OkStatus();
    done_.NotifyAll();
  }
  void OnFailure(const absl::Status& why) override {
    result_ = why;
    done_.NotifyAll();
  }

  absl::Status Wait() {
    while (!result_.has_value()) RETURN_IF_ERROR(done_.Wait());
    return *result_;
  }

 private:
  std::optional<absl::Status> result_;
  runtime::WaitQueue done_;
};

}  // namespace

class Host::Impl {
 public:
  Impl(HostWorld world, HostOptions options, StateMachine& machine)
      : world_(std::move(world)),
        options_(std::move(options)),
        machine_(machine),
        persister_(world_.network_executor, world_.storage_executor,
                   world_.disk, StorageOptions()) {}

  absl::Status Start() {
    ASSIGN_OR_RETURN(const persist::Claim claim, persister_.Inspect());
    if (!claim.has_log) RETURN_IF_ERROR(PrepareDirectory());
    ASSIGN_OR_RETURN(persist::Recovered recovered, persister_.Recover());
    Sequence stored;
    persist::RecoveredGroup group;
    if (recovered.groups.empty()) {
      ASSIGN_OR_RETURN(group, Found());
      stored = Sequence(1);
    } else {
      group = std::move(recovered.groups.front());
      if (group.group != kFirstGroup || recovered.groups.size() != 1) {
        return absl::FailedPreconditionError(absl::StrCat(
            "the log holds ", recovered.groups.size(), " groups, first ",
            group.group.value(), "; expected one, ", kFirstGroup.value()));
      }
    }
    RETURN_IF_ERROR(StartTransport(recovered.incarnation));
    Node::Collaborators with{
        .executor = world_.network_executor,
        .transport = *transport_,
        .persister = persister_,
        .machine = machine_,
        .observer = world_.observer,
        .on_storage_failure = std::move(world_.on_storage_failure)};
    node_.emplace(std::move(with), options_.self, options_.core,
                  std::move(group), stored, world_.random.Fork("raft"));
    persister_.SetSink(kFirstGroup, &*node_);
    founding_.reset();
    transport_->SetReceiver(kFirstGroup, &*node_);
    node_->Start();
    return absl::OkStatus();
  }

  absl::Status Stop() {
    transport_->SetReceiver(kFirstGroup, nullptr);
    node_->Stop();
    transport_->Stop();
    return persister_.Stop();
  }

  Node& node() { return *node_; }
  net::PeerTransport& transport() { return *transport_; }
  const persist::Persister& persister() const { return persister_; }

 private:
  persist::DiskPersisterOptions StorageOptions() const {
    persist::DiskPersisterOptions storage = options_.storage;
    storage.cluster = options_.cluster;
    storage.node = options_.self;
    return storage;
  }

  // Before anything is touched: the directory may be meant for another node.
  absl::Status CheckToldToFound() const {
    if (options_.init_cluster) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "the data directory holds no log and this node was not told to found "
        "a cluster (--init-cluster): a node that may have lost what it "
        "promised never votes");
  }

  absl::Status PrepareDirectory() {
    RETURN_IF_ERROR(CheckToldToFound());
    runtime::Random dice = world_.random.Fork("identity");
    const uint64_t high = dice.Next();
    const uint64_t low = dice.Next();
    return persister_.Prepare({.high = high, .low = low}).status();
  }

  // Writes the first entry, the same on every founding member: its voters. It
  // has term 1, in which nobody can lead, so it is committed by decree.
  absl::StatusOr<persist::RecoveredGroup> Found() {
    RETURN_IF_ERROR(CheckToldToFound());
    std::vector<NodeId> voters;
    for (const Member& member : options_.members) {
      voters.push_back(member.node);
    }
    persist::RecoveredGroup group;
    group.group = kFirstGroup;
    group.entries.push_back(BootstrapEntry(std::move(voters)));
    group.hard_state.term = group.entries.front().term;
    founding_.emplace(world_.network_executor);
    persister_.SetSink(kFirstGroup, &*founding_);
    persister_.Submit({.group = kFirstGroup,
                       .sequence = Sequence(1),
                       .hard_state = group.hard_state,
                       .truncate_from = std::nullopt,
                       .entries = group.entries});
    RETURN_IF_ERROR(founding_->Wait());
    return group;
  }

  absl::Status StartTransport(runtime::Incarnation incarnation) {
    net::PeerTransportOptions transport = options_.transport;
    transport.cluster = options_.cluster;
    transport.self = options_.self;
    transport.incarnation = incarnation;
    transport.listen = options_.listen;
    transport_.emplace(world_.network_executor, world_.network,
                       world_.random.Fork("transport"), transport);
    for (const Member& member : options_.members) {
      transport_->SetPeer(member.node, member.address);
    }
    return transport_->Start();
  }

  HostWorld world_;
  const HostOptions options_;
  StateMachine& machine_;
  std::optional<Founding> founding_;  // Until there is a node to take over.
  persist::DiskPersister persister_;
  std::optional<net::PeerTransport> transport_;
  std::optional<Node> node_;  // The first to go: it uses all the others.
};

Host::Host(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Host::~Host() = default;

absl::StatusOr<std::unique_ptr<Host>> Host::Start(HostWorld world,
                                                  HostOptions options,
                                                  StateMachine& machine) {
  auto impl =
      std::make_unique<Impl>(std::move(world), std::move(options), machine);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Host>(new Host(std::move(impl)));
}

absl::Status Host::Stop() { return impl_->Stop(); }
Node& Host::node() { return impl_->node(); }
net::PeerTransport& Host::transport() { return impl_->transport(); }
const persist::Persister& Host::persister() const { return impl_->persister(); }

}  // namespace raft
