// Everything Raft that one process runs: its log device, its peer transport
// and its groups, recovered and started in the right order.
//
// The simulator and raft_server both boot a process through this class; it is
// where "the same code in both worlds" begins.

#ifndef RAFT_HOST_H_
#define RAFT_HOST_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/network.h"
#include "net/peer_transport.h"
#include "persist/disk.h"
#include "persist/disk_persister.h"
#include "raft/node.h"
#include "raft/state_machine.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/random.h"

namespace raft {

struct Member {
  NodeId node;
  net::Address address;  // Of its PeerTransport.
};

struct HostOptions {
  runtime::ClusterId cluster;
  NodeId self;
  net::Address listen;
  // Addresses only: membership is the log. But as long as the members of a
  // cluster cannot change, they must be those that founded it.
  std::vector<Member> members;
  CoreOptions core;
  persist::DiskPersisterOptions storage;
  net::PeerTransportOptions transport;  // cluster, self, incarnation and listen
                                        // are filled in by the Host.
  // An empty data directory founds the group with `members` as its voters,
  // once all of them have agreed to (raft/founding.h). With a log it does
  // nothing, so it may stay. Without it an empty directory refuses to start: it
  // must never elect itself.
  bool init_cluster = false;
};

// The world of one process, as the twins provide it. All outlive the Host.
struct HostWorld {
  runtime::Executor& network_executor;
  runtime::Executor& storage_executor;
  net::Network& network;
  persist::Disk& disk;
  runtime::Random random;
  NodeObserver* observer = nullptr;
  absl::AnyInvocable<void(const absl::Status&)> on_storage_failure;
  // The peers know a later life of this node: the owner ends the process.
  absl::AnyInvocable<void(const absl::Status&)> on_outlived;
};

class Host {
 public:
  static constexpr runtime::GroupId kFirstGroup{1};

  // Recovers, listens and starts the one group there is for now, applying to
  // `machine`. Suspends; while the cluster is being founded, until every
  // founding member is there.
  // Errors: those of Persister::Recover(), Founding::Agree() and
  //         Network::Listen();
  //         FAILED_PRECONDITION the directory is empty and init_cluster is not
  //         set: then nothing was touched; or `members` are not those of the
  //         log.
  static absl::StatusOr<std::unique_ptr<Host>> Start(HostWorld world,
                                                     HostOptions options,
                                                     StateMachine& machine);
  ~Host();

  Node& node();
  net::PeerTransport& transport();
  const persist::Persister& persister() const;
  // The fingerprint of who founded the cluster: raft/core/membership.h.
  uint64_t founding() const;

  // Suspends: stops the groups, the transport and the log, in this order.
  // Errors: DATA_LOSS if the last sync failed.
  absl::Status Stop();

 private:
  class Impl;
  explicit Host(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace raft

#endif  // RAFT_HOST_H_
