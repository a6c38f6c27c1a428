// A Redis client that moves amounts between accounts, and sometimes looks at
// all of them (scenarios/checks/bank_books.h).
//
// Accounts are the keys "account:0"..; an account that is not there holds
// nothing, and any may hold less. What client 3 has moved is counted in
// "moved:3".

#ifndef SCENARIOS_BANK_CLIENT_H_
#define SCENARIOS_BANK_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "scenarios/checks/bank_books.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/resp_session.h"
#include "scenarios/scenario.h"

namespace scenarios {

class BankClient {
 public:
  // `number` from 1; 0: an auditor. All that is referred to outlives this.
  BankClient(RespSession& session, const BankWork& work, uint32_t number,
             runtime::Random dice, BankBooks& books, RedisOutcomes& outcomes);

  // Suspends: a move or an audit, if somebody can be reached.
  void DoOne();
  // Suspends. Whether it was answered.
  bool Audit();

 private:
  using Requests = std::vector<RespSession::Request>;
  struct Exchange {
    size_t sent = 0;
    std::vector<RespReply> replies;
  };

  void Move();
  // Looks at two accounts, and watches them. False: it cannot go on.
  bool Watch(const std::string& from, const std::string& to,
             std::vector<int64_t>* balances);
  void JudgeMove(const Requests& requests, const Exchange& exchange);
  bool JudgeAudit(const RespSession::Request& request,
                  const std::vector<RespReply>& values,
                  const BankBooks::Floor& certain);
  std::vector<std::string> AuditedKeys() const;
  // All at once, or one after the other until one is not answered.
  Exchange AskAll(const Requests& requests);
  // After an answer that did not help.
  void TurnAway();

  RespSession& session_;
  const BankWork& work_;
  const uint32_t number_;
  runtime::Random dice_;
  BankBooks& books_;
  RedisOutcomes& outcomes_;
};

// The keys of all accounts.
std::vector<std::string> AccountKeys(const BankWork& work);

}  // namespace scenarios

#endif  // SCENARIOS_BANK_CLIENT_H_
