#include "raft/host.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "raft/core/membership.h"
#include "raft/founding.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"
#include "runtime/wait_queue.h"

namespace raft {
namespace {

// Waits for the one store that founds a group.
class FirstStore final : public persist::PersisterSink {
 public:
  explicit FirstStore(runtime::Executor& executor) : done_(executor) {}

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
    std::optional<Configuration> founders;
    if (!claim.has_log) {
      RETURN_IF_ERROR(CheckToldToFound());
      ASSIGN_OR_RETURN(const Identity identity, PrepareDirectory());
      ASSIGN_OR_RETURN(founders, AgreeOnFounders(identity));
    }
    ASSIGN_OR_RETURN(persist::Recovered recovered, persister_.Recover());
    Sequence stored;
    persist::RecoveredGroup group;
    if (recovered.groups.empty()) {
      // A life that had agreed may have ended before it wrote the entry.
      if (!founders.has_value()) {
        RETURN_IF_ERROR(CheckToldToFound());
        ASSIGN_OR_RETURN(founders, AgreeOnFounders(recovered.identity));
      }
      ASSIGN_OR_RETURN(group, Found(*founders));
      stored = Sequence(1);
    } else {
      ASSIGN_OR_RETURN(group, OnlyGroup(std::move(recovered.groups)));
    }
    RETURN_IF_ERROR(CheckFounders(group.entries.front(), recovered.identity));
    founding_ = FoundingFingerprint(options_.cluster, group.entries.front());
    RETURN_IF_ERROR(KeepFounding(recovered.founding));
    RETURN_IF_ERROR(StartTransport(recovered, group.entries.front()));
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
    first_store_.reset();
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
  uint64_t founding() const { return founding_; }

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

  absl::StatusOr<Identity> PrepareDirectory() {
    runtime::Random dice = world_.random.Fork("identity");
    const uint64_t high = dice.Next();
    const uint64_t low = dice.Next();
    return persister_.Prepare({.high = high, .low = low});
  }

  absl::StatusOr<Configuration> AgreeOnFounders(Identity identity) {
    FoundingOptions options;
    options.cluster = options_.cluster;
    options.self = options_.self;
    options.identity = identity;
    options.listen = options_.listen;
    for (const Member& member : options_.members) {
      options.members[member.node] = member.address;
    }
    if (!options.members.contains(options_.self)) {
      return absl::FailedPreconditionError(
          absl::StrCat("node ", options_.self.value(),
                       " is not among those that are to found the cluster"));
    }
    Founding founding(world_.network_executor, world_.network,
                      world_.random.Fork("founding"), std::move(options));
    return founding.Agree();
  }

  // Writes the first entry, the same on every founding member: its voters. It
  // has term 1, in which nobody can lead, so it is committed by decree.
  absl::StatusOr<persist::RecoveredGroup> Found(const Configuration& founders) {
    persist::RecoveredGroup group;
    group.group = kFirstGroup;
    group.entries.push_back(BootstrapEntry(founders));
    group.hard_state.term = group.entries.front().term;
    first_store_.emplace(world_.network_executor);
    persister_.SetSink(kFirstGroup, &*first_store_);
    persister_.Submit({.group = kFirstGroup,
                       .sequence = Sequence(1),
                       .hard_state = group.hard_state,
                       .truncate_from = std::nullopt,
                       .entries = group.entries});
    RETURN_IF_ERROR(first_store_->Wait());
    return group;
  }

  static absl::StatusOr<persist::RecoveredGroup> OnlyGroup(
      std::vector<persist::RecoveredGroup> groups) {
    if (groups.front().group != kFirstGroup || groups.size() != 1) {
      return absl::FailedPreconditionError(
          absl::StrCat("the log holds ", groups.size(), " groups, first ",
                       groups.front().group.value(), "; expected one, ",
                       kFirstGroup.value()));
    }
    return std::move(groups.front());
  }

  // A node whose file names others than those that its log counts votes of
  // would lead a cluster that nobody sees.
  absl::Status CheckFounders(const Record& entry, Identity identity) const {
    ASSIGN_OR_RETURN(const Configuration founders,
                     DecodeConfiguration(entry.payload.span()));
    std::vector<net::FoundingMember> members;
    for (const Member& member : options_.members) {
      members.push_back({.node = member.node, .identity = {}});
    }
    std::sort(members.begin(), members.end(),
              [](const net::FoundingMember& a, const net::FoundingMember& b) {
                return a.node < b.node;
              });
    const std::vector<net::FoundingMember> ours = MembersOf(founders);
    if (!net::SameNodes(ours, members)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "this data directory belongs to a cluster founded by ",
          net::NodesText(ours), ", and discovery.peers names ",
          net::NodesText(members),
          ": peers in the file are addresses, they change no membership. Name "
          "those that founded it, or start with an empty data directory"));
    }
    const Identity founded = founders.IdentityOf(options_.self);
    if (!founded.IsNone() && founded != identity) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the log was founded in the data directory ", founded.ToString(),
          " and lies in ", identity.ToString(),
          ": two directories were mixed; restore the whole of one"));
    }
    return absl::OkStatus();
  }

  // `kept` is what the superblock says, 0 for nothing: one that knows of
  // another founding lies beside a log that is not its own.
  absl::Status KeepFounding(uint64_t kept) {
    if (kept == 0) return persister_.KeepFounding(founding_);
    if (kept == founding_) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "the superblock belongs to the cluster with the founding fingerprint ",
        absl::Hex(kept, absl::kZeroPad16), " and the log to ",
        absl::Hex(founding_, absl::kZeroPad16),
        ": two directories were mixed; restore the whole of one"));
  }

  static std::vector<net::FoundingMember> MembersOf(
      const Configuration& founders) {
    std::vector<net::FoundingMember> members;
    for (const NodeId voter : founders.voters) {
      members.push_back(
          {.node = voter, .identity = founders.IdentityOf(voter)});
    }
    return members;
  }

  absl::Status StartTransport(const persist::Recovered& recovered,
                              const Record& founding_entry) {
    net::PeerTransportOptions transport = options_.transport;
    transport.cluster = options_.cluster;
    transport.self = options_.self;
    transport.incarnation = recovered.incarnation;
    transport.identity = recovered.identity;
    transport.founding = founding_;
    ASSIGN_OR_RETURN(const Configuration founders,
                     DecodeConfiguration(founding_entry.payload.span()));
    transport.founders = MembersOf(founders);
    transport.listen = options_.listen;
    transport_.emplace(world_.network_executor, world_.network,
                       world_.random.Fork("transport"), transport);
    transport_->SetOnOutlived([this](NodeId by) { OnOutlived(by); });
    for (const Member& member : options_.members) {
      transport_->SetPeer(member.node, member.address);
    }
    return transport_->Start();
  }

  void OnOutlived(NodeId by) {
    if (!world_.on_outlived) return;
    world_.on_outlived(absl::FailedPreconditionError(absl::StrCat(
        "node ", by.value(),
        " has met a later life of this node: this data "
        "directory is an older copy, and what was promised since is not in it. "
        "Give node ",
        options_.self.value(),
        " its newest directory back; a node that may have lost what it "
        "promised never votes")));
  }

  HostWorld world_;
  const HostOptions options_;
  StateMachine& machine_;
  std::optional<FirstStore>
      first_store_;  // Until there is a node to take over.
  persist::DiskPersister persister_;
  uint64_t founding_ = 0;
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
uint64_t Host::founding() const { return impl_->founding(); }

}  // namespace raft
