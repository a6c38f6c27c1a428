#include "tests/cluster/recording_client.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "kv/service.h"

namespace cluster {
namespace {

constexpr absl::Duration kConnectPatience = absl::Milliseconds(200);

scenarios::Answer AnswerFrom(const RedisReply& reply) {
  switch (reply.kind) {
    case RedisReply::Kind::kInteger:
      return scenarios::Answer::Integer(reply.integer);
    case RedisReply::Kind::kNil:
      return scenarios::Answer::Nil();
    default:
      return scenarios::Answer::Text(reply.text);
  }
}

}  // namespace

RecordingClient::RecordingClient(HistoryRecorder& recorder, uint32_t id,
                                 std::vector<uint16_t> redis_ports,
                                 absl::Duration patience)
    : recorder_(recorder),
      id_(id),
      ports_(std::move(redis_ports)),
      patience_(patience) {}

RecordingClient::Outcome RecordingClient::Get(const std::string& key) {
  return Ask({.client = id_,
              .operation = kv::Operation::kGet,
              .key = key,
              .argument = "",
              .expected = ""},
             {"GET", key});
}

RecordingClient::Outcome RecordingClient::Set(const std::string& key,
                                              const std::string& value) {
  return Ask({.client = id_,
              .operation = kv::Operation::kSet,
              .key = key,
              .argument = value,
              .expected = ""},
             {"SET", key, value, "GET"});
}

RecordingClient::Outcome RecordingClient::Increment(const std::string& key) {
  return Ask({.client = id_,
              .operation = kv::Operation::kIncrement,
              .key = key,
              .argument = "1",
              .expected = ""},
             {"INCR", key});
}

void RecordingClient::GoToNextNode() {
  connection_.reset();
  node_ = (node_ + 1) % ports_.size();
}

bool RecordingClient::Connect() {
  for (size_t tries = 0; tries < ports_.size(); ++tries) {
    if (connection_.has_value()) return true;
    absl::StatusOr<RedisClient> connection =
        RedisClient::Connect(ports_[node_], kConnectPatience);
    if (connection.ok()) {
      connection_.emplace(*std::move(connection));
    } else {
      GoToNextNode();
    }
  }
  return connection_.has_value();
}

RecordingClient::Outcome RecordingClient::Ask(
    scenarios::Question question,
    std::initializer_list<absl::string_view> words) {
  if (!Connect()) return Outcome::kNotAsked;
  const HistoryRecorder::OperationId id = recorder_.Invoke(std::move(question));
  const std::string token = absl::StrCat("echo-", id_, "-", ++asked_);
  const Outcome outcome = Conclude(
      id,
      connection_->CallWithEcho(
          absl::MakeConstSpan(words.begin(), words.size()), token, patience_));
  if (outcome != Outcome::kAnswered) GoToNextNode();
  return outcome;
}

RecordingClient::Outcome RecordingClient::Conclude(
    HistoryRecorder::OperationId id, const absl::StatusOr<RedisReply>& reply) {
  if (!reply.ok()) {
    // A connection that broke in the middle of a reply is the server's right;
    // bytes that are no reply are not.
    if (absl::IsDataLoss(reply.status()) && !strange_error_.has_value()) {
      strange_error_ = std::string(reply.status().message());
    }
    return Outcome::kUnknown;
  }
  if (reply->kind != RedisReply::Kind::kError) {
    recorder_.Answered(id, AnswerFrom(*reply));
    return Outcome::kAnswered;
  }
  if (absl::StartsWith(reply->text, "CLUSTERDOWN ") ||
      absl::StartsWith(reply->text, "BUSY ")) {
    recorder_.Refused(id);
    return Outcome::kRefused;
  }
  if (!absl::StartsWith(reply->text, "UNCERTAIN ") &&
      !strange_error_.has_value()) {
    strange_error_ = reply->text;
  }
  return Outcome::kUnknown;
}

}  // namespace cluster
