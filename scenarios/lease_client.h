// A Redis client that sets keys which expire, and reads those of all clients
// (scenarios/checks/lease_books.h).
//
// Each client sets keys of its own, so that the order of their values is known:
// "lease:2:0"... When nobody tells it whether a value was set, it goes on with
// a new key in its place.

#ifndef SCENARIOS_LEASE_CLIENT_H_
#define SCENARIOS_LEASE_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "scenarios/checks/lease_books.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/resp_session.h"
#include "scenarios/scenario.h"

namespace scenarios {

// The keys that are in use.
class LeaseKeys {
 public:
  explicit LeaseKeys(const LeaseWork& work);

  size_t size() const { return keys_.size(); }
  const std::string& key(size_t place) const { return keys_[place]; }
  // Place `slot` of client 1..
  size_t PlaceOf(uint32_t client, uint64_t slot) const {
    return static_cast<size_t>((client - 1) * per_client_ + slot);
  }
  // Another key in its place.
  void Renew(size_t place);

 private:
  const uint64_t per_client_;
  std::vector<std::string> keys_;
  uint64_t made_ = 0;
};

class LeaseClient {
 public:
  // `number` from 1. All that is referred to outlives this.
  LeaseClient(RespSession& session, const LeaseWork& work, uint32_t number,
              runtime::Random dice, LeaseKeys& keys, LeaseBooks& books,
              RedisOutcomes& outcomes);

  // Suspends: sets a key or reads one, if somebody can be reached.
  void DoOne();

 private:
  using Requests = std::vector<RespSession::Request>;

  void Set();
  void Look();
  // One or more questions about `key`, and what was told.
  Requests AskAbout(const std::string& key);
  // Whether it was set.
  bool JudgeSet(const RespSession::Request& request,
                const std::vector<RespReply>& replies,
                const LeaseBooks::Set& set, const LeaseBooks::Read& at_set,
                size_t place);
  // The replies from `first` on.
  void JudgeLook(const LeaseBooks::Read& read, const Requests& requests,
                 const std::vector<RespReply>& replies, size_t first);
  void JudgeAnswer(const LeaseBooks::Read& read,
                   const RespSession::Request& request, const RespReply& reply);
  void JudgeNumber(const LeaseBooks::Read& read,
                   const RespSession::Request& request, int64_t number);
  void TurnAway();

  RespSession& session_;
  const LeaseWork& work_;
  const uint32_t number_;
  runtime::Random dice_;
  LeaseKeys& keys_;
  LeaseBooks& books_;
  RedisOutcomes& outcomes_;
  uint64_t values_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_LEASE_CLIENT_H_
