#include "tests/cluster/redis_client.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "runtime/status_macros.h"

namespace cluster {
namespace {

constexpr int64_t kTextBytesMax = int64_t{64} << 20;

std::string Request(absl::Span<const absl::string_view> words) {
  std::string request = absl::StrCat("*", words.size(), "\r\n");
  for (const absl::string_view word : words) {
    absl::StrAppend(&request, "$", word.size(), "\r\n", word, "\r\n");
  }
  return request;
}

absl::Status NoReply(absl::string_view line) {
  return absl::DataLossError(absl::StrCat("not a reply: '", line, "'"));
}

}  // namespace

std::string RedisReply::ToString() const {
  switch (kind) {
    case Kind::kStatus:
      return text;
    case Kind::kError:
      return absl::StrCat("(error) ", text);
    case Kind::kInteger:
      return absl::StrCat(integer);
    case Kind::kText:
      return absl::StrCat("\"", text, "\"");
    case Kind::kNil:
      return "(nil)";
  }
  return "?";
}

absl::StatusOr<RedisClient> RedisClient::Connect(uint16_t port,
                                                 absl::Duration patience) {
  ASSIGN_OR_RETURN(TcpConnection connection,
                   TcpConnection::Connect(port, patience));
  return RedisClient(std::move(connection));
}

absl::StatusOr<RedisReply> RedisClient::Call(
    absl::Span<const absl::string_view> words, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  RETURN_IF_ERROR(CheckNothingUnasked());
  RETURN_IF_ERROR(connection_.Send(Request(words), deadline));
  return ReadReply(deadline);
}

absl::StatusOr<RedisReply> RedisClient::CallWithEcho(
    absl::Span<const absl::string_view> words, absl::string_view token,
    absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  RETURN_IF_ERROR(CheckNothingUnasked());
  RETURN_IF_ERROR(connection_.Send(
      absl::StrCat(Request(words), Request({"ECHO", token})), deadline));
  ASSIGN_OR_RETURN(RedisReply reply, ReadReply(deadline));
  const absl::StatusOr<RedisReply> echo = ReadReply(deadline);
  // The reply counts, though the server may have died right behind it.
  broken_ = echo.status();
  if (absl::IsDataLoss(broken_)) return broken_;
  if (echo.ok() && echo->text != token) {
    return absl::DataLossError(absl::StrCat(
        "a reply to something else: ", echo->ToString(), " for ", token));
  }
  return reply;
}

absl::Status RedisClient::CheckNothingUnasked() {
  RETURN_IF_ERROR(broken_);
  if (input_.empty() && !connection_.HasUnread()) return absl::OkStatus();
  return absl::DataLossError("an answer that nobody asked for");
}

absl::StatusOr<RedisReply> RedisClient::ReadReply(absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string line, ReadLine(deadline));
  if (line.empty()) return NoReply(line);
  const std::string rest = line.substr(1);
  if (line[0] == '+') return RedisReply{RedisReply::Kind::kStatus, rest, 0};
  if (line[0] == '-') return RedisReply{RedisReply::Kind::kError, rest, 0};
  int64_t number = 0;
  if (!absl::SimpleAtoi(rest, &number)) return NoReply(line);
  if (line[0] == ':') return RedisReply{RedisReply::Kind::kInteger, "", number};
  if (line[0] != '$' || number < -1 || number > kTextBytesMax) {
    return NoReply(line);
  }
  if (number == -1) return RedisReply();
  ASSIGN_OR_RETURN(std::string text, ReadText(number, deadline));
  return RedisReply{RedisReply::Kind::kText, std::move(text), 0};
}

absl::StatusOr<std::string> RedisClient::ReadLine(absl::Time deadline) {
  size_t end = input_.find("\r\n");
  while (end == std::string::npos) {
    RETURN_IF_ERROR(connection_.Receive(input_, deadline));
    end = input_.find("\r\n");
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  return line;
}

absl::StatusOr<std::string> RedisClient::ReadText(int64_t bytes,
                                                  absl::Time deadline) {
  const auto size = static_cast<size_t>(bytes);
  while (input_.size() < size + 2) {
    RETURN_IF_ERROR(connection_.Receive(input_, deadline));
  }
  std::string text = input_.substr(0, size);
  input_.erase(0, size + 2);
  return text;
}

absl::StatusOr<RedisReply> CallOnce(
    uint16_t port, std::initializer_list<absl::string_view> words,
    absl::Duration patience) {
  ASSIGN_OR_RETURN(RedisClient client, RedisClient::Connect(port, patience));
  return client.Call(words, patience);
}

}  // namespace cluster
