#include "scenarios/lease_client.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

using Kind = RespReply::Kind;

constexpr uint32_t kSetPpm = 300'000;
constexpr uint32_t kOnlyIfGonePpm = 300'000;  // SET ... NX
constexpr uint32_t kLookToPpm = 400'000;      // In the pipeline of a SET.
constexpr uint32_t kLeavePpm = 500'000;
constexpr uint64_t kQuestionsMax = 4;

constexpr std::array<absl::string_view, 4> kQuestions = {"GET", "EXISTS",
                                                         "PTTL", "PEXPIRETIME"};

}  // namespace

LeaseKeys::LeaseKeys(const LeaseWork& work) : per_client_(work.keys) {
  keys_.resize(size_t{work.clients} * work.keys);
  for (size_t place = 0; place < keys_.size(); ++place) Renew(place);
}

void LeaseKeys::Renew(size_t place) {
  keys_[place] = absl::StrCat("lease:", place, ":", ++made_);
}

LeaseClient::LeaseClient(RespSession& session, const LeaseWork& work,
                         uint32_t number, runtime::Random dice, LeaseKeys& keys,
                         LeaseBooks& books, RedisOutcomes& outcomes)
    : session_(session),
      work_(work),
      number_(number),
      dice_(std::move(dice)),
      keys_(keys),
      books_(books),
      outcomes_(outcomes) {}

void LeaseClient::DoOne() {
  if (!session_.Connect()) return;
  if (dice_.Chance(kSetPpm)) {
    Set();
  } else {
    Look();
  }
}

void LeaseClient::TurnAway() {
  if (session_.connected() && dice_.Chance(kLeavePpm)) session_.Leave();
}

LeaseClient::Requests LeaseClient::AskAbout(const std::string& key) {
  Requests requests;
  const uint64_t count = 1 + dice_.Below(kQuestionsMax);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t question = dice_.Below(kQuestions.size());
    requests.push_back({std::string(kQuestions[question]), key});
  }
  return requests;
}

// --------------------------------------------------------------------- sets

void LeaseClient::Set() {
  const size_t place = keys_.PlaceOf(number_, dice_.Below(work_.keys));
  const std::string key = keys_.key(place);
  const absl::Duration lasts = dice_.Between(work_.lasts.low, work_.lasts.high);
  const int64_t lasts_ms = absl::ToInt64Milliseconds(lasts);
  const std::string value = absl::StrCat("v", number_, "-", ++values_);
  Requests requests = {{"SET", key, value, "PX", absl::StrCat(lasts_ms)}};
  if (dice_.Chance(kOnlyIfGonePpm)) requests[0].emplace_back("NX");
  if (dice_.Chance(kLookToPpm)) {
    const Requests more = AskAbout(key);
    requests.insert(requests.end(), more.begin(), more.end());
  }
  const LeaseBooks::Read at_set = books_.OnReadAsked(key, session_.node());
  const LeaseBooks::Set set =
      books_.OnSetAsked(key, value, lasts_ms, session_.node());
  LeaseBooks::Read read = books_.OnReadAsked(key);
  const std::vector<RespReply> replies = session_.Ask(requests);
  if (JudgeSet(requests[0], replies, set, at_set, place)) {
    read.behind = set.number;
  }
  JudgeLook(read, requests, replies, 1);
}

bool LeaseClient::JudgeSet(const RespSession::Request& request,
                           const std::vector<RespReply>& replies,
                           const LeaseBooks::Set& set,
                           const LeaseBooks::Read& at_set, size_t place) {
  const bool only_if_gone = request.back() == "NX";
  switch (outcomes_.Judge(request, replies, 0)) {
    case RespVerdict::kAnswered:
      break;
    case RespVerdict::kNotDone:
      books_.OnSetNotDone(set);
      return false;
    default:
      keys_.Renew(place);
      return false;
  }
  if (replies[0].kind == Kind::kSimple) {
    if (only_if_gone) books_.OnGoneForSet(at_set, set);
    books_.OnSetDone(set);
    return true;
  }
  if (replies[0].kind == Kind::kNil && only_if_gone) {
    books_.OnSetNotDone(set);
    books_.OnThere(at_set);
  } else {
    outcomes_.ReportWrong(request, replies[0]);
  }
  return false;
}

// -------------------------------------------------------------------- looks

void LeaseClient::Look() {
  const std::string key = keys_.key(dice_.Below(keys_.size()));
  const Requests requests = AskAbout(key);
  const LeaseBooks::Read read = books_.OnReadAsked(key);
  JudgeLook(read, requests, session_.Ask(requests), 0);
}

void LeaseClient::JudgeLook(const LeaseBooks::Read& read,
                            const Requests& requests,
                            const std::vector<RespReply>& replies,
                            size_t first) {
  bool helped = true;
  for (size_t i = first; i < requests.size(); ++i) {
    if (outcomes_.Judge(requests[i], replies, i) == RespVerdict::kAnswered) {
      JudgeAnswer(read, requests[i], replies[i]);
    } else {
      helped = false;
    }
  }
  if (!helped) TurnAway();
}

void LeaseClient::JudgeAnswer(const LeaseBooks::Read& read,
                              const RespSession::Request& request,
                              const RespReply& reply) {
  const bool asks_value = request[0] == "GET";
  if (asks_value && reply.kind == Kind::kNil) {
    books_.OnGone(read);
  } else if (asks_value && reply.kind == Kind::kBulk) {
    books_.OnValue(read, reply.text);
  } else if (!asks_value && reply.kind == Kind::kInteger) {
    JudgeNumber(read, request, reply.integer);
  } else {
    outcomes_.ReportWrong(request, reply);
  }
}

void LeaseClient::JudgeNumber(const LeaseBooks::Read& read,
                              const RespSession::Request& request,
                              int64_t number) {
  const bool exists = request[0] == "EXISTS";
  if (number == (exists ? 0 : -2)) {
    books_.OnGone(read);
  } else if (exists) {
    books_.OnThere(read);
  } else if (request[0] == "PTTL") {
    books_.OnTimeLeft(read, number);
  } else {
    books_.OnDeadline(read, number);
  }
}

}  // namespace scenarios
