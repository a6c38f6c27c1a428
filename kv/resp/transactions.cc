// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
//
// What is asked in between is kept with the connection, and becomes one command
// of the keyspace at EXEC (kv/commands/transaction.h).

#include <utility>

#include "absl/strings/str_cat.h"

#include "kv/commands/table.h"
#include "kv/resp/table.h"
#include "kv/varint.h"

namespace kv {
namespace {

// What the answers that need no keyspace may weigh together, but for the last.
constexpr size_t kGivenBytesMax = 8 << 20;
// Of the keys that a client watches.
constexpr size_t kWatchedBytesMax = kEntryBytesMax - kRequestBytesMax -
                                    kStampBytesMax -
                                    kWatchedMax * 2 * kVarintBytesMax;

// The request is answered without the keyspace: the answer, worded.
std::string AnswerNow(std::span<const absl::string_view> words,
                      RespRequest& exec) {
  RespPlan plan(&exec.host.stats());
  PlanRequest(words, exec.client, exec.host, plan);
  std::string answer;
  (void)plan.Word(runtime::Bytes(), answer);
  return answer;
}

// Nothing was done.
std::string TooMuch() {
  std::string answer;
  RespWriter(answer).Error("ERR the replies of the transaction are too large");
  return answer;
}

}  // namespace

void PlanMulti(RespRequest& request) {
  if (request.client.queued.has_value()) {
    return request.Refuse("ERR MULTI calls can not be nested");
  }
  request.client.queued.emplace();
  request.Ok();
}

void PlanQueued(RespRequest& request) {
  QueuedRequests& queued = *request.client.queued;
  size_t bytes = kCommandOverheadBytes;
  for (const absl::string_view word : request.args) {
    bytes += word.size() + kWordOverheadBytes;
  }
  const size_t bytes_max = request.host.request_bytes_max();
  if (queued.bytes + bytes > bytes_max) {
    queued.spoilt = true;
    return request.Refuse(absl::StrCat("ERR the transaction is larger than ",
                                       bytes_max,
                                       " bytes (network.request_size_max)"));
  }
  queued.bytes += bytes;
  queued.requests.emplace_back(request.args.begin(), request.args.end());
  request.Answer().Simple("QUEUED");
}

void PlanExec(RespRequest& request) {
  RespClient& client = request.client;
  if (!client.queued.has_value()) {
    return request.Refuse("ERR EXEC without MULTI");
  }
  QueuedRequests queued = *std::exchange(client.queued, std::nullopt);
  const std::vector<WatchedKey> watched = std::exchange(client.watched, {});
  client.watched_bytes = 0;
  if (queued.spoilt) {
    return request.Refuse(
        "EXECABORT Transaction discarded because of previous errors.");
  }
  // The plan keeps what the commands consist of; the client forgets it.
  RespPlan& plan = request.plan;
  CommandBatch commands;
  std::vector<std::optional<std::string>> given;
  std::vector<CommandStats::Id> ids;
  size_t given_bytes = 0;
  for (std::vector<std::string>& words : queued.requests) {
    const CommandRow* row = FindCommand(LowerName(words[0]));
    std::vector<absl::string_view> kept;
    for (std::string& word : words) kept.push_back(plan.Own(std::move(word)));
    if (row == nullptr) {
      given.emplace_back(given_bytes < kGivenBytesMax ? AnswerNow(kept, request)
                                                      : TooMuch());
      given_bytes += given.back()->size();
      ids.push_back(CommandStats::kNone);
      continue;
    }
    commands.Add(row->operation, std::span(kept).subspan(1));
    given.emplace_back(std::nullopt);
    ids.push_back(CommandStats::IdOf(*row));
  }
  plan.AnswerTransaction(client, watched, commands, std::move(given));
  plan.CountWithin(std::move(ids));
}

void PlanDiscard(RespRequest& request) {
  if (!request.client.queued.has_value()) {
    return request.Refuse("ERR DISCARD without MULTI");
  }
  request.client.queued.reset();
  request.client.ForgetWatched();
  request.Ok();
}

void PlanWatch(RespRequest& request) {
  RespClient& client = request.client;
  if (client.queued.has_value()) {
    return request.Refuse("ERR WATCH inside MULTI is not allowed");
  }
  size_t bytes = client.watched_bytes;
  for (const absl::string_view key : request.args.subspan(1)) {
    bytes += key.size();
  }
  if (client.watched.size() + request.args.size() > kWatchedMax ||
      bytes > kWatchedBytesMax) {
    return request.Refuse("ERR too many watched keys");
  }
  request.plan.AnswerWatching(client, request.args.subspan(1));
}

void PlanUnwatch(RespRequest& request) {
  request.client.ForgetWatched();
  request.Ok();
}

}  // namespace kv
