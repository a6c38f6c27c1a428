#include "scenarios/bulk_client.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace scenarios {
namespace {

using Kind = RespReply::Kind;

// Together more than a server and the windows of a connection hold.
constexpr size_t kPipelineRequests = 400;
constexpr size_t kPipelineBytes = 16'000;
constexpr size_t kLargeBytes = 5 << 20;
constexpr size_t kTooLargeBytes = 9 << 20;
// Of more pieces than are freed at once, or in one turn.
constexpr int64_t kListValues = 5000;

constexpr uint32_t kPipelinePpm = 500'000;
constexpr uint32_t kTransactionPpm = 300'000;
constexpr uint32_t kLargePpm = 300'000;
constexpr uint32_t kListPpm = 300'000;
constexpr uint32_t kTooLargePpm = 500'000;

// What it is that a reply says too much of.
std::string Shortened(const RespReply& reply) {
  return reply.ToString().substr(0, 100);
}

}  // namespace

BulkClient::BulkClient(RespSession& session, uint32_t number,
                       runtime::Random dice, Violations& violations,
                       RedisOutcomes& outcomes)
    : session_(session),
      number_(number),
      dice_(std::move(dice)),
      violations_(violations),
      outcomes_(outcomes) {}

std::string BulkClient::CounterKey(uint32_t number) {
  return absl::StrCat("bulk:", number);
}

void BulkClient::Report(std::string evidence) {
  violations_.Report("redis-bulk", absl::StrCat("client ", number_, ": ",
                                                std::move(evidence)));
}

void BulkClient::DoOne() {
  if (!session_.Connect()) return;
  if (dice_.Chance(kPipelinePpm)) {
    (void)Pipeline();
  } else if (dice_.Chance(kTransactionPpm)) {
    Transaction();
  } else if (dice_.Chance(kLargePpm)) {
    LargeValue();
  } else if (dice_.Chance(kListPpm)) {
    LargeList();
  } else if (dice_.Chance(kTooLargePpm)) {
    TooLarge();
  } else {
    Browse();
  }
}

bool BulkClient::Pipeline() {
  const std::string text(kPipelineBytes,
                         static_cast<char>('a' + dice_.Below(26)));
  const Requests requests(kPipelineRequests, {"ECHO", text});
  const std::vector<RespReply> replies = session_.Ask(requests);
  for (const RespReply& reply : replies) {
    if (reply.kind == Kind::kBulk && reply.text == text) continue;
    Report(absl::StrCat("ECHO of ", text.size(), " bytes was answered ",
                        Shortened(reply)));
  }
  return replies.size() == requests.size();
}

void BulkClient::Transaction() {
  Requests requests = {{"MULTI"}};
  for (int64_t i = 0; i < kStep; ++i) {
    requests.push_back({"INCR", CounterKey(number_)});
  }
  requests.push_back({"EXEC"});
  JudgeTransaction(session_.Ask(requests));
}

void BulkClient::JudgeTransaction(const std::vector<RespReply>& replies) {
  const size_t requests = static_cast<size_t>(kStep) + 2;
  if (outcomes_.Judge({"EXEC"}, replies, requests - 1) !=
      RespVerdict::kAnswered) {
    return;
  }
  const RespReply& exec = replies.back();
  if (exec.parts.size() != static_cast<size_t>(kStep)) {
    return Report(
        absl::StrCat("EXEC of ", kStep, " was answered ", Shortened(exec)));
  }
  const int64_t first = exec.parts[0].integer;
  for (int64_t i = 0; i < kStep; ++i) {
    const RespReply& part = exec.parts[static_cast<size_t>(i)];
    if (part.kind == Kind::kInteger && part.integer == first + i &&
        first % kStep == 1) {
      continue;
    }
    return Report(absl::StrCat("INCR ", i, " of a transaction of ", kStep,
                               " was answered ", Shortened(part),
                               ", the first ", first));
  }
}

void BulkClient::LargeValue() {
  const std::string key = absl::StrCat("bulk:value:", number_);
  std::string value = absl::StrCat(++values_, " of ", number_, " ");
  value.resize(kLargeBytes, static_cast<char>('a' + values_ % 26));
  const Requests requests = {{"SET", key, value}, {"GET", key}};
  const std::vector<RespReply> replies = session_.Ask(requests);
  const RespVerdict set = outcomes_.Judge({"SET", key}, replies, 0);
  const RespVerdict get = outcomes_.Judge({"GET", key}, replies, 1);
  // Both are one entry of the log, or what was told of both is the same.
  if (set != RespVerdict::kAnswered || get != RespVerdict::kAnswered) return;
  if (replies[1].kind != Kind::kBulk || replies[1].text != value) {
    Report(absl::StrCat("a value of ", value.size(), " bytes was read as ",
                        Shortened(replies[1])));
  }
}

void BulkClient::LargeList() {
  // Its own each time: of one that was given up nobody knows what it holds.
  const std::string key = absl::StrCat("bulk:list:", number_, ":", ++lists_);
  Requests requests = {{"RPUSH", key}, {"DEL", key}, {"EXISTS", key}};
  requests[0].insert(requests[0].end(), kListValues, "value");
  const std::vector<RespReply> replies = session_.Ask(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    const RespSession::Request named = {requests[i][0], key};
    if (outcomes_.Judge(named, replies, i) != RespVerdict::kAnswered) return;
  }
  if (replies[0].integer == kListValues && replies[1].integer == 1 &&
      replies[2].integer == 0) {
    return;
  }
  Report(absl::StrCat("a list of ", kListValues, " values was made, deleted ",
                      "and looked for: ", Shortened(replies[0]), ", ",
                      Shortened(replies[1]), ", ", Shortened(replies[2])));
}

void BulkClient::TooLarge() {
  const std::vector<RespReply> replies =
      session_.Ask({{"ECHO", std::string(kTooLargeBytes, 'x')}, {"PING"}});
  const bool refused =
      replies.empty() ||
      (replies[0].kind == Kind::kError &&
       absl::StartsWith(replies[0].text, "ERR the request is larger than"));
  const bool goes_on = replies.size() < 2 || replies[1].text == "PONG";
  if (refused && goes_on) return;
  Report(absl::StrCat("what is too large was answered ", Shortened(replies[0]),
                      ", and PING behind it ",
                      replies.size() < 2 ? "not" : Shortened(replies[1])));
}

void BulkClient::Browse() {
  const std::string told = session_.Tell(absl::StrCat(
      "POST / HTTP/1.1\r\nHost: localhost:6379\r\nContent-Length: 30\r\n\r\n",
      "SET ", kBrowserKey, " 1\r\nINCR ", CounterKey(number_), "\r\n"));
  if (!told.empty()) {
    Report(absl::StrCat("a browser was answered ", told.substr(0, 100)));
  }
}

}  // namespace scenarios
