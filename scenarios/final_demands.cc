#include "scenarios/quiet_end.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

// The last of the time is for followers to catch up with the final reads.
constexpr absl::Duration kCatchUp = absl::Milliseconds(500);

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

QuietEnd::QuietEnd(sim::World& world, Cluster& cluster, Clients& clients,
                   const Scenario& scenario, History& history)
    : world_(world),
      cluster_(cluster),
      clients_(clients),
      scenario_(scenario),
      history_(history),
      host_(world.AddHost("c0")) {
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    servers_.push_back(cluster_.rpc_address(node));
  }
}

QuietEnd::~QuietEnd() { world_.Kill(host_); }

void QuietEnd::Start() {
  const absl::Duration quiet_from = scenario_.phases.QuietFrom();
  const Demands& demands = scenario_.demands;
  const auto at = [this](absl::Duration when, void (QuietEnd::*what)()) {
    world_.At(AsTime(when), sim::EventClass::kDriver,
              [this, what] { (this->*what)(); });
  };
  at(quiet_from, &QuietEnd::PollForLeader);
  at(quiet_from, &QuietEnd::StartProbe);
  at(quiet_from + demands.leader_within, &QuietEnd::DemandLeader);
  at(quiet_from + demands.write_within, &QuietEnd::DemandWrite);
  const absl::Duration close_after =
      std::max(demands.write_within, scenario_.phases.quiet / 2);
  world_.At(AsTime(quiet_from + close_after), sim::EventClass::kDriver,
            [this] { clients_.Stop(); });
  at(quiet_from + close_after, &QuietEnd::StartFinalReads);
  at(scenario_.phases.End() - kCatchUp, &QuietEnd::DemandReads);
}

absl::Duration QuietEnd::SinceQuiet() const {
  return absl::Nanoseconds(world_.now()) - scenario_.phases.QuietFrom();
}

void QuietEnd::PollForLeader() {
  if (leader_after_.has_value()) return;
  if (cluster_.leader_of_majority() != 0) {
    leader_after_ = SinceQuiet();
    return;
  }
  world_.At(world_.now() + AsTime(kPollInterval), sim::EventClass::kDriver,
            [this] { PollForLeader(); });
}

void QuietEnd::DemandLeader() {
  if (leader_after_.has_value() || cluster_.damage().Unrecoverable()) return;
  world_.Fail("liveness-leader",
              absl::StrCat("no leader with a majority ",
                           absl::FormatDuration(SinceQuiet()),
                           " after everything healed"));
}

void QuietEnd::StartProbe() {
  world_.Boot(host_, [this](sim::Process& process) {
    KvSession session(process, servers_);
    const KvSession::Outcome outcome = ExecuteRecorded(
        world_, session, history_,
        {.client = 0,
         .operation = kv::Operation::kSet,
         .key = "probe",
         .argument = "alive",
         .expected = ""},
        process.network_executor().Now() + scenario_.demands.write_within);
    if (outcome.kind == KvSession::Outcome::Kind::kAnswered) {
      write_after_ = SinceQuiet();
    }
  });
}

void QuietEnd::DemandWrite() {
  if (write_after_.has_value() || cluster_.damage().Unrecoverable()) return;
  world_.Fail("liveness-write", absl::StrCat("no write was answered ",
                                             absl::FormatDuration(SinceQuiet()),
                                             " after everything healed"));
}

void QuietEnd::StartFinalReads() {
  world_.Kill(host_);
  world_.Boot(host_, [this](sim::Process& process) {
    KvSession session(process, servers_);
    for (const std::string& key : clients_.Keys()) {
      const KvSession::Outcome outcome =
          ExecuteRecorded(world_, session, history_,
                          {.client = 0,
                           .operation = kv::Operation::kGet,
                           .key = key,
                           .argument = "",
                           .expected = ""},
                          runtime::Instant::InfiniteFuture());
      if (outcome.kind == KvSession::Outcome::Kind::kAnswered) ++keys_read_;
    }
  });
}

void QuietEnd::DemandReads() {
  const size_t keys = clients_.Keys().size();
  if (keys_read_ == keys || cluster_.damage().Unrecoverable()) return;
  world_.Fail("liveness-read", absl::StrCat("only ", keys_read_, " of ", keys,
                                            " keys could be read in the end"));
}

void QuietEnd::CheckConvergence() {
  const persist::Index committed = cluster_.checks().committed();
  const DamageLedger& damage = cluster_.damage();
  std::optional<uint64_t> state_hash;
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    if (damage.LostForGood(node)) continue;
    const NodeView* view = cluster_.View(node);
    if (view == nullptr) {
      world_.Fail("convergence",
                  absl::StrCat("n", node, " is not up in the end"));
      return;
    }
    if (damage.Unrecoverable()) continue;
    if (!state_hash.has_value()) state_hash = view->state_hash;
    if (view->applied == committed && view->state_hash == *state_hash) continue;
    world_.Fail("convergence",
                absl::StrCat("n", node, " has applied ", view->applied.value(),
                             " of ", committed.value(), " committed entries"));
    return;
  }
}

}  // namespace scenarios
