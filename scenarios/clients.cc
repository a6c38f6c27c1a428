#include "scenarios/clients.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "runtime/fiber_group.h"

namespace scenarios {

namespace {

// What the client asks and is told, for readers of a trace.
void ExplainQuestion(sim::World& world, History::OperationId id,
                     const Question& question) {
  if (!world.traced()) return;
  world.Explain(sim::TraceLevel::kStory, sim::kNoHost, "client.ask",
                {{"id", uint64_t{id}},
                 {"operation", OperationName(question.operation)},
                 {"key", question.key},
                 {"argument", question.argument},
                 {"expected", question.expected}});
}

void ExplainOutcome(sim::World& world, History::OperationId id,
                    const KvSession::Outcome& outcome) {
  if (!world.traced()) return;
  const bool answered = outcome.kind == KvSession::Outcome::Kind::kAnswered;
  const bool refused = outcome.kind == KvSession::Outcome::Kind::kRefused;
  world.Explain(
      sim::TraceLevel::kStory, sim::kNoHost, "client.told",
      {{"id", uint64_t{id}},
       {"outcome", answered ? "answered" : (refused ? "refused" : "unknown")},
       {"answer", answered ? outcome.answer.ToString() : ""}});
}

}  // namespace

KvSession::Outcome ExecuteRecorded(sim::World& world, KvSession& session,
                                   History& history, Question question,
                                   runtime::Instant deadline) {
  const History::OperationId id =
      history.Invoke(question, absl::Nanoseconds(world.now()));
  ExplainQuestion(world, id, question);
  KvSession::Outcome outcome = session.Execute(question, deadline);
  ExplainOutcome(world, id, outcome);
  const absl::Duration now = absl::Nanoseconds(world.now());
  switch (outcome.kind) {
    case KvSession::Outcome::Kind::kAnswered:
      history.Answered(id, outcome.answer, now);
      break;
    case KvSession::Outcome::Kind::kRefused:
      history.Refused(id, now);
      break;
    case KvSession::Outcome::Kind::kUnknown:
      break;  // Stays open.
  }
  return outcome;
}

Clients::Clients(sim::World& world, const Cluster& cluster,
                 const Workload& workload, History& history)
    : world_(world), workload_(workload), history_(history) {
  for (uint32_t node = 1; node <= cluster.size(); ++node) {
    servers_.push_back(cluster.rpc_address(node));
  }
  for (uint32_t number = 1; number <= workload_.clients; ++number) {
    auto client = std::make_unique<Client>();
    client->host = world_.AddHost(absl::StrCat("c", number));
    client->number = number;
    world_.SpareFromCrashes(client->host);
    client->last_seen.resize(workload_.keys);
    clients_.push_back(std::move(client));
  }
}

Clients::~Clients() {
  for (const auto& client : clients_) world_.Kill(client->host);
}

void Clients::Start() {
  for (const auto& client : clients_) {
    world_.Boot(client->host, [this, &client = *client](sim::Process& process) {
      Run(client, process);
    });
  }
}

size_t Clients::working() const {
  return static_cast<size_t>(std::count_if(
      clients_.begin(), clients_.end(),
      [this](const auto& client) { return world_.running(client->host); }));
}

std::vector<std::string> Clients::Keys() const {
  std::vector<std::string> keys;
  for (uint32_t key = 0; key < workload_.keys; ++key) {
    keys.push_back(absl::StrCat("k", key));
  }
  for (uint32_t key = 0; key < workload_.keys; ++key) {
    keys.push_back(absl::StrCat("i", key));
  }
  for (const std::string& key : others_) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
  }
  return keys;
}

std::string Clients::UniqueValue(Client& client) {
  std::string value =
      absl::StrCat("v", client.number, "-", ++client.values, "-");
  if (value.size() < workload_.value_bytes) {
    value.append(workload_.value_bytes - value.size(), '.');
  }
  return value;
}

Question Clients::Ask(Client& client, runtime::Random& dice) {
  const OperationMix& mix = workload_.mix;
  const uint64_t sum =
      uint64_t{mix.get} + mix.set + mix.increment + mix.compare_and_set;
  uint64_t share = dice.Below(sum);
  const uint64_t key = dice.Below(workload_.keys);
  Question question;
  question.client = client.number;
  question.key = absl::StrCat("k", key);
  if (share < mix.get || client.number <= workload_.readers) {
    question.operation = kv::Operation::kGet;
    // Counters are read in proportion to how often they are written.
    if (dice.Below(sum) < mix.increment) question.key = absl::StrCat("i", key);
    return question;
  }
  share -= mix.get;
  if (share < mix.set) {
    question.operation = kv::Operation::kSet;
    question.argument = UniqueValue(client);
  } else if (share - mix.set < mix.increment) {
    question.operation = kv::Operation::kIncrement;
    question.key = absl::StrCat("i", key);
    question.argument = absl::StrCat(1);
  } else {
    question.operation = kv::Operation::kCompareAndSet;
    question.expected = client.last_seen[key];
    question.argument = UniqueValue(client);
  }
  return question;
}

void Clients::Remember(Client& client, const Question& question,
                       const Answer& answer) {
  uint32_t key = 0;
  if (question.key[0] != 'k' ||
      !absl::SimpleAtoi(absl::string_view(question.key).substr(1), &key)) {
    return;
  }
  if (question.operation == kv::Operation::kSet ||
      answer == Answer::Integer(1)) {
    client.last_seen[key] = question.argument;
  } else if (answer.kind == Answer::Kind::kText) {
    client.last_seen[key] = answer.text;
  }
}

void Clients::Run(Client& client, sim::Process& process) {
  KvSession session(process, servers_);
  runtime::FiberGroup lanes(process.network_executor());
  for (uint32_t lane = 1; lane < workload_.pipeline; ++lane) {
    lanes.Spawn("client.lane", [this, lane, &client, &process, &session] {
      RunLane(client, lane, process, session);
    });
  }
  RunLane(client, 0, process, session);
  (void)lanes.Join();  // Cancelled: the client is to stop.
}

void Clients::RunLane(Client& client, uint32_t lane, sim::Process& process,
                      KvSession& session) {
  runtime::Executor& executor = process.network_executor();
  runtime::Random dice = process.Stream("workload");
  if (lane > 0) dice = dice.Fork("lane", lane);
  runtime::Instant due =
      executor.Now() + dice.Between(absl::ZeroDuration(), workload_.interval);
  while (!stopped_) {
    if (!executor.SleepUntil(due).ok()) return;
    if (stopped_) return;
    due = std::max(due + workload_.interval, executor.Now());
    Question question = Ask(client, dice);
    question.client += lane * kClientsMax;
    if (dice.Chance(workload_.renew_session_ppm)) session.Renew();
    const KvSession::Outcome outcome =
        ExecuteRecorded(world_, session, history_, question,
                        executor.Now() + workload_.timeout);
    switch (outcome.kind) {
      case KvSession::Outcome::Kind::kAnswered:
        ++answered_;
        Remember(client, question, outcome.answer);
        break;
      case KvSession::Outcome::Kind::kRefused:
        ++refused_;
        break;
      case KvSession::Outcome::Kind::kUnknown:
        ++unknown_;
        break;
    }
  }
}

}  // namespace scenarios
