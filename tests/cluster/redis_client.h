// A Redis client in a hundred lines: one connection, one call at a time. It
// shares no line with the server's own reader and writer of the protocol.

#ifndef TESTS_CLUSTER_REDIS_CLIENT_H_
#define TESTS_CLUSTER_REDIS_CLIENT_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "tests/cluster/tcp_connection.h"

namespace cluster {

struct RedisReply {
  enum class Kind : uint8_t { kStatus, kError, kInteger, kText, kNil };

  Kind kind = Kind::kNil;
  std::string text;     // kStatus, kError, kText.
  int64_t integer = 0;  // kInteger.

  // As redis-cli would show it: "OK", "(error) BUSY …", "7", "\"x\"", "(nil)".
  std::string ToString() const;
};

class RedisClient {
 public:
  // Errors: as TcpConnection; nothing was asked.
  static absl::StatusOr<RedisClient> Connect(uint16_t port,
                                             absl::Duration patience);

  // Errors: as TcpConnection, and DATA_LOSS for what is no reply, and for what
  // came before anything was asked. After any of
  // them the command may have been executed, or may yet be, and the client is
  // of no more use.
  absl::StatusOr<RedisReply> Call(absl::Span<const absl::string_view> words,
                                  absl::Duration patience);
  // As Call(), with an ECHO of `token` behind it in the same packet: the reply
  // is ours only if the token comes next. Errors: also DATA_LOSS for another.
  absl::StatusOr<RedisReply> CallWithEcho(
      absl::Span<const absl::string_view> words, absl::string_view token,
      absl::Duration patience);
  absl::StatusOr<RedisReply> Call(
      std::initializer_list<absl::string_view> words, absl::Duration patience) {
    return Call(absl::MakeConstSpan(words.begin(), words.size()), patience);
  }

 private:
  explicit RedisClient(TcpConnection connection)
      : connection_(std::move(connection)) {}

  absl::Status CheckNothingUnasked();
  absl::StatusOr<RedisReply> ReadReply(absl::Time deadline);
  absl::StatusOr<std::string> ReadLine(absl::Time deadline);
  absl::StatusOr<std::string> ReadText(int64_t bytes, absl::Time deadline);

  TcpConnection connection_;
  std::string input_;  // Received and not yet used.
  absl::Status broken_;
};

// One call on a connection of its own.
absl::StatusOr<RedisReply> CallOnce(
    uint16_t port, std::initializer_list<absl::string_view> words,
    absl::Duration patience);

}  // namespace cluster

#endif  // TESTS_CLUSTER_REDIS_CLIENT_H_
