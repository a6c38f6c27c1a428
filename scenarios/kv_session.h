// One client of the replicated keyspace, as a careful user would write it:
// finds the leader, retries what may be retried, and knows what it cannot know.
//
// Writes go through a session of the store (kv/service.h), so that a retry is
// applied once. When the patience for an operation ends and some attempt of it
// might still be under way, its outcome is kUnknown: it may take effect at any
// time later, or never.
//
// Several fibers may each carry out an operation at the same time, over one
// session: its entries then arrive in any order.

#ifndef SCENARIOS_KV_SESSION_H_
#define SCENARIOS_KV_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"

#include "kv/service.h"
#include "net/address.h"
#include "net/client_end.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/random.h"
#include "scenarios/history.h"
#include "sim/world.h"

namespace scenarios {

class KvSession {
 public:
  struct Outcome {
    enum class Kind : uint8_t {
      kAnswered,
      kRefused,  // Certainly not done.
      kUnknown,
    };
    Kind kind = Kind::kRefused;
    Answer answer;  // kAnswered.
  };

  // `process` must outlive this. Server i of `servers` is node i + 1.
  KvSession(sim::Process& process, const std::vector<net::Address>& servers);

  // Suspends until answered or until the deadline.
  Outcome Execute(const Question& question, runtime::Instant deadline);

  // The next write opens a new session.
  void Renew() { session_.reset(); }

 private:
  // One that the store knows, or has known.
  struct Opened {
    uint64_t id = 0;
    uint64_t last_sequence = 0;
    absl::btree_set<uint64_t> pending;  // Sequences of writes under way.
  };
  // A write under way: what is below the first of them is acknowledged.
  class Pending {
   public:
    explicit Pending(std::shared_ptr<Opened> session)
        : session_(std::move(session)), sequence_(++session_->last_sequence) {
      session_->pending.insert(sequence_);
    }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() { session_->pending.erase(sequence_); }

    void Stamp(kv::KvRequest& request) const {
      request.session = session_->id;
      request.sequence = sequence_;
      request.first_pending = *session_->pending.begin();
    }
    const std::shared_ptr<Opened>& session() const { return session_; }

   private:
    const std::shared_ptr<Opened> session_;
    const uint64_t sequence_;
  };

  // What one attempt says about the whole operation.
  enum class Attempt : uint8_t {
    kAnswered,
    kNotDone,  // This attempt had and will have no effect: try again.
    kPerhaps,  // It may have an effect, now or later.
    kExpired,  // The session is gone; what earlier attempts did is not known.
  };

  bool OpenSession(runtime::Instant deadline);
  Attempt TryOnce(const kv::KvRequest& request, runtime::Instant deadline,
                  kv::KvReply* reply);
  void TryAnotherServer();
  // Between two attempts. False: the client is to stop.
  bool BackOff(runtime::Instant deadline);

  runtime::Executor& executor_;
  runtime::Random dice_;
  const absl::Duration patience_;                      // Of one attempt.
  std::vector<std::unique_ptr<net::ClientEnd>> ends_;  // By server.
  size_t server_ = 0;
  std::shared_ptr<Opened> session_;  // Null: none yet.
};

// kv/service.h's arguments for a question.
kv::KvRequest RequestFor(const Question& question);
// Requires: the reply says that it was done.
Answer AnswerFrom(const kv::KvReply& reply);

}  // namespace scenarios

#endif  // SCENARIOS_KV_SESSION_H_
