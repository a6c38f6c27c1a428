#include "kv/frontend.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "kv/reply.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace kv {
namespace {

using Code = KvReply::Code;

EntryReply Failed(Code code, absl::string_view text) {
  EntryReply reply;
  reply.code = code;
  reply.text = std::string(text);
  return reply;
}

EntryReply NoLeader(absl::string_view why = "no leader") {
  return Failed(Code::kNotLeader, why);
}

EntryReply Uncertain() {
  return Failed(Code::kUnknown,
                "the outcome is unknown; it may yet take effect");
}

}  // namespace

// A number in the session, for as long as its entry is under way. Lies on the
// stack of the fiber that waits for the answer.
class Frontend::Turn {
 public:
  explicit Turn(Frontend& frontend)
      : frontend_(frontend), session_(frontend.session_) {
    OwnSession& session = frontend.sessions_.at(session_);
    sequence_ = session.next_sequence++;
    session.pending.insert(sequence_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    const auto it = frontend_.sessions_.find(session_);
    it->second.pending.erase(sequence_);
    if (it->second.pending.empty() && session_ != frontend_.session_) {
      frontend_.sessions_.erase(it);
    }
    frontend_.session_changed_.NotifyAll();
  }

  uint64_t session() const { return session_; }
  SessionStamp stamp() const {
    return {session_, sequence_,
            frontend_.sessions_.at(session_).first_pending()};
  }

 private:
  Frontend& frontend_;
  const uint64_t session_;
  uint64_t sequence_;
};

// A place among those that wait for a leader, if there is one left.
class Frontend::Place {
 public:
  explicit Place(Frontend& frontend) : frontend_(frontend) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!taken_) return;
    --frontend_.parked_;
    frontend_.parked_bytes_ -= bytes_;
  }

  // False: there are too many already. Again: nothing changes.
  bool Take(size_t bytes);

 private:
  Frontend& frontend_;
  bool taken_ = false;
  size_t bytes_ = 0;
};

bool Frontend::Place::Take(size_t bytes) {
  if (taken_) return true;
  const FrontendOptions& options = frontend_.options_;
  if (frontend_.parked_ >= options.parked_max ||
      frontend_.parked_bytes_ + bytes > options.parked_bytes_max) {
    REACHABLE("kv: too many requests wait for a leader");
    return false;
  }
  taken_ = true;
  bytes_ = bytes;
  ++frontend_.parked_;
  frontend_.parked_bytes_ += bytes;
  return true;
}

Frontend::Frontend(Collaborators with, FrontendOptions options,
                   runtime::Random random)
    : with_(with),
      options_(options),
      random_(std::move(random)),
      session_changed_(with.executor) {}

EntryReply Frontend::Execute(const CommandBatch& batch, size_t first,
                             runtime::Instant deadline) {
  CHECK_LT(first, batch.size(), "nothing to execute");
  if (batch.bytes() > kEntryBytesMax - kStampBytesMax) {
    return Failed(Code::kInvalid,
                  absl::StrCat("the request is larger than ", kEntryBytesMax,
                               " bytes, with the keys that it watches"));
  }
  return batch.read_only() ? ExecuteRead(batch, first, deadline)
                           : ExecuteWrite(batch, first, deadline);
}

KvReply Frontend::Execute(const KvRequest& request, runtime::Instant deadline) {
  const std::vector<absl::string_view> args(request.args.begin(),
                                            request.args.end());
  const absl::Status valid = CheckCommand({request.operation, args});
  if (!valid.ok()) {
    return ToKvReply(Failed(Code::kInvalid, valid.message()));
  }
  CommandBatch batch;
  batch.Add(request.operation, args);
  return ToKvReply(Execute(batch, 0, deadline));
}

EntryReply Frontend::ExecuteRead(const CommandBatch& batch, size_t first,
                                 runtime::Instant deadline) {
  Parcel parcel{
      .entry = {}, .batch = &batch, .first = first, .changes_state = false};
  return Deliver(parcel, deadline);
}

EntryReply Frontend::ExecuteWrite(const CommandBatch& batch, size_t first,
                                  runtime::Instant deadline) {
  // Once: a command that is tried again is the same command.
  Decisions decisions;
  decisions.now_ms = std::max<int64_t>(
      absl::ToUnixMillis(with_.executor.clock().WallNow()), 0);
  if (batch.random()) decisions.dice = random_.Next();
  for (;;) {
    const absl::Status ready = PrepareSession(deadline);
    if (!ready.ok()) return NoLeader(ready.message());  // Nothing was sent.
    const Turn turn(*this);
    Parcel parcel{.entry = EncodeEntry(turn.stamp(), decisions, batch, first),
                  .batch = nullptr,
                  .first = 0,
                  .changes_state = true};
    EntryReply reply = Deliver(parcel, deadline);
    if (reply.code != Code::kSessionExpired) return reply;
    // No earlier try can have been executed, or Deliver() would not be certain.
    REACHABLE("kv: the server's own session expired");
    if (session_ == turn.session()) session_ = 0;
  }
}

size_t Frontend::numbers_pending() const {
  size_t pending = 0;
  for (const auto& [id, session] : sessions_) pending += session.pending.size();
  return pending;
}

bool Frontend::WindowFull() const {
  const OwnSession& session = sessions_.at(session_);
  return session.next_sequence - session.first_pending() >= kWindow;
}

absl::Status Frontend::PrepareSession(runtime::Instant deadline) {
  while (session_ == 0 || WindowFull()) {
    if (session_ == 0 && !opening_) {
      OpenSession(deadline);
      if (session_ == 0) {
        return absl::DeadlineExceededError(no_session_why_);
      }
    } else {
      const absl::Status waited = session_changed_.Wait(deadline);
      if (!waited.ok()) return absl::Status(waited.code(), no_session_why_);
    }
  }
  return absl::OkStatus();
}

void Frontend::OpenSession(runtime::Instant deadline) {
  CommandBatch batch;
  batch.Add(Operation::kOpenSession, {});
  // Not exactly-once, nor need it be: a session too many is never used and goes
  // first.
  Parcel parcel{.entry = EncodeEntry({}, {}, batch),
                .batch = nullptr,
                .first = 0,
                .changes_state = true};
  opening_ = true;
  const KvReply reply = ToKvReply(Deliver(parcel, deadline));
  opening_ = false;
  no_session_why_ = reply.code == Code::kNotLeader ? reply.text : "no leader";
  if (reply.code == Code::kOk && reply.is_integer) {
    session_ = static_cast<uint64_t>(reply.integer);
    const bool fresh = sessions_.try_emplace(session_).second;
    CHECK(fresh, "session ", session_, " was opened twice");
  }
  session_changed_.NotifyAll();
}

EntryReply Frontend::Deliver(Parcel& parcel, runtime::Instant deadline) {
  bool uncertain = false;  // An earlier try may take effect.
  std::string why = "no leader";
  Place place(*this);
  const runtime::Instant patience =
      std::min(deadline, with_.executor.Now() + options_.leader_wait);
  runtime::NodeId hint;
  do {
    const runtime::Instant try_deadline =
        std::min(deadline, with_.executor.Now() + kTryTimeout +
                               TransferTime(parcel.bytes()));
    EntryReply reply = TryOnce(parcel, hint, try_deadline);
    hint = runtime::NodeId();
    switch (reply.code) {
      case Code::kNotLeader:
        hint = runtime::NodeId(reply.leader);
        if (!reply.text.empty()) why = std::move(reply.text);
        if (!uncertain && !place.Take(parcel.bytes())) return NoLeader(why);
        break;
      case Code::kLost:
        break;
      case Code::kUnknown:
        uncertain = uncertain || parcel.changes_state;
        if (!reply.text.empty()) why = std::move(reply.text);
        break;
      case Code::kBusy:
      case Code::kSessionExpired:
      case Code::kInvalid:
        // Says that this try did nothing, not that the others did nothing.
        if (!uncertain) return reply;
        if (reply.code == Code::kBusy) break;
        return Uncertain();
      default:
        return reply;
    }
  } while (Pause(uncertain ? deadline : patience));
  return uncertain ? Uncertain() : NoLeader(why);
}

EntryReply Frontend::TryOnce(Parcel& parcel, runtime::NodeId hint,
                             runtime::Instant deadline) {
  const runtime::NodeId leader =
      hint != runtime::NodeId() ? hint : with_.node.status().leader;
  if (leader == runtime::NodeId()) return NoLeader();
  if (leader == options_.self) {
    return parcel.changes_state
               ? with_.service.Write(parcel.entry, deadline)
               : with_.service.Read(*parcel.batch, parcel.first, deadline);
  }
  if (parcel.entry.empty()) {
    parcel.entry = EncodeEntry({}, {}, *parcel.batch, parcel.first);
  }
  EntryReply reply = with_.peers.Ask(leader, parcel.entry, deadline);
  const bool in_vain = reply.code == Code::kNotLeader && reply.leader == 0;
  if ((in_vain || reply.code == Code::kUnknown) && !reply.text.empty()) {
    reply.text = absl::StrCat("node ", leader.value(),
                              " leads, but does not answer: ", reply.text);
  }
  return reply;
}

bool Frontend::Pause(runtime::Instant deadline) {
  const absl::Duration pause = random_.Between(kPauseMin, kPauseMax);
  const runtime::Instant until = with_.executor.Now() + pause;
  return until < deadline && with_.executor.SleepUntil(until).ok();
}

}  // namespace kv
