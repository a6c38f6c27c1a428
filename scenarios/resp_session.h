// One Redis client: a connection to some node, requests that leave together,
// and the replies as they come.
//
// It tries nothing again. When the connection ends, or patience does, what was
// asked and not answered is unknown; the next Connect() goes to another node.
//
// One that follows speaks to the doors that redirect (cluster_port), as clients
// of Redis Cluster do: told MOVED, it leaves, and goes next to whom that names.
// What was answered so was certainly not done. A MOVED that names no other node
// of the cluster is no reply.
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
    kMoved,      // To a follower: not done, ask elsewhere.
    kMalformed,  // No reply at all; nothing behind it means anything.
  };

  Kind kind = Kind::kNil;
  std::string text;              // All but kInteger, kNil, kArray.
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
  kNotDone,  // CLUSTERDOWN, BUSY, moved: certainly not.
  kUnknown,  // UNCERTAIN.
  kWrong,    // Nothing that a server may say.
};
RespVerdict VerdictOf(const RespReply& reply);

class RespSession {
 public:
  using Request = std::vector<std::string>;
  enum class Manner : uint8_t { kStays, kFollows };

  // `process` and `world` outlive this. Server i of `servers` is node i + 1.
  // `label`: of its dice, if a process has several.
  RespSession(sim::World& world, sim::Process& process,
              std::vector<net::Address> servers, Manner manner = Manner::kStays,
              absl::string_view label = "resp_session");
  // Waits as long as any client does.
  void BePatient();
  // Speaks to this one of `servers`, from 0, and never goes to any other.
  // Requires: it has not connected yet, and does not follow.
  void StayAt(size_t place);

  // Suspends. False: nobody there; another node is next.
  bool Connect();
  bool connected() const { return stream_ != nullptr; }
  // The node that is, or will be, spoken to.
  uint32_t node() const { return static_cast<uint32_t>(server_) + 1; }

  // Suspends. All of them leave in one write. Fewer replies than requests: the
  // connection has ended, or this client has left it.
  // Requires: connected().
  std::vector<RespReply> Ask(const std::vector<Request>& requests);

  // Suspends. Writes `bytes`, whatever they are, and returns all that is told
  // until the connection has ended, or this client has left it.
  // Requires: connected().
  std::string Tell(absl::string_view bytes);

  // Goes to another node next, unless it stays.
  void Leave();
  // Goes to this one next.
  void GoTo(uint32_t node);

 private:
  bool ReadMore(runtime::Instant deadline);
  // Of a follower: makes kMoved of errors by which whom it has asked says so,
  // and goes there.
  void Follow(std::vector<RespReply>& replies, size_t asked);
  // The place in `servers_` that a MOVED names, if that is another one than
  // that of who says so.
  std::optional<size_t> PlaceNamed(absl::string_view moved, size_t by) const;
  void ExplainAsked(const std::vector<Request>& requests);
  void ExplainTold(const std::vector<RespReply>& replies);

  sim::World& world_;
  sim::Process& process_;
  runtime::Executor& executor_;
  const std::vector<net::Address> servers_;
  const Manner manner_;
  runtime::Random dice_;
  absl::Duration patience_;
  bool stays_ = false;
  size_t server_ = 0;
  std::unique_ptr<net::Stream> stream_;
  std::string received_;  // And not parsed.
};

}  // namespace scenarios

#endif  // SCENARIOS_RESP_SESSION_H_
