#include "scenarios/lab.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "raft/core/core.h"
#include "sim/sim_network.h"

namespace scenarios {
namespace {

constexpr absl::Duration kUnreliableLatencyMax = absl::Milliseconds(27);
constexpr uint32_t kUnreliableLossPpm = 100'000;
constexpr uint32_t kLongReorderingPpm = 300'000;
constexpr absl::Duration kLongReorderingMax = absl::Milliseconds(2200);

// A proposal is in a log, or refused, long before this.
constexpr absl::Duration kProposing = absl::Milliseconds(50);
constexpr absl::Duration kPoll = absl::Milliseconds(10);

}  // namespace

// Shared with the fiber that proposes, which may outlive the call.
struct Lab::Proposal {
  bool over = false;
  bool refused = false;
};

Lab::Lab(uint32_t nodes, uint64_t seed)
    : world_(std::make_unique<sim::World>(sim::WorldOptions{.seed = seed})),
      watch_(nodes),
      dice_(world_->Stream("lab")),
      connected_(nodes, true) {
  ClusterShape shape;
  shape.nodes = nodes;
  cluster_ = std::make_unique<Cluster>(*world_, shape);
  cluster_->SetTap([this](uint32_t node, raft::NodeObserver* judge) {
    return watch_.Begin(node, judge);
  });
  cluster_->BootAllThatAreDown();
  // A cluster is founded by all, or not at all: what a test breaks comes later.
  const auto all_up = [this] {
    for (uint32_t node = 1; node <= size(); ++node) {
      if (cluster_->View(node) == nullptr) return false;
    }
    return true;
  };
  while (!all_up() && !failed()) world_->RunFor(kPoll);
}

Lab::~Lab() = default;

std::string Lab::failure() const {
  if (!failed()) return "";
  return absl::StrCat(world_->failure()->check, ": ",
                      world_->failure()->message);
}

void Lab::Fail(absl::string_view what) {
  world_->Fail("lab", std::string(what));
}

void Lab::Sleep(absl::Duration span) {
  if (!failed()) world_->RunFor(span);
}

// ------------------------------------------------------------------- faults

void Lab::SetLinks(uint32_t node) {
  const sim::HostId host = cluster_->host(node);
  for (uint32_t other = 1; other <= size(); ++other) {
    if (other == node) continue;
    const sim::HostId there = cluster_->host(other);
    if (connected(node) && connected(other)) {
      world_->network().Heal(host, there);
      world_->network().Heal(there, host);
    } else {
      world_->network().Cut(host, there);
      world_->network().Cut(there, host);
    }
  }
}

void Lab::Connect(uint32_t node) {
  if (failed()) return;
  connected_[node - 1] = true;
  SetLinks(node);
}

void Lab::Disconnect(uint32_t node) {
  if (failed()) return;
  connected_[node - 1] = false;
  SetLinks(node);
}

void Lab::CrashOne(uint32_t node) {
  if (!failed()) cluster_->Kill(node);
}

void Lab::StartOne(uint32_t node) {
  if (failed()) return;
  cluster_->Kill(node);
  cluster_->Boot(node);
}

void Lab::SetUnreliable(bool unreliable) {
  unreliable_ = unreliable;
  ApplyNetwork();
}

void Lab::SetLongReordering(bool reordering) {
  reordering_ = reordering;
  ApplyNetwork();
}

void Lab::ApplyNetwork() {
  sim::NetworkKnobs knobs;
  if (unreliable_) {
    knobs.latency_max = kUnreliableLatencyMax;
    knobs.frame_loss_ppm = kUnreliableLossPpm;
  }
  if (reordering_) {
    knobs.frame_reorder_ppm = kLongReorderingPpm;
    knobs.frame_late_max = kLongReorderingMax;
  }
  world_->knobs().network = knobs;
}

// ---------------------------------------------------------------- questions

bool Lab::BelievesToLead(uint32_t node) const {
  const NodeView* view = cluster_->View(node);
  return view != nullptr && view->role == raft::Role::kLeader;
}

uint64_t Lab::Term(uint32_t node) const {
  const NodeView* view = cluster_->View(node);
  return view == nullptr ? 0 : view->term.value();
}

uint32_t Lab::CheckOneLeader() {
  for (int election = 0; election < 10 && !failed(); ++election) {
    Sleep(dice_.Between(kElection / 2, kElection));
    absl::btree_map<uint64_t, uint32_t> leaders;  // By term.
    for (uint32_t node = 1; node <= size(); ++node) {
      if (!connected(node) || !BelievesToLead(node)) continue;
      if (!leaders.emplace(Term(node), node).second) {
        Fail(absl::StrCat("term ", Term(node), " has more than one leader"));
        return 0;
      }
    }
    if (!leaders.empty()) return leaders.rbegin()->second;
  }
  Fail("expected one leader, there is none");
  return 0;
}

uint64_t Lab::CheckTerms() {
  uint64_t term = 0;
  for (uint32_t node = 1; node <= size() && !failed(); ++node) {
    if (!connected(node) || !running(node)) continue;
    if (term == 0) term = Term(node);
    if (term != Term(node)) {
      Fail(absl::StrCat("n", node, " is in term ", Term(node), ", not ", term));
    }
  }
  return term;
}

void Lab::CheckNoLeader() {
  for (uint32_t node = 1; node <= size() && !failed(); ++node) {
    if (connected(node) && BelievesToLead(node)) {
      Fail(absl::StrCat("expected no leader, but n", node, " leads"));
    }
  }
}

// ---------------------------------------------------------------- agreement

Lab::Started Lab::Start(uint32_t node, absl::string_view command) {
  if (failed()) return {};
  const LabCommand proposed{++proposed_, std::string(command)};
  const auto proposal = std::make_shared<Proposal>();
  const bool up = cluster_->Visit(
      node, [proposal, entry = EncodeLabCommand(proposed)](kv::Server& server) {
        const raft::Outcome outcome =
            server.node().Propose(entry, runtime::Instant::InfiniteFuture());
        proposal->over = true;
        proposal->refused = outcome.kind == raft::Outcome::Kind::kRefused;
      });
  if (!up) return {};
  const absl::Duration deadline = now() + kProposing;
  Started started;
  while (now() < deadline && !proposal->refused) {
    started.number = watch_.NumberOf(node, proposed.serial);
    started.accepted = started.number != 0;
    if (started.accepted || proposal->over || !running(node)) break;
    if (!world_->Step()) break;
  }
  started.term = Term(node);
  return started;
}

Lab::Agreed Lab::NCommitted(uint64_t number) {
  Agreed agreed;
  for (uint32_t node = 1; node <= size() && !failed(); ++node) {
    if (watch_.Applied(node) < number || number == 0) continue;
    const std::string& command = watch_.AppliedAt(node, number).text;
    if (agreed.nodes > 0 && command != agreed.command) {
      Fail(absl::StrCat("command ", number, " is ", agreed.command,
                        " elsewhere and ", command, " on n", node));
    }
    agreed.command = command;
    ++agreed.nodes;
  }
  return agreed;
}

bool Lab::WaitForAgreement(uint64_t number, absl::string_view command,
                           uint32_t nodes) {
  const absl::Duration deadline = now() + absl::Seconds(2);
  while (now() < deadline && !failed()) {
    const Agreed agreed = NCommitted(number);
    if (agreed.nodes >= nodes && agreed.command == command) return true;
    Sleep(kPoll);
  }
  return false;
}

uint64_t Lab::One(absl::string_view command, uint32_t nodes, bool retry) {
  const absl::Duration deadline = now() + kAgreementMax;
  while (now() < deadline && !failed()) {
    Started started;
    for (uint32_t asked = 0; asked < size() && !started.accepted; ++asked) {
      next_asked_ = next_asked_ % size() + 1;
      if (connected(next_asked_)) started = Start(next_asked_, command);
    }
    if (!started.accepted) {
      Sleep(kPoll * 5);
      continue;
    }
    if (WaitForAgreement(started.number, command, nodes)) {
      return started.number;
    }
    if (!retry) break;
  }
  Fail(absl::StrCat("no agreement of ", nodes, " on ", command.substr(0, 40)));
  return 0;
}

std::string Lab::Wait(uint64_t number, uint32_t nodes, uint64_t term) {
  absl::Duration pause = kPoll;
  const absl::Duration deadline = now() + 10 * kElection;
  while (now() < deadline && !failed()) {
    const Agreed agreed = NCommitted(number);
    if (agreed.nodes >= nodes) return agreed.command;
    Sleep(pause);
    pause = std::min(pause * 2, kElection);
    for (uint32_t node = 1; node <= size(); ++node) {
      if (Term(node) > term) return "";
    }
  }
  Fail(absl::StrCat("only ", NCommitted(number).nodes, " of ", nodes,
                    " have applied command ", number));
  return "";
}

uint64_t Lab::RpcTotal() const {
  uint64_t total = 0;
  for (uint32_t node = 1; node <= size(); ++node) total += RpcCount(node);
  return total;
}

}  // namespace scenarios
