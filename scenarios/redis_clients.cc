#include "scenarios/redis_clients.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "scenarios/bank_client.h"
#include "scenarios/bulk_client.h"
#include "scenarios/watch_client.h"

namespace scenarios {
namespace {

// The last of the time is quiet (scenarios/idle_end.h); it begins with a look
// into the stores.
constexpr absl::Duration kLastAudit = absl::Milliseconds(500);
constexpr absl::Duration kLastLook = absl::Milliseconds(300);
constexpr absl::Duration kAuditPause = absl::Milliseconds(20);
// The leader looks for due keys ten times in the meantime (kv/expirer.h).
constexpr absl::Duration kRemovedWithin = absl::Seconds(1);

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

RedisClients::RedisClients(sim::World& world, Cluster& cluster,
                           const Scenario& scenario)
    : world_(world),
      cluster_(cluster),
      scenario_(scenario),
      auditors_(cluster.violations()),
      bank_(cluster.violations(), scenario.workload.bank.clients),
      lease_keys_(scenario.workload.leases),
      leases_(cluster.violations(), cluster.walls()),
      watches_(cluster.violations(), cluster.walls()) {
  if (!any()) return;
  cluster_.OpenRedisDoors();
  for (const uint32_t node : cluster_.nodes()) {
    servers_.push_back(cluster_.redis_address(node));
    redirecting_.push_back(cluster_.cluster_address(node));
  }
  Add(scenario_.workload.bank.clients, Kind::kBank);
  Add(scenario_.workload.leases.clients, Kind::kLeases);
  Add(scenario_.workload.watches.clients, Kind::kWatches);
  Add(scenario_.workload.bulk.clients, Kind::kBulk);
  auditor_ = world_.AddHost("r0");
  world_.SpareFromCrashes(auditor_);
}

void RedisClients::Add(uint32_t clients, Kind kind) {
  for (uint32_t number = 1; number <= clients; ++number) {
    const sim::HostId host =
        world_.AddHost(absl::StrCat("r", clients_.size() + 1));
    world_.SpareFromCrashes(host);
    clients_.push_back(
        {.host = host,
         .kind = kind,
         .number = number,
         .outcomes = std::make_unique<RedisOutcomes>(cluster_.violations()),
         .answered_before = 0});
  }
}

RedisClients::~RedisClients() {
  for (const Client& client : clients_) world_.Kill(client.host);
  if (any()) world_.Kill(auditor_);
}

void RedisClients::Start(std::vector<uint32_t> nodes,
                         std::function<bool()> excused) {
  if (!any()) return;
  nodes_ = nodes.empty() ? cluster_.nodes() : std::move(nodes);
  excused_ = std::move(excused);
  for (const Client& client : clients_) {
    world_.Boot(client.host, [this, &client](sim::Process& process) {
      Run(client, process);
    });
  }
  const Phases& phases = scenario_.phases;
  const auto at = [this](absl::Duration when, void (RedisClients::*what)()) {
    world_.At(AsTime(when), sim::EventClass::kDriver,
              [this, what] { (this->*what)(); });
  };
  if (const absl::Duration within = scenario_.demands.redis_within;
      within > absl::ZeroDuration()) {
    at(phases.QuietFrom(), &RedisClients::BeginQuiet);
    at(phases.QuietFrom() + within, &RedisClients::DemandAnswers);
  }
  at(phases.QuietFrom() +
         std::max(scenario_.demands.write_within, phases.quiet / 2),
     &RedisClients::StartAuditor);
  at(phases.End() - kLastAudit, &RedisClients::DemandAudits);
  at(phases.End() - kLastLook, &RedisClients::LookIntoStores);
}

void RedisClients::Repeat(sim::Process& process, absl::Duration interval,
                          const std::function<void()>& work) {
  runtime::Executor& executor = process.network_executor();
  runtime::Random pace = process.Stream("pace");
  runtime::Instant due =
      executor.Now() + pace.Between(absl::ZeroDuration(), interval);
  while (!stopped_) {
    if (!executor.SleepUntil(due).ok() || stopped_) return;
    due = std::max(due + interval, executor.Now());
    work();
  }
}

void RedisClients::Run(const Client& client, sim::Process& process) {
  const Workload& work = scenario_.workload;
  const bool stays = (client.kind == Kind::kBank && work.bank.stay) ||
                     (client.kind == Kind::kLeases && work.leases.stay);
  const bool follows = !stays && client.number % 2 == 0;
  RespSession session(
      world_, process, follows ? redirecting_ : servers_,
      follows ? RespSession::Manner::kFollows : RespSession::Manner::kStays);
  if (stays) session.StayAt((client.number - 1) % servers_.size());
  Work(client, process, session);
}

void RedisClients::Work(const Client& client, sim::Process& process,
                        RespSession& session) {
  const Workload& work = scenario_.workload;
  runtime::Random dice = process.Stream("redis_client");
  switch (client.kind) {
    case Kind::kBank: {
      BankClient bank(session, work.bank, client.number, std::move(dice), bank_,
                      *client.outcomes);
      return Repeat(process, work.bank.interval, [&bank] { bank.DoOne(); });
    }
    case Kind::kLeases: {
      LeaseClient lease(session, work.leases, client.number, std::move(dice),
                        lease_keys_, leases_, *client.outcomes);
      return Repeat(process, work.leases.interval, [&lease] { lease.DoOne(); });
    }
    case Kind::kWatches: {
      RespSession other(world_, process, servers_, RespSession::Manner::kStays,
                        "other_session");
      WatchClient watch({.executor = process.network_executor(),
                         .watcher = session,
                         .other = other,
                         .books = watches_,
                         .outcomes = *client.outcomes},
                        work.watches, client.number, std::move(dice));
      return Repeat(process, work.watches.interval,
                    [&watch] { watch.DoOne(); });
    }
    case Kind::kBulk: {
      BulkClient bulk(session, client.number, std::move(dice),
                      cluster_.violations(), *client.outcomes);
      return Repeat(process, work.bulk.interval, [&bulk] { bulk.DoOne(); });
    }
  }
}

// --------------------------------------------------------------------- the end

void RedisClients::BeginQuiet() {
  for (Client& client : clients_) {
    client.answered_before = client.outcomes->answered();
  }
}

void RedisClients::DemandAnswers() {
  if (excused_()) return;
  for (const Client& client : clients_) {
    if (client.outcomes->answered() > client.answered_before) continue;
    world_.Fail(
        "liveness-redis",
        absl::StrCat(
            world_.host_name(client.host), " was told nothing ", "for ",
            absl::FormatDuration(scenario_.demands.redis_within),
            " after everything had healed; ", cluster_.Describe(nodes_)));
    return;
  }
}

void RedisClients::StartAuditor() {
  stopped_ = true;
  world_.Boot(auditor_, [this](sim::Process& process) { RunAuditor(process); });
}

void RedisClients::RunAuditor(sim::Process& process) {
  for (const uint32_t node : nodes_) {
    // What damage keeps down need not answer.
    if (!cluster_.damage().LostForGood(node) &&
        (!AuditAt(process, node, false) || !AuditAt(process, node, true))) {
      return;
    }
    ++audited_;
  }
}

bool RedisClients::AuditAt(sim::Process& process, uint32_t node, bool follows) {
  RespSession session(
      world_, process, follows ? redirecting_ : servers_,
      follows ? RespSession::Manner::kFollows : RespSession::Manner::kStays);
  BankClient auditor(session, scenario_.workload.bank, 0,
                     process.Stream("auditor"), bank_, auditors_);
  BulkClient importer(session, 0, process.Stream("importer"),
                      cluster_.violations(), auditors_);
  const bool bulk = scenario_.workload.bulk.clients > 0 && !follows;
  if (bulk) session.BePatient();
  session.GoTo(node);
  const auto answered = [&] {
    if (!session.Connect() || !auditor.Audit()) return false;
    if (!bulk) return true;
    session.GoTo(node);
    return session.Connect() && importer.Pipeline();
  };
  while (!cluster_.damage().LostForGood(node) && !answered()) {
    if (!process.network_executor().SleepFor(kAuditPause).ok()) return false;
    if (!follows) session.GoTo(node);
  }
  return true;
}

void RedisClients::DemandAudits() {
  for (const Client& client : clients_) world_.Kill(client.host);
  world_.Kill(auditor_);
  if (audited_ == nodes_.size() || excused_()) return;
  world_.Fail("liveness-redis",
              absl::StrCat("n", nodes_[audited_], " answers no Redis client; ",
                           cluster_.Describe(nodes_)));
}

void RedisClients::LookIntoStores() {
  const uint32_t leader = cluster_.leader_of_majority(nodes_);
  if (leader == 0 || excused_()) return;
  const int64_t leader_ms =
      absl::ToUnixMillis(world_.clock(cluster_.host(leader)).WallNow());
  for (const uint32_t node : nodes_) {
    (void)cluster_.Visit(node, [this, node, leader_ms](kv::Server& server) {
      LookInto(node, server.store(), leader_ms);
    });
  }
}

void RedisClients::LookInto(uint32_t node, const kv::Store& store,
                            int64_t leader_ms) {
  const std::optional<int64_t> first = store.first_deadline_ms();
  const int64_t removed_within_ms = absl::ToInt64Milliseconds(kRemovedWithin);
  if (first.has_value() && *first + removed_within_ms < leader_ms) {
    cluster_.violations().Report(
        "due-key-stays",
        absl::StrCat("n", node, " holds a key that was due at ", *first,
                     "; the leader's clock shows ", leader_ms));
  }
  if (scenario_.workload.bulk.clients > 0) LookForBulk(node, store);
  int64_t total = 0;
  for (const std::string& key : AccountKeys(scenario_.workload.bank)) {
    int64_t balance = 0;
    const std::optional<absl::string_view> text = store.Get(key);
    if (text.has_value() && absl::SimpleAtoi(*text, &balance)) total += balance;
  }
  if (total == 0) return;
  cluster_.violations().Report(
      "bank-total", absl::StrCat("the store of n", node, " holds ", total,
                                 " in its accounts, which must be 0"));
}

void RedisClients::LookForBulk(uint32_t node, const kv::Store& store) {
  if (store.Get(BulkClient::kBrowserKey).has_value()) {
    cluster_.violations().Report(
        "redis-bulk", absl::StrCat("n", node, " did what a browser sent"));
  }
  for (uint32_t i = 1; i <= scenario_.workload.bulk.clients; ++i) {
    int64_t count = 0;
    const auto text = store.Get(BulkClient::CounterKey(i));
    if (!text.has_value()) continue;
    if (absl::SimpleAtoi(*text, &count) && count % BulkClient::kStep == 0) {
      continue;
    }
    cluster_.violations().Report(
        "redis-bulk",
        absl::StrCat("n", node, " counts ", *text, " of client ", i,
                     ", no multiple of a transaction's ", BulkClient::kStep));
  }
}

void RedisClients::Count(Counts* counts) const {
  if (!any()) return;
  counts->emplace_back("bank.audits", bank_.audits());
  counts->emplace_back("bank.moved", bank_.moved());
  counts->emplace_back("lease.told_gone", leases_.told_gone());
  counts->emplace_back("lease.told_there", leases_.told_there());
  uint64_t answered = auditors_.answered();
  uint64_t refused = auditors_.refused();
  uint64_t moved = auditors_.moved();
  uint64_t unknown = auditors_.unknown();
  for (const Client& client : clients_) {
    answered += client.outcomes->answered();
    refused += client.outcomes->refused();
    moved += client.outcomes->moved();
    unknown += client.outcomes->unknown();
  }
  counts->emplace_back("redis.answered", answered);
  counts->emplace_back("redis.refused", refused);
  counts->emplace_back("redis.moved", moved);
  counts->emplace_back("redis.unknown", unknown);
  counts->emplace_back("watch.called_off", watches_.called_off());
  counts->emplace_back("watch.executed", watches_.executed());
}

}  // namespace scenarios
