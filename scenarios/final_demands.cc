#include "scenarios/final_demands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

// The last of the time is for followers to catch up.
constexpr absl::Duration kCatchUp = absl::Milliseconds(500);

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

FinalDemands::FinalDemands(sim::World& world, Cluster& cluster,
                           Clients& clients, const Scenario& scenario,
                           History& history)
    : world_(world),
      cluster_(cluster),
      clients_(clients),
      scenario_(scenario),
      history_(history),
      host_(world.AddHost("c0")) {
  world_.SpareFromCrashes(host_);
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    servers_.push_back(cluster_.rpc_address(node));
  }
}

FinalDemands::~FinalDemands() { world_.Kill(host_); }

void FinalDemands::Start(std::vector<uint32_t> core, Excuse excuse) {
  of_core_ = !core.empty();
  nodes_ = of_core_ ? std::move(core) : cluster_.nodes();
  excuse_ = std::move(excuse);
  const absl::Duration quiet_from = scenario_.phases.QuietFrom();
  const Demands& demands = scenario_.demands;
  const auto at = [this](absl::Duration when, void (FinalDemands::*what)()) {
    world_.At(AsTime(when), sim::EventClass::kDriver,
              [this, what] { (this->*what)(); });
  };
  at(quiet_from, &FinalDemands::PollForLeader);
  at(quiet_from, &FinalDemands::StartProbe);
  at(quiet_from + demands.leader_within, &FinalDemands::DemandLeader);
  at(quiet_from + demands.write_within, &FinalDemands::DemandWrite);
  const absl::Duration close_after =
      std::max(demands.write_within, scenario_.phases.quiet / 2);
  world_.At(AsTime(quiet_from + close_after), sim::EventClass::kDriver,
            [this] { clients_.Stop(); });
  at(quiet_from + close_after, &FinalDemands::StartFinalReads);
  at(scenario_.phases.End() - kCatchUp, &FinalDemands::BeginCatchUp);
}

absl::Duration FinalDemands::SinceQuiet() const {
  return absl::Nanoseconds(world_.now()) - scenario_.phases.QuietFrom();
}

void FinalDemands::PollForLeader() {
  if (leader_after_.has_value()) return;
  if (cluster_.leader_of_majority(nodes_) != 0) {
    leader_after_ = SinceQuiet();
    return;
  }
  world_.At(world_.now() + AsTime(kPollInterval), sim::EventClass::kDriver,
            [this] { PollForLeader(); });
}

bool FinalDemands::Excused() {
  if (!excused_.empty()) return true;
  std::optional<std::string> reason;
  if (cluster_.damage().Unrecoverable()) {
    reason = cluster_.damage().Lost();
  } else if (excuse_ != nullptr) {
    reason = excuse_();
  }
  if (!reason.has_value()) return false;
  excused_ = *reason;
  world_.Record(sim::kNoHost, "ending.excused", {{"why", excused_}});
  return true;
}

void FinalDemands::Unmet(absl::string_view check, absl::string_view evidence) {
  if (Excused()) return;
  world_.Fail(check, absl::StrCat(evidence, "; ", cluster_.Describe(nodes_)));
}

void FinalDemands::DemandLeader() {
  if (leader_after_.has_value()) {
    // Of a core that lives beside broken nodes core_end.h asks less.
    if (!of_core_) cluster_.checks().BeginQuiet();
    return;
  }
  Unmet(of_core_ ? "liveness-core-leader" : "liveness-leader",
        absl::StrCat("no leader with a majority ",
                     absl::FormatDuration(SinceQuiet()), " after the healing"));
}

void FinalDemands::StartProbe() {
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

void FinalDemands::DemandWrite() {
  if (write_after_.has_value()) return;
  Unmet(of_core_ ? "liveness-core-write" : "liveness-write",
        absl::StrCat("no write was answered ",
                     absl::FormatDuration(SinceQuiet()), " after the healing"));
}

void FinalDemands::StartFinalReads() {
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

void FinalDemands::BeginCatchUp() {
  DemandReads();
  due_ = cluster_.checks().committed();
}

void FinalDemands::DemandReads() {
  const size_t keys = clients_.Keys().size();
  if (keys_read_ == keys) return;
  Unmet(of_core_ ? "liveness-core-read" : "liveness-read",
        absl::StrCat("only ", keys_read_, " of ", keys,
                     " keys could be read in the end"));
}

void FinalDemands::CheckConvergence() {
  const char* const check = of_core_ ? "core-convergence" : "convergence";
  const NodeView* first = nullptr;
  for (const uint32_t node : nodes_) {
    if (cluster_.damage().LostForGood(node)) continue;
    const NodeView* view = cluster_.View(node);
    if (view == nullptr) {
      world_.Fail(check, absl::StrCat("n", node, " is not up in the end"));
      return;
    }
    if (cluster_.stopping(node)) {
      world_.Fail("stop-never-ends",
                  absl::StrCat("n", node, " was asked to stop before the ",
                               "healing, and is stopping still"));
      return;
    }
    if (first == nullptr) first = view;
    if (view->applied < due_) {
      Unmet(check,
            absl::StrCat("n", node, " has applied ", view->applied.value(),
                         " of the ", due_.value(), " entries committed ",
                         absl::FormatDuration(kCatchUp), " before the end"));
    } else if (view->applied == first->applied &&
               view->state_hash != first->state_hash) {
      Unmet(check,
            absl::StrCat("n", node, " is in another state than others after ",
                         view->applied.value(), " entries"));
    }
  }
}

}  // namespace scenarios
