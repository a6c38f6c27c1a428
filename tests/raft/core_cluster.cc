#include "tests/raft/core_cluster.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace raft {
namespace {

constexpr runtime::GroupId kGroup{1};

std::vector<NodeId> NodesUpTo(size_t count) {
  std::vector<NodeId> nodes;
  for (uint64_t n = 1; n <= count; ++n) nodes.emplace_back(n);
  return nodes;
}

Record CommandRecord(Index index, Term term, absl::string_view text) {
  runtime::Bytes payload = runtime::Bytes::Copy(text);
  const uint32_t crc = runtime::Crc32c(payload.span());
  return {.index = index,
          .term = term,
          .kind = static_cast<uint8_t>(EntryKind::kCommand),
          .payload_crc32c = crc,
          .payload = std::move(payload)};
}

}  // namespace

CoreCluster::CoreCluster(ClusterOptions options)
    : options_(std::move(options)),
      dice_(runtime::StreamSeed(options_.seed, "cluster")),
      now_(runtime::Instant::FromNanos(0)),
      oracle_(NodesUpTo(options_.nodes), options_.core),
      nodes_(options_.nodes) {
  for (const NodeId node : nodes()) Found(node);
  for (const NodeId node : nodes()) Boot(node);
}

void CoreCluster::Found(NodeId node) {
  LogImage& disk = At(node).durable;
  disk.Append(BootstrapEntry(nodes()));
  const auto given = options_.logs.find(node);
  if (given != options_.logs.end()) {
    for (size_t i = 1; i < given->second.size(); ++i) {
      const Term term(given->second[i]);
      const Index index = disk.last_index().Next();
      disk.Append(CommandRecord(
          index, term, absl::StrCat("e", index.value(), "@", term.value())));
    }
  }
  disk.hard_state.term = disk.last_term();
  const auto term = options_.terms.find(node);
  if (term != options_.terms.end()) disk.hard_state.term = term->second;
  oracle_.Found(disk);
}

void CoreCluster::Boot(NodeId node) {
  Node& at = At(node);
  CHECK(at.core == nullptr);
  ++at.incarnation;
  at.submitted = at.durable;
  runtime::Random dice(runtime::StreamSeed(
      options_.seed, "election", node.value(), at.incarnation.value()));
  at.core =
      std::make_unique<Core>(Core::Init{.self = node,
                                        .group = kGroup,
                                        .options = options_.core,
                                        .hard_state = at.durable.hard_state,
                                        .entries = at.durable.entries,
                                        .stored = Sequence()},
                             Core::Env{now_, dice});
  at.applied = at.core->applicable();
}

std::vector<NodeId> CoreCluster::nodes() const {
  return NodesUpTo(options_.nodes);
}

Oracle::Member CoreCluster::MemberOf(NodeId node) const {
  const Node& at = At(node);
  return {node, at.core.get(), &at.durable, &at.submitted};
}

std::vector<Oracle::Member> CoreCluster::Members() const {
  std::vector<Oracle::Member> members;
  for (const NodeId node : nodes()) members.push_back(MemberOf(node));
  return members;
}

// -------------------------------------------------------------------- steps

void CoreCluster::Step(NodeId node, Event event) {
  Node& at = At(node);
  if (at.core == nullptr) return;
  const Moment before = MomentOf(*at.core);
  const NodeId leader_before = at.core->leader();
  const Event seen = event;
  Effects effects;
  at.core->Step(Core::Env{now_, dice_}, std::move(event), effects);
  for (const persist::Store& store : effects.stores) at.submitted.Apply(store);
  oracle_.OnStep(Members(), MemberOf(node), before, seen, effects, now_);
  if (on_step) {
    on_step({now_, node, seen, before, leader_before, *at.core, effects});
  }
  CarryOut(node, effects);
}

void CoreCluster::CarryOut(NodeId node, Effects& effects) {
  Node& at = At(node);
  for (persist::Store& store : effects.stores) {
    at.unsynced.push_back(std::move(store));
  }
  for (const Accepted& accepted : effects.accepted) {
    Proposal& proposal = proposals_[accepted.ticket.value()];
    CHECK(proposal.state == ProposalState::kOpen, "answered twice (G10)");
    proposal = {ProposalState::kAccepted, accepted.index, accepted.term, {}};
  }
  for (const Refused& refused : effects.refused) {
    const uint64_t ticket = refused.ticket.value();
    if (reads_.contains(ticket)) {
      CHECK(reads_[ticket].state == ReadState::kOpen, "answered twice (G10)");
      reads_[ticket].state = ReadState::kRefused;
      reads_[ticket].reason = refused.reason;
    } else {
      Proposal& proposal = proposals_[ticket];
      CHECK(proposal.state == ProposalState::kOpen, "answered twice (G10)");
      proposal.state = ProposalState::kRefused;
      proposal.reason = refused.reason;
    }
  }
  for (const ReadReady& ready : effects.reads) {
    Read& read = reads_[ready.ticket.value()];
    CHECK(read.state == ReadState::kOpen, "answered twice (G10)");
    CHECK_GE(ready.index, read.floor, "G1: a stale read");
    read.state = ReadState::kReady;
    read.index = ready.index;
  }
  for (const TransferEnded& ended : effects.transfers) {
    const bool first =
        transfers_.emplace(ended.ticket.value(), ended.end).second;
    CHECK(first, "answered twice (G10)");
  }
  if (effects.commit.has_value()) {
    CHECK_GT(*effects.commit, at.applied, "C8: applied twice");
    CHECK(at.durable.last_index() >= *effects.commit, "C8: not durable here");
    at.applied = *effects.commit;
  }
  for (Send& send : effects.sends) at.held.push_back(std::move(send));
  ReleaseHeld(node);
  StartSync(node);
}

void CoreCluster::ReleaseHeld(NodeId node) {
  Node& at = At(node);
  std::deque<Send> waiting;
  std::deque<Send> all = std::move(at.held);
  at.held.clear();
  for (Send& send : all) {
    if (send.after <= at.core->durable()) {
      Leave(node, std::move(send));
    } else {
      waiting.push_back(std::move(send));
    }
  }
  at.held = std::move(waiting);
}

void CoreCluster::Leave(NodeId node, Send send) {
  oracle_.OnSendLeaves(MemberOf(node), send);
  if (left_.size() < 1 << 16) left_.push_back({node, send});
  const Flight flight{node, send.to, At(node).incarnation, send.echo,
                      std::move(send.message)};
  if (dice_.Chance(options_.drop_ppm)) return;
  Transmit(flight);
  if (dice_.Chance(options_.duplicate_ppm)) Transmit(flight);
}

void CoreCluster::Transmit(const Flight& flight) {
  absl::Duration latency =
      dice_.Between(options_.latency_min, options_.latency_max);
  const auto set = latency_.find({flight.from, flight.to});
  if (set != latency_.end()) latency = set->second;
  due_.emplace(DueAt{now_ + latency, ++serial_}, flight);
}

// --------------------------------------------------------------------- disk

void CoreCluster::StartSync(NodeId node) {
  Node& at = At(node);
  if (at.syncing || at.disk_paused || at.unsynced.empty()) return;
  at.syncing = true;
  const absl::Duration time =
      dice_.Between(options_.sync_min, options_.sync_max);
  due_.emplace(DueAt{now_ + time, ++serial_},
               SyncDone{node, at.incarnation, at.unsynced.back().sequence});
}

void CoreCluster::FinishSync(const SyncDone& done) {
  Node& at = At(done.node);
  if (at.core == nullptr || at.incarnation != done.life) return;
  at.syncing = false;
  if (at.disk_paused) return;  // It hung in the middle.
  while (!at.unsynced.empty() && at.unsynced.front().sequence <= done.upto) {
    at.durable.Apply(at.unsynced.front());
    at.unsynced.pop_front();
  }
  oracle_.OnDiskChanged(Members());
  Step(done.node, Durable{done.upto});
}

void CoreCluster::PauseDisk(NodeId node) { At(node).disk_paused = true; }

void CoreCluster::ResumeDisk(NodeId node) {
  At(node).disk_paused = false;
  StartSync(node);
}

void CoreCluster::Crash(NodeId node, size_t kept) {
  Node& at = At(node);
  CHECK(at.core != nullptr);
  for (size_t i = 0; i < kept && i < at.unsynced.size(); ++i) {
    at.durable.Apply(at.unsynced[i]);
  }
  at.core.reset();
  at.unsynced.clear();
  at.held.clear();
  at.syncing = false;
  at.disk_paused = false;
  oracle_.OnDiskChanged(Members());
}

void CoreCluster::Restart(NodeId node) { Boot(node); }

// --------------------------------------------------------------------- time

void CoreCluster::Happen(Happening happening) {
  if (const auto* done = std::get_if<SyncDone>(&happening)) {
    FinishSync(*done);
    return;
  }
  auto& flight = std::get<Flight>(happening);
  if (cut_.contains({flight.from, flight.to}) || !alive(flight.to)) return;
  const bool other_life = flight.echo != runtime::Incarnation() &&
                          flight.echo != At(flight.to).incarnation;
  if (other_life) return;  // The transport's duty; see net/peer_transport.h.
  Step(flight.to,
       Inbound{flight.from, flight.sender, std::move(flight.message)});
}

bool CoreCluster::StepOnce(runtime::Instant until, bool timers) {
  NodeId earliest;
  runtime::Instant at = runtime::Instant::InfiniteFuture();
  if (timers) {
    for (const NodeId node : nodes()) {
      if (!alive(node) || core(node).deadline() >= at) continue;
      earliest = node;
      at = core(node).deadline();
    }
  }
  if (!due_.empty() && due_.begin()->first.first <= at) {
    const auto first = due_.begin();
    if (first->first.first > until) return false;
    now_ = std::max(now_, first->first.first);
    Happening happening = std::move(first->second);
    due_.erase(first);
    Happen(std::move(happening));
    return true;
  }
  if (earliest == NodeId() || at > until) return false;
  now_ = std::max(now_, at);
  Step(earliest, DeadlineReached{});
  return true;
}

void CoreCluster::RunFor(absl::Duration span) {
  const runtime::Instant until = now_ + span;
  while (StepOnce(until, true)) {
  }
  now_ = until;
}

bool CoreCluster::RunUntil(const std::function<bool()>& done,
                           absl::Duration span) {
  const runtime::Instant until = now_ + span;
  while (!done()) {
    if (!StepOnce(until, true)) return done();
  }
  return true;
}

void CoreCluster::Settle() {
  while (StepOnce(runtime::Instant::InfiniteFuture(), false)) {
  }
}

void CoreCluster::FireTimer(NodeId node) {
  now_ = std::max(now_, core(node).deadline());
  Step(node, DeadlineReached{});
}

// ------------------------------------------------------------------ clients

uint64_t CoreCluster::Propose(NodeId node, absl::string_view payload) {
  const uint64_t ticket = ++last_ticket_;
  proposals_[ticket] = Proposal{};
  runtime::Bytes bytes = runtime::Bytes::Copy(payload);
  const uint32_t crc = runtime::Crc32c(bytes.span());
  raft::Propose event;
  event.items.push_back({Ticket(ticket), std::move(bytes), crc});
  Step(node, std::move(event));
  return ticket;
}

uint64_t CoreCluster::AskRead(NodeId node) {
  const uint64_t ticket = ++last_ticket_;
  reads_[ticket] = Read{.state = ReadState::kOpen,
                        .floor = oracle_.committed(),
                        .index = Index()};
  Step(node, ReadRequest{Ticket(ticket)});
  return ticket;
}

uint64_t CoreCluster::Transfer(NodeId node, NodeId to) {
  const uint64_t ticket = ++last_ticket_;
  Step(node, TransferLead{Ticket(ticket), to});
  return ticket;
}

std::optional<TransferEnd> CoreCluster::transfer_end(uint64_t ticket) const {
  const auto found = transfers_.find(ticket);
  if (found == transfers_.end()) return std::nullopt;
  return found->second;
}

// -------------------------------------------------------------------- world

void CoreCluster::CutBoth(NodeId a, NodeId b) {
  Cut(a, b);
  Cut(b, a);
}

void CoreCluster::Isolate(NodeId node) {
  for (const NodeId other : nodes()) {
    if (other != node) CutBoth(node, other);
  }
}

void CoreCluster::BreakLink(NodeId node, NodeId peer) {
  Step(node, PeerLost{peer});
}

size_t CoreCluster::DropInFlight(NodeId from, NodeId to) {
  return std::erase_if(due_, [&](const auto& item) {
    const auto* flight = std::get_if<Flight>(&item.second);
    return flight != nullptr && flight->from == from && flight->to == to;
  });
}

size_t CoreCluster::DuplicateInFlight(NodeId from, NodeId to) {
  std::vector<Flight> copies;
  for (const auto& [at, happening] : due_) {
    const auto* flight = std::get_if<Flight>(&happening);
    if (flight != nullptr && flight->from == from && flight->to == to) {
      copies.push_back(*flight);
    }
  }
  for (const Flight& flight : copies) Transmit(flight);
  return copies.size();
}

void CoreCluster::SetLatency(NodeId from, NodeId to, absl::Duration latency) {
  latency_[{from, to}] = latency;
}

void CoreCluster::Deliver(NodeId from, NodeId to, Message message) {
  Step(to, Inbound{from, At(from).incarnation, std::move(message)});
}

// --------------------------------------------------------------------- view

NodeId CoreCluster::leader() const {
  NodeId leader;
  for (const NodeId node : nodes()) {
    if (!alive(node) || core(node).role() != Role::kLeader) continue;
    if (leader == NodeId() || core(node).term() > core(leader).term()) {
      leader = node;
    }
  }
  return leader;
}

bool CoreCluster::Agree() const {
  const NodeId led = leader();
  if (led == NodeId()) return false;
  const LogImage& log = At(led).submitted;
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& at) {
    return at.core != nullptr && at.core->leader() == led &&
           at.submitted.chain == log.chain && at.durable.chain == log.chain &&
           at.applied == log.last_index();
  });
}

}  // namespace raft
