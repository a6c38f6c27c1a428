// One Redis client: a connection to some node, requests that leave together,
// and the replies as they come.
//
// It tries nothing again. When the connection ends, or patience does, what was
// asked and not answered is unknown; the next Connect() goes to another node.
//
// Shares no code with the server: what kv/resp words wrongly is read wrongly
// here.

#ifndef SCENARIOS_RESP_SESSION_H_
#define SCENARIOS_RESP_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/stream.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/random.h"
#include "sim/world.h"

namespace scenarios {

struct RespReply {
  enum class Kind : uint8_t {
    kSimple,
    kError,
    kInteger,
    kBulk,
    kNil,
    kArray,
    kMalformed,  // No reply at all; nothing behind it means anything.
  };

  Kind kind = Kind::kNil;
  std::string text;              // kSimple, kError, kBulk, kMalformed.
  int64_t integer = 0;           // kInteger.
  std::vector<RespReply> parts;  // kArray.

  // "OK", ":17", "nil", "[OK OK :3]".
  std::string ToString() const;
};

// The reply at the front of `bytes`, and in `size` how long it is. Nothing: it
// is not all there yet.
std::optional<RespReply> ParseResp(absl::string_view bytes, size_t* size);

// What a reply says about what was asked.
enum class RespVerdict : uint8_t {
  kAnswered,
  kNotDone,  // CLUSTERDOWN, BUSY: certainly not.
  kUnknown,  // UNCERTAIN.
  kWrong,    // Nothing that a server may say.
};
RespVerdict VerdictOf(const RespReply& reply);

class RespSession {
 public:
  using Request = std::vector<std::string>;

  // `process` and `world` outlive this. Server i of `servers` is node i + 1.
  // With `stays_at` (from 0) it never goes to any other.
  RespSession(sim::World& world, sim::Process& process,
              std::vector<net::Address> servers,
              std::optional<size_t> stays_at = std::nullopt);

  // Suspends. False: nobody there; another node is next.
  bool Connect();
  bool connected() const { return stream_ != nullptr; }
  // The node that is, or will be, spoken to.
  uint32_t node() const { return static_cast<uint32_t>(server_) + 1; }

  // Suspends. All of them leave in one write. Fewer replies than requests: the
  // connection has ended, or this client has left it.
  // Requires: connected().
  std::vector<RespReply> Ask(const std::vector<Request>& requests);

  // Goes to another node next, unless it stays.
  void Leave();

 private:
  bool ReadMore(runtime::Instant deadline);
  void ExplainAsked(const std::vector<Request>& requests);
  void ExplainTold(const std::vector<RespReply>& replies);

  sim::World& world_;
  sim::Process& process_;
  runtime::Executor& executor_;
  const std::vector<net::Address> servers_;
  runtime::Random dice_;
  const absl::Duration patience_;
  const bool stays_;
  size_t server_ = 0;
  std::unique_ptr<net::Stream> stream_;
  std::string received_;  // And not parsed.
};

}  // namespace scenarios

#endif  // SCENARIOS_RESP_SESSION_H_
