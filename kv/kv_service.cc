#include "kv/kv_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "kv/reply.h"
#include "runtime/check.h"

namespace kv {
namespace {

using Code = KvReply::Code;

EntryReply Invalid(absl::string_view why) {
  EntryReply reply;
  reply.code = Code::kInvalid;
  reply.text = std::string(why);
  return reply;
}

EntryReply FromOutcome(raft::Outcome outcome) {
  EntryReply reply;
  switch (outcome.kind) {
    case raft::Outcome::Kind::kApplied:
      reply.code = Code::kOk;
      reply.results = std::move(outcome.result);
      reply.stages = outcome.stages;
      break;
    case raft::Outcome::Kind::kRefused:
      if (outcome.reason == raft::RefusalReason::kBusy ||
          outcome.reason == raft::RefusalReason::kStorageFull) {
        reply.code = Code::kBusy;
        reply.text = "the leader has too much to do";
      } else {
        reply.code = Code::kNotLeader;
        reply.leader = outcome.leader_hint.value();
      }
      break;
    case raft::Outcome::Kind::kLost:
      reply.code = Code::kLost;
      reply.text = "another leader overwrote it";
      break;
    case raft::Outcome::Kind::kUnknown:
      reply.code = Code::kUnknown;
      reply.text = "the outcome is unknown; it may yet take effect";
      break;
  }
  return reply;
}

// An entry that was refused at its place in the log says so in its one result.
// That is an answer about the entry, not about a command.
EntryReply LiftRefusal(EntryReply reply) {
  if (reply.code != Code::kOk) return reply;
  const std::optional<ReplyView> first =
      ResultReader(reply.results.text()).Next();
  if (!first.has_value()) return Invalid("the results are malformed");
  if (first->kind == ReplyKind::kRefusal) {
    reply.code = first->code;
    reply.text = std::string(first->text);
    reply.results = runtime::Bytes();
  }
  return reply;
}

}  // namespace

EntryReply KvService::Read(const CommandBatch& batch, size_t first,
                           runtime::Instant deadline) {
  EntryReply reply;
  absl::Status barrier = node_.ReadBarrier(deadline);
  // It holds for every later state as well.
  if (barrier.ok()) barrier = store_.AwaitRead(batch, deadline);
  if (!barrier.ok()) {
    // Whatever the reason: nothing was read, and this node could not prove that
    // it leads.
    const raft::NodeStatus status = node_.status();
    reply.code = Code::kNotLeader;
    if (status.role != raft::Role::kLeader) {
      reply.leader = status.leader.value();
    }
    return reply;
  }
  const Decisions decisions = Decide(batch);
  std::optional<runtime::Bytes> results = store_.Read(batch, first, decisions);
  if (!results.has_value()) {
    return Write(EncodeEntry({}, decisions, batch, first), deadline);
  }
  reply.code = Code::kOk;
  reply.results = *std::move(results);
  return reply;
}

Decisions KvService::Decide(const CommandBatch& batch) {
  Decisions decisions;
  decisions.now_ms = std::max<int64_t>(absl::ToUnixMillis(clock_.WallNow()), 0);
  if (batch.random()) decisions.dice = dice_.Next();
  return decisions;
}

EntryReply KvService::Write(runtime::Bytes entry, runtime::Instant deadline) {
  return LiftRefusal(FromOutcome(node_.Propose(std::move(entry), deadline)));
}

EntryReply KvService::Execute(const runtime::Bytes& entry,
                              runtime::Instant deadline) {
  SessionStamp stamp;
  Decisions decisions;
  CommandBatch batch;
  const absl::Status decoded =
      DecodeEntry(entry.text(), stamp, decisions, batch);
  if (!decoded.ok()) return Invalid(decoded.message());
  if (batch.read_only()) return Read(batch, 0, deadline);
  return Write(entry, deadline);
}

KvReply KvService::Execute(const KvRequest& request,
                           runtime::Instant deadline) {
  const std::vector<absl::string_view> args(request.args.begin(),
                                            request.args.end());
  const absl::Status valid = CheckCommand({request.operation, args});
  if (!valid.ok()) return ToKvReply(Invalid(valid.message()));
  CommandBatch batch;
  batch.Add(request.operation, args);
  const runtime::Bytes entry =
      EncodeEntry({request.session, request.sequence, request.first_pending},
                  Decide(batch), batch);
  return ToKvReply(Execute(entry, deadline));
}

EntryReply KvService::Forwarded(const EntryRequest& request,
                                runtime::Instant deadline) {
  if (request.founding != founding_) {
    EntryReply reply;
    reply.code = Code::kNotLeader;
    reply.text = "it belongs to another cluster";
    return reply;
  }
  // Copied out of its frame: the log must not keep the frame alive.
  return Execute(runtime::Bytes::Copy(request.entry.span()), deadline);
}

void KvService::Register(net::RpcServer& server) {
  server.Handle<KvRequest, KvReply>(
      kExecuteMethod,
      [this](const net::CallContext& call,
             const KvRequest& request) -> absl::StatusOr<KvReply> {
        return Execute(request, call.deadline);
      });
  server.Handle<EntryRequest, EntryReply>(
      kForwardMethod,
      [this](const net::CallContext& call,
             const EntryRequest& request) -> absl::StatusOr<EntryReply> {
        return Forwarded(request, call.deadline);
      });
}

KvReply ToKvReply(const EntryReply& reply) {
  if (reply.code == Code::kOk) {
    ResultReader reader(reply.results.text());
    return ToKvReply(reader);
  }
  KvReply out;
  out.code = reply.code;
  out.text = reply.text;
  out.leader = reply.leader;
  return out;
}

}  // namespace kv
