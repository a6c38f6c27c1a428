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

// Of a long read, which was begun: what one leader had no time for must not be
// asked of the next one, and the one after that.
EntryReply NoAnswer(absl::string_view why) {
  return Failed(Code::kNotLeader,
                why.empty() ? "the leader did not answer in time" : why);
}

EntryReply Uncertain() {
  return Failed(Code::kUnknown,
                "the outcome is unknown; it may yet take effect");
}

}  // namespace

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

// What one request has while it is under way, on the stack of its fiber.
struct Frontend::Errand {
  Errand(Frontend& frontend, runtime::Instant until)
      : place(frontend),
        deadline(until),
        patience(std::min(until, frontend.with_.executor.Now() +
                                     frontend.options_.leader_wait)) {}

  Place place;
  LeaderLine::Ticket ticket;
  const runtime::Instant deadline;
  // Until then it waits for somebody to take it.
  const runtime::Instant patience;
};

Frontend::Frontend(Collaborators with, FrontendOptions options,
                   runtime::Random random)
    : with_(with),
      options_(options),
      random_(std::move(random)),
      session_(with.executor),
      line_(with.executor, with.node, random_.Fork("leader_line")) {}

EntryReply Frontend::Execute(const CommandBatch& batch, size_t first,
                             runtime::Instant deadline) {
  CHECK_LT(first, batch.size(), "nothing to execute");
  if (batch.bytes() > kEntryBytesMax - kStampBytesMax) {
    return Failed(Code::kInvalid,
                  absl::StrCat("the request is larger than ", kEntryBytesMax,
                               " bytes, with the keys that it watches"));
  }
  Errand errand(*this, deadline);
  return batch.read_only() ? ExecuteRead(batch, first, errand)
                           : ExecuteWrite(batch, first, errand);
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
                                 Errand& errand) {
  Parcel parcel{
      .entry = {}, .batch = &batch, .first = first, .changes_state = false};
  return Deliver(parcel, errand);
}

EntryReply Frontend::ExecuteWrite(const CommandBatch& batch, size_t first,
                                  Errand& errand) {
  // Once: a command that is tried again is the same command.
  Decisions decisions;
  decisions.now_ms = std::max<int64_t>(
      absl::ToUnixMillis(with_.executor.clock().WallNow()), 0);
  if (batch.random()) decisions.dice = random_.Next();
  for (;;) {
    if (!EnterSession(batch.bytes(), errand)) return NoLeader();
    const Turn turn(session_);
    Parcel parcel{.entry = EncodeEntry(turn.stamp(), decisions, batch, first),
                  .batch = nullptr,
                  .first = 0,
                  .changes_state = true};
    EntryReply reply = Deliver(parcel, errand);
    if (reply.code != Code::kSessionExpired) return reply;
    // No earlier try can have been executed, or Deliver() would not be certain.
    REACHABLE("kv: the server's own session expired");
    session_.Expired(turn.session());
  }
}

bool Frontend::EnterSession(size_t bytes, Errand& errand) {
  for (;;) {
    const bool none = session_.id() == 0;
    // For want of a leader; for want of room it may wait longer.
    if (none && !errand.place.Take(bytes)) return false;
    switch (session_.Enter(none ? errand.patience : errand.deadline)) {
      case OwnSession::Entrance::kGo:
        return true;
      case OwnSession::Entrance::kTooLate:
        return false;
      case OwnSession::Entrance::kOpen:
        OpenSession(errand);
        if (session_.id() == 0) return false;
    }
  }
}

void Frontend::OpenSession(Errand& errand) {
  CommandBatch batch;
  batch.Add(Operation::kOpenSession, {});
  // Not exactly-once, nor need it be: a session too many is never used and goes
  // first.
  Parcel parcel{.entry = EncodeEntry({}, {}, batch),
                .batch = nullptr,
                .first = 0,
                .changes_state = true};
  // Also when this fiber is unwound: somebody else must be able to try.
  struct Opening {
    explicit Opening(OwnSession& opened) : session(opened) {}
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;
    ~Opening() { session.Opened(id); }
    OwnSession& session;
    uint64_t id = 0;
  } opening(session_);
  const KvReply reply = ToKvReply(Deliver(parcel, errand));
  if (reply.code == Code::kOk && reply.is_integer) {
    opening.id = static_cast<uint64_t>(reply.integer);
  }
}

EntryReply Frontend::Deliver(Parcel& parcel, Errand& errand) {
  bool uncertain = false;  // An earlier try may take effect.
  runtime::NodeId hint;
  for (bool first = true;; first = false) {
    if (!first || !line_.open()) {
      if (!uncertain && !errand.place.Take(parcel.bytes())) return NoLeader();
      const runtime::Instant until =
          uncertain ? errand.deadline : errand.patience;
      if (!line_.Await(errand.ticket, until)) break;
    }
    const runtime::Instant try_end =
        with_.executor.Now() + kTryTimeout + TransferTime(parcel.bytes());
    const runtime::Instant try_deadline =
        parcel.walks() ? errand.deadline : std::min(errand.deadline, try_end);
    EntryReply reply = TryOnce(parcel, hint, try_deadline);
    hint = runtime::NodeId();
    switch (reply.code) {
      case Code::kNotLeader:
        hint = runtime::NodeId(reply.leader);
        break;
      case Code::kLost:
        break;
      case Code::kUnknown:
        if (parcel.walks()) return NoAnswer(reply.text);
        uncertain = uncertain || parcel.changes_state;
        break;
      case Code::kBusy:
      case Code::kSessionExpired:
      case Code::kInvalid:
        // Says that this try did nothing, not that the others did nothing.
        if (!uncertain) return reply;
        if (reply.code == Code::kBusy) {
          line_.OnBusy();
          break;
        }
        return Uncertain();
      default:
        return reply;
    }
  }
  return uncertain ? Uncertain() : NoLeader();
}

EntryReply Frontend::TryOnce(Parcel& parcel, runtime::NodeId hint,
                             runtime::Instant deadline) {
  const runtime::NodeId leader =
      hint != runtime::NodeId() ? hint : with_.node.status().leader;
  EntryReply reply = leader == runtime::NodeId()
                         ? Failed(Code::kNotLeader, "no leader")
                         : Ask(leader, parcel, deadline);
  switch (reply.code) {
    case Code::kNotLeader:
      line_.OnRefused();
      refused_why_ = reply.text;
      break;
    // These say nothing of the next request.
    case Code::kUnknown:
      refused_why_ = reply.text;
      break;
    case Code::kLost:
      break;
    default:
      line_.OnTaken(leader);
      refused_why_.clear();
      break;
  }
  return reply;
}

EntryReply Frontend::NoLeader() const {
  if (with_.node.status().leader == runtime::NodeId()) {
    const std::string stranger = net::NotAMember(with_.transport.links());
    return Failed(Code::kNotLeader, stranger.empty() ? "no leader" : stranger);
  }
  return Failed(Code::kNotLeader,
                refused_why_.empty() ? "no leader" : refused_why_);
}

EntryReply Frontend::Ask(runtime::NodeId leader, Parcel& parcel,
                         runtime::Instant deadline) {
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

}  // namespace kv
