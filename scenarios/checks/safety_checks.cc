#include "scenarios/checks/safety_checks.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace scenarios {
namespace {

constexpr runtime::GroupId kGroup{1};

// The sender's own term, where a message names it.
persist::Term TermOf(const raft::Message& message) {
  return std::visit(
      [](const auto& body) -> persist::Term {
        if constexpr (requires { body.term; }) {
          return body.term;
        } else {
          return persist::Term(0);  // A pre-vote speaks of a term to come.
        }
      },
      message);
}

}  // namespace

// One life of one node.
class SafetyChecks::Observer final : public raft::NodeObserver {
 public:
  Observer(SafetyChecks& checks, NodeLife life)
      : checks_(checks), life_(life) {}

  void OnStarted(const raft::Core& core) override;
  void OnStep(const raft::Core& core, const raft::Effects& effects) override;
  void OnSendLeaves(const raft::Core& core, const raft::Send& send) override;
  void OnApplied(const raft::Core& core, raft::Index index,
                 uint64_t state_hash) override;

  void End() { alive_ = false; }
  bool started() const { return started_; }
  const NodeView& view() const { return view_; }

 private:
  // False, and reported, when this life is over.
  bool Alive(absl::string_view what);
  void TakeStores(const raft::Effects& effects);
  void TakeRole(const raft::Core& core);
  void TakeCommit(const raft::Core& core);
  DurableState& disk() { return *checks_.disks_[life_.node - 1]; }

  SafetyChecks& checks_;
  const NodeLife life_;
  bool alive_ = true;
  bool started_ = false;
  LogMirror log_;
  NodeView view_;
};

bool SafetyChecks::Observer::Alive(absl::string_view what) {
  if (alive_) return true;
  checks_.violations_.Report(
      "dead-process-has-an-effect",
      absl::StrCat(life_.ToString(), " is dead and ", what));
  return false;
}

void SafetyChecks::Observer::OnStarted(const raft::Core& core) {
  if (!Alive("starts")) return;
  started_ = true;
  checks_.ever_started_[life_.node - 1] = true;
  for (persist::Index i(1); i <= core.log().last_index(); ++i) {
    log_.Append(core.log().At(i));
    checks_.matching_.OnEntry(life_, i, log_.At(i));
  }
  disk().Reread();
  checks_.votes_.OnStarted(life_, core.term(), core.vote());
  TakeRole(core);
  TakeCommit(core);
}

void SafetyChecks::Observer::OnStep(const raft::Core& core,
                                    const raft::Effects& effects) {
  if (!Alive("takes a step")) return;
  TakeStores(effects);
  if (effects.role_changed) TakeRole(core);
  TakeCommit(core);
}

void SafetyChecks::Observer::TakeStores(const raft::Effects& effects) {
  for (const persist::Store& store : effects.stores) {
    if (store.truncate_from.has_value()) {
      log_.TruncateFrom(*store.truncate_from);
    }
    for (const persist::Record& record : store.entries) {
      log_.Append(record);
      checks_.matching_.OnEntry(life_, record.index, log_.At(record.index));
    }
  }
}

void SafetyChecks::Observer::TakeRole(const raft::Core& core) {
  const bool leads = core.role() == raft::Role::kLeader;
  const bool led =
      view_.role == raft::Role::kLeader && view_.term == core.term();
  view_.role = core.role();
  if (view_.term != core.term()) {
    view_.term = core.term();
    checks_.votes_.OnTerm(life_, core.term());
  }
  view_.leader = core.leader();
  if (!leads || led) return;
  checks_.elections_.OnLeader(life_, core.term());
  if (core.term() > checks_.newest_leader_term_) {
    if (checks_.newest_leader_ != life_.node) {
      checks_.old_leader_ = checks_.newest_leader_;
    }
    checks_.newest_leader_ = life_.node;
    checks_.newest_leader_term_ = core.term();
  }
  checks_.completeness_.OnLeader(life_, core.term(), log_);
}

void SafetyChecks::Observer::TakeCommit(const raft::Core& core) {
  if (view_.term != core.term()) {
    view_.term = core.term();
    checks_.votes_.OnTerm(life_, core.term());
  }
  view_.last = core.log().last_index();
  if (core.commit() == view_.commit) return;
  checks_.committed_.OnCommit(life_, core.term(), core.commit(), log_);
  if (core.role() == raft::Role::kLeader) {
    checks_.quorums_.OnLeaderCommit(life_, core.term(), core.commit(), log_);
  }
  view_.commit = core.commit();
}

void SafetyChecks::Observer::OnSendLeaves(const raft::Core&,
                                          const raft::Send& send) {
  if (!Alive("sends")) return;
  const persist::Term term = TermOf(send.message);
  if (std::holds_alternative<raft::VoteRequest>(send.message)) {
    checks_.votes_.OnVoteLeaves(life_, term, raft::NodeId(life_.node));
  } else if (const auto* reply = std::get_if<raft::VoteReply>(&send.message)) {
    if (reply->granted) checks_.votes_.OnVoteLeaves(life_, term, send.to);
  }
  checks_.promises_.OnLeaves(life_, send.to, send.message, disk(), log_);
}

void SafetyChecks::Observer::OnApplied(const raft::Core& core,
                                       raft::Index index, uint64_t state_hash) {
  if (!Alive("applies")) return;
  view_.applied = index;
  view_.state_hash = state_hash;
  checks_.machines_.OnApplied(life_, index, core.commit(), state_hash);
}

SafetyChecks::SafetyChecks(Violations& violations,
                           std::vector<ShadowReader> shadows)
    : violations_(violations),
      running_(shadows.size(), nullptr),
      ever_started_(shadows.size(), false),
      elections_(violations),
      votes_(violations),
      matching_(violations),
      committed_(violations),
      completeness_(violations, committed_),
      machines_(violations),
      promises_(violations),
      quorums_(violations, disks_) {
  for (ShadowReader& shadow : shadows) {
    disks_.push_back(std::make_unique<DurableState>(std::move(shadow), kGroup));
  }
}

SafetyChecks::~SafetyChecks() = default;

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

const NodeView* SafetyChecks::View(uint32_t node) const {
  const Observer* observer = running_[node - 1];
  return observer != nullptr && observer->started() ? &observer->view()
                                                    : nullptr;
}

}  // namespace scenarios
