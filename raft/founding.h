// How those who are to found a cluster agree on its first entry, before any of
// them has written it.
//
// Every founding member was given the same list of members and has a data
// directory with an identity, and no log. Each asks all others what they are
// (net/standing.h) until it knows one of two things:
//
//   - All are founding the same cluster, and all have heard the same identity
//     of everyone. Then that is the first entry: whoever gets this far writes
//     the same one.
//   - Somebody has founded it already, together with us: with this directory,
//     by its identity. Then this founding entry is ours, too, however much has
//     happened since: a directory with this identity has promised nothing yet.
//
// So a node that was told to found, and whose directory has been lost since its
// cluster was founded, finds itself there under another identity and is
// refused: it may have acknowledged what it does not know any more. As long as
// any of the others cannot be asked, it waits: that one may hold what a new
// cluster would lose.
//
// Each waits for what all have heard, not only for their identities: otherwise
// a directory that is emptied in between is known to one by its first identity
// and to another by its second, and both found.

#ifndef RAFT_FOUNDING_H_
#define RAFT_FOUNDING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "net/network.h"
#include "net/standing.h"
#include "raft/core/membership.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/ids.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace raft {

struct FoundingOptions {
  runtime::ClusterId cluster;
  NodeId self;
  Identity identity;  // Of our data directory, durable.
  net::Address listen;
  // Every founding member, ourselves included, with the address of its peers'
  // port.
  absl::btree_map<NodeId, net::Address> members;
  absl::Duration ask_interval = absl::Milliseconds(100);
  absl::Duration answer_timeout = absl::Milliseconds(500);
  // How often to say for whom it waits.
  absl::Duration report_interval = absl::Seconds(5);
};

class Founding {
 public:
  // Inquiries that are answered at the same time; beyond it they are reset.
  static constexpr size_t kInquirersMax = 64;

  // `executor` and `network` must outlive this.
  Founding(runtime::Executor& executor, net::Network& network,
           runtime::Random random, FoundingOptions options);

  // Listens at the peers' port, asks and answers until the founding members are
  // agreed on. Once. Suspends, for ever if somebody is never there.
  // Errors: FAILED_PRECONDITION  this directory must not found: the message
  //                              names who says so, and what to do;
  //         CANCELLED, those of Network::Listen().
  absl::StatusOr<Configuration> Agree();

 private:
  using Peer = net::FoundingMember;

  void Accept();
  // Answers what comes on one connection, until it is over.
  void Answer(net::Stream& stream);
  void AskForEver(NodeId peer, const net::Address& address);
  void Take(NodeId peer, const net::Standing& theirs);
  void TakeFounding(NodeId peer, const net::Standing& theirs);
  void TakeFounded(NodeId peer, const net::Standing& theirs);
  // Everybody has heard what we have.
  bool AllAgree() const;
  void Decide(const std::vector<Peer>& members);
  void Refuse(std::string why);
  void SayWhoIsMissing();

  net::Standing Own() const;

  runtime::Executor& executor_;
  net::Network& network_;
  runtime::Random random_;
  const FoundingOptions options_;

  std::unique_ptr<net::Listener> listener_;
  std::vector<Peer> members_;  // By node; identities as heard last.
  // What each of the others said last.
  absl::btree_map<NodeId, net::Standing> heard_;
  std::optional<absl::StatusOr<Configuration>> decided_;
  size_t inquirers_ = 0;
  runtime::WaitQueue decision_;
  runtime::FiberGroup fibers_;
};

}  // namespace raft

#endif  // RAFT_FOUNDING_H_
