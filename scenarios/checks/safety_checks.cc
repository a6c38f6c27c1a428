#include "scenarios/checks/safety_checks.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/held_messages.h"
#include "scenarios/checks/read_floor.h"
#include "scenarios/checks/storage_bound.h"

namespace scenarios {
namespace {

constexpr runtime::GroupId kGroup{1};

// The sender's own term, as a message names it.
persist::Term TermOf(const raft::Message& message) {
  return std::visit(
      [](const auto& body) -> persist::Term {
        if constexpr (requires { body.term; }) {
          return body.term;
        } else {
          return body.campaign_term.Previous();  // The one to come.
        }
      },
      message);
}

}  // namespace

// One life of one node.
class SafetyChecks::Observer final : public raft::NodeObserver {
 public:
  Observer(SafetyChecks& checks, NodeLife life)
      : checks_(checks),
        life_(life),
        held_(checks.violations_, life),
        answers_(checks.violations_, checks.committed_, life),
        reads_(checks.violations_, checks.committed_, life,
               checks.disks_.size()),
        storage_bound_(checks.violations_, checks.store_limits_) {}

  void OnStarted(const raft::Core& core, runtime::Instant now) override;
  void OnEvent(const raft::Core& core, const raft::Event& event,
               runtime::Instant now) override;
  void OnStep(const raft::Core& core, const raft::Effects& effects) override;
  void OnSendLeaves(const raft::Core& core, const raft::Send& send) override;
  void OnApplied(const raft::Core& core,
                 std::span<const raft::Command> commands,
                 std::span<const runtime::Bytes> results, raft::Index index,
                 uint64_t state_hash) override;
  void OnAnswered(const raft::Core& core, raft::Ticket ticket,
                  const raft::Outcome& outcome) override;
  void OnStored(const raft::Core& core, persist::Sequence upto) override;
  void OnStorageFailed(const raft::Core& core) override;

  void End() { alive_ = false; }
  void OnEndOfRun() { held_.OnEndOfRun(); }
  bool started() const { return started_; }
  const NodeView& view() const { return view_; }

 private:
  // False, and reported, when this life is over.
  bool Alive(absl::string_view what);
  void TakeRecord(const persist::Record& record, persist::Term term,
                  bool leads);
  void CheckDisk(const raft::Core& core);
  void TakeTerm(const CoreStep& step);
  void TakeStores(const CoreStep& step);
  void CheckStep(const CoreStep& step);
  void TakeCommit(const raft::Core& core);
  DurableState& disk() { return *checks_.disks_[life_.node - 1]; }

  SafetyChecks& checks_;
  const NodeLife life_;
  bool alive_ = true;
  bool started_ = false;
  LogMirror log_;
  NodeView view_;
  // Of the step under way.
  Told told_;
  raft::Moment before_{};

  HeldMessages held_;
  Answers answers_;
  ReadFloor reads_;
  StorageBound storage_bound_;
};

bool SafetyChecks::Observer::Alive(absl::string_view what) {
  if (alive_) return true;
  checks_.violations_.Report(
      "dead-process-has-an-effect",
      absl::StrCat(life_.ToString(), " is dead and ", what));
  return false;
}

void SafetyChecks::Observer::OnStarted(const raft::Core& core,
                                       runtime::Instant now) {
  if (!Alive("starts")) return;
  started_ = true;
  checks_.ever_started_[life_.node - 1] = true;
  for (persist::Index i(1); i <= core.log().last_index(); ++i) {
    TakeRecord(core.log().At(i), core.term(), false);
  }
  disk().OnBoot();
  checks_.streams_.OnStarted(
      life_, core.submitted(),
      {.term = core.term(), .vote = core.vote(), .commit = core.commit()},
      log_);
  CheckDisk(core);
  checks_.retention_.OnDisk(life_);
  checks_.incarnations_.OnStarted(life_);
  checks_.votes_.OnStarted(life_, core.term(), core.vote());
  checks_.stickiness_.OnStarted(life_, now);
  checks_.hand_overs_.OnStarted(life_);
  checks_.timers_.OnStarted(life_, now, core.deadline());
  checks_.steady_.OnLeader(life_, core.term(), core.leader());
  view_.term = core.term();
  TakeCommit(core);
}

void SafetyChecks::Observer::OnEvent(const raft::Core& core,
                                     const raft::Event& event,
                                     runtime::Instant now) {
  if (!Alive("takes an event")) return;
  held_.OnEvent();
  before_ = raft::MomentOf(core);
  told_ = TellOf(event, log_, now);
  if (told_.incarnation.value() != 0) {
    checks_.incarnations_.OnHeard(life_, told_.from, told_.incarnation);
  }
  if (told_.kind == Told::Kind::kDurable) {
    checks_.streams_.OnDurable(life_, told_.durable);
  }
  if (core.leading() != nullptr) reads_.OnEvent(told_, core.term());
}

void SafetyChecks::Observer::OnStep(const raft::Core& core,
                                    const raft::Effects& effects) {
  if (!Alive("takes a step")) return;
  const raft::Moment after = raft::MomentOf(core);
  const CoreStep step{life_,
                      told_,
                      before_,
                      after,
                      core.leader(),
                      core.leading(),
                      core.durable_index(),
                      core.deadline(),
                      core.options(),
                      effects,
                      log_};
  TakeTerm(step);
  TakeStores(step);
  checks_.order_.OnLog(life_, log_, core.log().last_index(),
                       core.log().last_term());
  CheckStep(step);
  if (told_.kind == Told::Kind::kDurable) {
    CheckDisk(core);
    checks_.retention_.OnDisk(life_);
  }
  TakeCommit(core);
}

// What it believes of its disk.
void SafetyChecks::Observer::CheckDisk(const raft::Core& core) {
  std::optional<persist::HardState> believed;
  if (core.promised_after() <= core.durable()) {
    believed = {.term = core.term(), .vote = core.vote(), .commit = {}};
  }
  checks_.memory_.OnDurable(life_, log_, core.durable_index(), believed,
                            disk());
}

void SafetyChecks::Observer::TakeTerm(const CoreStep& step) {
  const persist::Term term = step.after.term;
  checks_.votes_.OnTerm(life_, term, step.after.vote);
  if (step.became_leader()) {
    checks_.elections_.OnLeader(life_, term);
    checks_.TakeLeader(life_.node, term);
    checks_.election_quorums_.OnLeader(life_, term, disk());
    checks_.completeness_.OnLeader(life_, term, log_);
  }
  view_.role = step.after.role;
  if (view_.term == term && view_.leader == step.leader) return;
  view_.term = term;
  view_.leader = step.leader;
  checks_.steady_.OnLeader(life_, view_.term, view_.leader);
}

void SafetyChecks::Observer::TakeRecord(const persist::Record& record,
                                        persist::Term term, bool leads) {
  if (!checks_.order_.MayFollow(life_, log_, record, term)) return;
  log_.Append(record);
  if (checks_.matching_.OnEntry(life_, record.index, log_.At(record.index))) {
    checks_.origins_.OnFirstSeen(life_, record, leads, term);
  }
}

void SafetyChecks::Observer::TakeStores(const CoreStep& step) {
  for (const persist::Store& store : step.effects.stores) {
    if (store.truncate_from.has_value()) {
      checks_.truncation_.OnCut(step, *store.truncate_from);
      log_.TruncateFrom(*store.truncate_from);
    }
    for (const persist::Record& record : store.entries) {
      TakeRecord(record, step.after.term, step.leads());
    }
    checks_.streams_.OnStore(life_, store, log_);
  }
}

void SafetyChecks::Observer::CheckStep(const CoreStep& step) {
  checks_.roles_.OnStep(step);
  checks_.pre_votes_.OnStep(step);
  checks_.election_quorums_.OnStep(step, disk());
  checks_.justified_.OnStep(step);
  checks_.stickiness_.OnStep(step);
  checks_.timers_.OnStep(step);
  checks_.contacts_.OnStep(step);
  checks_.hand_overs_.OnStep(step);
  checks_.origins_.OnStep(step);
  checks_.append_only_.OnStep(step);
  checks_.append_answers_.OnStep(step);
  checks_.follower_commit_.OnStep(step);
  checks_.matches_.OnStep(step);
  checks_.commit_progress_.OnStep(step);
  checks_.flow_.OnStep(step);
  held_.OnStep(step);
  answers_.OnStep(step);
  reads_.OnStep(step);
  storage_bound_.OnStep(step);
}

void SafetyChecks::Observer::TakeCommit(const raft::Core& core) {
  view_.last = core.log().last_index();
  if (core.commit() == view_.commit) return;
  checks_.committed_.OnCommit(life_, core.term(), core.commit(), log_);
  if (core.role() == raft::Role::kLeader) {
    checks_.commit_quorums_.OnLeaderCommit(life_, core.term(), core.commit(),
                                           log_);
  }
  view_.commit = core.commit();
}

void SafetyChecks::Observer::OnSendLeaves(const raft::Core&,
                                          const raft::Send& send) {
  if (!Alive("sends")) return;
  held_.OnSendLeaves(send);
  reads_.OnSendLeaves(send);
  const persist::Term term = TermOf(send.message);
  checks_.votes_.OnTermLeaves(life_, term);
  if (std::holds_alternative<raft::VoteRequest>(send.message)) {
    checks_.votes_.OnVoteLeaves(life_, term, raft::NodeId(life_.node));
  } else if (const auto* reply = std::get_if<raft::VoteReply>(&send.message)) {
    if (reply->granted) checks_.votes_.OnVoteLeaves(life_, term, send.to);
  }
  checks_.election_quorums_.OnSendLeaves(life_, send);
  checks_.promises_.OnLeaves(life_, send.to, send.message, disk(), log_);
}

void SafetyChecks::Observer::OnApplied(const raft::Core& core,
                                       std::span<const raft::Command> commands,
                                       std::span<const runtime::Bytes> results,
                                       raft::Index index, uint64_t state_hash) {
  if (!Alive("applies")) return;
  checks_.applies_.OnApplied(life_, core, commands, index);
  checks_.machines_.OnApplied(life_, index, state_hash);
  checks_.once_.OnApplied(life_, commands, results);
  view_.applied = index;
  view_.state_hash = state_hash;
}

void SafetyChecks::Observer::OnAnswered(const raft::Core&, raft::Ticket ticket,
                                        const raft::Outcome& outcome) {
  if (!Alive("answers")) return;
  answers_.OnAnswered(ticket, outcome, view_.applied);
}

void SafetyChecks::Observer::OnStored(const raft::Core&,
                                      persist::Sequence upto) {
  if (Alive("hears of its disk")) storage_bound_.OnStored(upto);
}

void SafetyChecks::Observer::OnStorageFailed(const raft::Core&) {
  if (Alive("hears of its disk")) held_.OnStorageFailed();
}

SafetyChecks::SafetyChecks(Violations& violations,
                           std::vector<ShadowReader> shadows,
                           persist::StoreLimits store_limits)
    : violations_(violations),
      store_limits_(store_limits),
      running_(shadows.size(), nullptr),
      ever_started_(shadows.size(), false),
      committed_(violations),
      elections_(violations),
      votes_(violations),
      justified_(violations),
      stickiness_(violations),
      pre_votes_(violations),
      timers_(violations),
      election_quorums_(violations, shadows.size()),
      roles_(violations, elections_, shadows.size()),
      incarnations_(violations, disks_),
      contacts_(violations, shadows.size()),
      steady_(violations, shadows.size()),
      hand_overs_(violations, disks_),
      order_(violations),
      matching_(violations),
      origins_(violations),
      append_only_(violations),
      truncation_(violations, committed_),
      append_answers_(violations),
      completeness_(violations, committed_),
      commit_quorums_(violations, disks_),
      commit_progress_(violations),
      retention_(violations, committed_, disks_),
      follower_commit_(violations),
      matches_(violations, disks_),
      flow_(violations),
      applies_(violations),
      machines_(violations),
      once_(violations),
      promises_(violations),
      memory_(violations),
      streams_(violations) {
  for (ShadowReader& shadow : shadows) {
    disks_.push_back(std::make_unique<DurableState>(std::move(shadow), kGroup));
  }
}

SafetyChecks::~SafetyChecks() = default;

void SafetyChecks::TakeLeader(uint32_t node, persist::Term term) {
  if (term <= newest_leader_term_) return;
  if (newest_leader_ != node) old_leader_ = newest_leader_;
  newest_leader_ = node;
  newest_leader_term_ = term;
}

raft::NodeObserver* SafetyChecks::Begin(uint32_t node, uint64_t boot) {
  CHECK(running_[node - 1] == nullptr, "n", node, " runs already");
  lives_.push_back(
      std::make_unique<Observer>(*this, NodeLife{.node = node, .boot = boot}));
  running_[node - 1] = lives_.back().get();
  return lives_.back().get();
}

persist::Index SafetyChecks::DurablyCommitted(uint32_t node) {
  DurableState& disk = *disks_[node - 1];
  disk.Reread();
  persist::Index held;
  while (held < committed_.last() && disk.log().Has(held + 1) &&
         disk.log().At(held + 1) == committed_.At(held + 1)) {
    held = held + 1;
  }
  return held;
}

void SafetyChecks::End(uint32_t node) {
  Observer* observer = std::exchange(running_[node - 1], nullptr);
  if (observer != nullptr) observer->End();
}

void SafetyChecks::OnEndOfRun() {
  for (Observer* observer : running_) {
    if (observer != nullptr) observer->OnEndOfRun();
  }
}

const NodeView* SafetyChecks::View(uint32_t node) const {
  const Observer* observer = running_[node - 1];
  return observer != nullptr && observer->started() ? &observer->view()
                                                    : nullptr;
}

}  // namespace scenarios
