#include "kv/sessions.h"

#include <utility>

#include "kv/state_hash.h"
#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/random.h"

namespace kv {

using runtime::MixHash;

uint64_t Sessions::HashOf(uint64_t id, const Session& session) {
  return MixHash(MixHash(MixHash(0x73657373696f6eu, id), session.last_used),
                 session.first_pending);
}

uint64_t Sessions::HashOf(uint64_t id, uint64_t sequence,
                          const runtime::Bytes& result) {
  return MixHash(MixHash(MixHash(0x726573756c74u, id), sequence),
                 HashBytes(result.text()));
}

void Sessions::Open(raft::Index index) {
  admitted_ = nullptr;
  if (sessions_.size() >= sessions_max_) EvictOldest();
  const uint64_t id = index.value();
  const auto [it, fresh] =
      sessions_.try_emplace(id, std::make_unique<Session>());
  CHECK(fresh, "two entries at index ", id);
  Session& session = *it->second;
  session.last_used = id;
  session.place = by_use_.insert(by_use_.end(), id);
  hash_ += HashOf(id, session);
}

Sessions::Admission Sessions::Admit(const SessionStamp& stamp,
                                    raft::Index index) {
  admitted_ = nullptr;
  if (stamp.sequence == 0 || stamp.first_pending > stamp.sequence) {
    return {Verdict::kInvalid, nullptr};
  }
  const auto it = sessions_.find(stamp.session);
  if (it == sessions_.end()) {
    REACHABLE("kv: an entry of a session that is gone");
    return {Verdict::kExpired, nullptr};
  }
  Session& session = *it->second;
  hash_ -= HashOf(stamp.session, session);
  session.last_used = index.value();
  by_use_.splice(by_use_.end(), by_use_, session.place);
  Forget(session, stamp.first_pending);
  hash_ += HashOf(stamp.session, session);

  if (stamp.sequence < session.first_pending) {
    REACHABLE("kv: an entry whose result is forgotten");
    return {Verdict::kExpired, nullptr};
  }
  const auto kept = session.results.find(stamp.sequence);
  if (kept != session.results.end()) {
    REACHABLE("kv: an entry came twice");
    return {Verdict::kDuplicate, &kept->second.result};
  }
  if (session.results.size() >= kResultsMax ||
      session.result_bytes >= kResultBytesMax) {
    return {Verdict::kBusy, nullptr};
  }
  admitted_ = &session;
  return {Verdict::kFresh, nullptr};
}

void Sessions::Record(const SessionStamp& stamp, runtime::Bytes result) {
  CHECK(admitted_ != nullptr, "session ", stamp.session, " was not admitted");
  const uint64_t hash = HashOf(stamp.session, stamp.sequence, result);
  hash_ += hash;
  admitted_->result_bytes += result.size();
  const bool fresh =
      admitted_->results
          .try_emplace(stamp.sequence,
                       Kept{.result = std::move(result), .hash = hash})
          .second;
  CHECK(fresh, "session ", stamp.session, " executed ", stamp.sequence,
        " twice");
  admitted_ = nullptr;
}

void Sessions::Forget(Session& session, uint64_t first_pending) {
  if (first_pending <= session.first_pending) return;
  session.first_pending = first_pending;
  auto it = session.results.begin();
  while (it != session.results.end() && it->first < first_pending) {
    hash_ -= it->second.hash;
    session.result_bytes -= it->second.result.size();
    it = session.results.erase(it);
  }
}

void Sessions::EvictOldest() {
  REACHABLE("kv: a session is dropped for another");
  const uint64_t oldest = by_use_.front();
  const auto it = sessions_.find(oldest);
  CHECK(it != sessions_.end(), "no session ", oldest);
  const Session& session = *it->second;
  hash_ -= HashOf(oldest, session);
  for (const auto& [sequence, kept] : session.results) hash_ -= kept.hash;
  by_use_.pop_front();
  sessions_.erase(it);
}

}  // namespace kv
