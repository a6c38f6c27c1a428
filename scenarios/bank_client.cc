#include "scenarios/bank_client.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

constexpr uint32_t kAuditPpm = 250'000;
constexpr uint32_t kAuditInTransactionPpm = 300'000;
constexpr uint32_t kPipelinePpm = 600'000;
constexpr uint32_t kLeavePpm = 500'000;
constexpr int64_t kAmountMax = 9;

// Of a move: MULTI, SET, SET, INCR, EXEC.
constexpr size_t kExec = 4;

std::string CountKey(uint32_t client) { return absl::StrCat("moved:", client); }

}  // namespace

std::vector<std::string> AccountKeys(const BankWork& work) {
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < work.accounts; ++i) {
    keys.push_back(absl::StrCat("account:", i));
  }
  return keys;
}

BankClient::BankClient(RespSession& session, const BankWork& work,
                       uint32_t number, runtime::Random dice, BankBooks& books,
                       RedisOutcomes& outcomes)
    : session_(session),
      work_(work),
      number_(number),
      dice_(std::move(dice)),
      books_(books),
      outcomes_(outcomes) {}

void BankClient::DoOne() {
  if (!session_.Connect()) return;
  if (dice_.Chance(kAuditPpm)) {
    (void)Audit();
  } else {
    Move();
  }
}

BankClient::Exchange BankClient::AskAll(const Requests& requests) {
  if (dice_.Chance(kPipelinePpm)) {
    return {.sent = requests.size(), .replies = session_.Ask(requests)};
  }
  Exchange exchange;
  for (const RespSession::Request& request : requests) {
    ++exchange.sent;
    std::vector<RespReply> replies = session_.Ask({request});
    if (replies.empty()) break;
    exchange.replies.push_back(std::move(replies[0]));
    if (!session_.connected()) break;
  }
  return exchange;
}

void BankClient::TurnAway() {
  if (!session_.connected()) return;
  const bool leaves = dice_.Chance(kLeavePpm);
  if (leaves) {
    session_.Leave();
    return;
  }
  // What it watches would call off the next transaction.
  const RespSession::Request unwatch = {"UNWATCH"};
  (void)outcomes_.Judge(unwatch, session_.Ask({unwatch}), 0);
}

// ------------------------------------------------------------------- moves

void BankClient::Move() {
  const uint64_t from = dice_.Below(work_.accounts);
  const uint64_t step = 1 + dice_.Below(work_.accounts - 1);
  const uint64_t to = (from + step) % work_.accounts;
  const int64_t amount = dice_.Between(1, kAmountMax);
  const std::vector<std::string> accounts = AccountKeys(work_);
  std::vector<int64_t> balances;
  if (!Watch(accounts[from], accounts[to], &balances)) return TurnAway();
  const Requests requests = {
      {"MULTI"},
      {"SET", accounts[from], absl::StrCat(balances[0] - amount)},
      {"SET", accounts[to], absl::StrCat(balances[1] + amount)},
      {"INCR", CountKey(number_)},
      {"EXEC"}};
  books_.OnMoveAsked(number_);
  JudgeMove(requests, AskAll(requests));
}

bool BankClient::Watch(const std::string& from, const std::string& to,
                       std::vector<int64_t>* balances) {
  const Requests requests = {{"WATCH", from, to}, {"GET", from}, {"GET", to}};
  const Exchange exchange = AskAll(requests);
  for (size_t i = 0; i < exchange.sent; ++i) {
    if (outcomes_.Judge(requests[i], exchange.replies, i) !=
        RespVerdict::kAnswered) {
      return false;
    }
    if (i == 0) continue;
    const std::optional<int64_t> balance = NumberIn(exchange.replies[i]);
    if (!balance.has_value()) {
      outcomes_.ReportWrong(requests[i], exchange.replies[i]);
      return false;
    }
    balances->push_back(*balance);
  }
  return true;
}

void BankClient::JudgeMove(const Requests& requests, const Exchange& exchange) {
  if (exchange.sent <= kExec) {
    // The connection ended, and the transaction with it.
    books_.OnNotMoved(number_);
    return;
  }
  for (size_t i = 0; i < kExec && i < exchange.replies.size(); ++i) {
    const RespReply::Kind kind = exchange.replies[i].kind;
    if (kind == RespReply::Kind::kSimple || kind == RespReply::Kind::kMoved) {
      continue;
    }
    outcomes_.ReportWrong(requests[i], exchange.replies[i]);
  }
  const RespVerdict verdict =
      outcomes_.Judge(requests[kExec], exchange.replies, kExec);
  if (verdict == RespVerdict::kNotDone) books_.OnNotMoved(number_);
  if (verdict != RespVerdict::kAnswered) return TurnAway();
  const RespReply& reply = exchange.replies[kExec];
  if (reply.kind == RespReply::Kind::kNil) {
    books_.OnNotMoved(number_);
  } else if (reply.kind == RespReply::Kind::kArray && reply.parts.size() == 3 &&
             reply.parts[2].kind == RespReply::Kind::kInteger) {
    books_.OnMoved(number_, reply.parts[2].integer);
  } else {
    outcomes_.ReportWrong(requests[kExec], reply);
  }
}

// ------------------------------------------------------------------ audits

std::vector<std::string> BankClient::AuditedKeys() const {
  std::vector<std::string> keys = AccountKeys(work_);
  for (uint32_t client = 1; client <= work_.clients; ++client) {
    keys.push_back(CountKey(client));
  }
  return keys;
}

bool BankClient::Audit() {
  const std::vector<std::string> keys = AuditedKeys();
  Requests requests;
  const bool in_transaction = dice_.Chance(kAuditInTransactionPpm);
  if (in_transaction) {
    requests.push_back({"MULTI"});
    for (const std::string& key : keys) requests.push_back({"GET", key});
    requests.push_back({"EXEC"});
  } else {
    requests.push_back({"MGET"});
    requests[0].insert(requests[0].end(), keys.begin(), keys.end());
  }
  const BankBooks::Floor certain = books_.CertainNow();
  const std::vector<RespReply> replies = session_.Ask(requests);
  const size_t last = requests.size() - 1;
  const RespVerdict verdict = outcomes_.Judge(requests[last], replies, last);
  if (verdict != RespVerdict::kAnswered) {
    TurnAway();
    return false;
  }
  return JudgeAudit(requests[last], replies[last].parts, certain);
}

bool BankClient::JudgeAudit(const RespSession::Request& request,
                            const std::vector<RespReply>& values,
                            const BankBooks::Floor& certain) {
  std::vector<int64_t> numbers;
  for (const RespReply& value : values) {
    const std::optional<int64_t> number = NumberIn(value);
    if (number.has_value()) numbers.push_back(*number);
  }
  if (numbers.size() != AuditedKeys().size()) {
    outcomes_.ReportWrong(request, {.kind = RespReply::Kind::kArray,
                                    .text = {},
                                    .integer = 0,
                                    .parts = values});
    return false;
  }
  const std::span<const int64_t> all(numbers);
  books_.OnAudited(
      number_ == 0 ? absl::StrCat("the auditor, at n", session_.node())
                   : absl::StrCat("an audit of client ", number_),
      certain, all.first(work_.accounts), all.subspan(work_.accounts));
  return true;
}

}  // namespace scenarios
