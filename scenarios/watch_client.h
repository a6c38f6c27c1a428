// A Redis client that watches keys of its own, changes them or not over another
// connection, lets time pass, and executes a transaction that rests on them
// (scenarios/checks/watch_books.h).
//
// The keys are "watched:<client>:<serial>": plain ones, ones that expire,
// hashes, and some that are not there. Whenever it does not know what became of
// a write, it goes on with other keys.

#ifndef SCENARIOS_WATCH_CLIENT_H_
#define SCENARIOS_WATCH_CLIENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "runtime/random.h"
#include "scenarios/checks/watch_books.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/resp_session.h"
#include "scenarios/scenario.h"

namespace scenarios {

class WatchClient {
 public:
  // All outlive the client.
  struct Collaborators {
    runtime::Executor& executor;
    RespSession& watcher;
    RespSession& other;  // Writes what the watcher watches.
    WatchBooks& books;
    RedisOutcomes& outcomes;
  };

  // `number` from 1. `work` outlives this.
  WatchClient(Collaborators with, const WatchWork& work, uint32_t number,
              runtime::Random dice);

  // Suspends: one transaction, if somebody can be reached.
  void DoOne();

 private:
  using Requests = std::vector<RespSession::Request>;
  using Watched = WatchBooks::Watched;

  static constexpr size_t kKeys = 2;

  // What a key is, as far as this client knows.
  enum class Shape : uint8_t { kNone, kText, kHash };
  struct Key {
    std::string name;
    Shape shape = Shape::kNone;
    std::optional<WatchBooks::Lease> lease = std::nullopt;
  };
  // A write, and what it makes of a key if it is done.
  struct Change {
    RespSession::Request request;
    Key after;
    bool changes = true;
  };

  void Renew(Key& key);
  // One of those that can be done to it.
  Change AnyChange(const Key& key);
  Change SetText(const Key& key);
  Change ChangeHash(const Key& key);
  enum class Fate : uint8_t { kChanged, kNothing, kUnknown };
  // Suspends. Renews the key when nobody tells what became of it.
  Fate Carry(const Change& change, Key& key);
  // False: it cannot go on.
  bool Watch(std::vector<Watched>& watched);
  void Meddle(std::vector<Watched>& watched);
  void Exec(const std::vector<Watched>& watched);
  bool Pause();
  void TurnAway();

  const Collaborators with_;
  const WatchWork& work_;
  const uint32_t number_;
  runtime::Random dice_;
  std::array<Key, kKeys> keys_;
  uint64_t made_ = 0;    // Keys.
  uint64_t values_ = 0;  // Values.
};

}  // namespace scenarios

#endif  // SCENARIOS_WATCH_CLIENT_H_
