#include "prod/socket_address.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"

#include "runtime/wait_queue.h"

namespace prod {
namespace {

// What the resolving thread and the waiting fiber share; the fiber may have
// given up when the answer comes.
struct Lookup {
  explicit Lookup(RealExecutor& waiting) : done(waiting) {}

  std::optional<absl::StatusOr<SocketAddress>> answer;
  runtime::WaitQueue done;
};

absl::StatusOr<SocketAddress> LookUp(const net::Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                  &hints, &found);
  if (failed != 0) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", address.host,
                                               ": ", gai_strerror(failed)));
  }
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  freeaddrinfo(found);
  return result;
}

}  // namespace

net::Address ToAddress(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    return {text, ntohs(in.sin_port)};
  }
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
  inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
  return {text, ntohs(in6.sin6_port)};
}

absl::StatusOr<SocketAddress> ParseNumeric(const net::Address& address) {
  SocketAddress result;
  std::string host = address.host;
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
  if (inet_pton(AF_INET, host.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    result.size = sizeof(sockaddr_in);
    return result;
  }
  auto& in6 = reinterpret_cast<sockaddr_in6&>(result.storage);
  if (inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    result.size = sizeof(sockaddr_in6);
    return result;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(address.host, " is not a numeric address"));
}

absl::StatusOr<SocketAddress> ResolveHere(const net::Address& address) {
  absl::StatusOr<SocketAddress> numeric = ParseNumeric(address);
  return numeric.ok() ? numeric : LookUp(address);
}

absl::StatusOr<SocketAddress> Resolve(const net::Address& address,
                                      RealExecutor& executor,
                                      runtime::Instant deadline) {
  absl::StatusOr<SocketAddress> numeric = ParseNumeric(address);
  if (numeric.ok()) return numeric;
  // Shared: whoever ends last, the fiber or the thread, frees it.
  auto lookup = std::make_shared<Lookup>(executor);
  std::thread([lookup, address, &executor]() mutable {
    absl::StatusOr<SocketAddress> answer = LookUp(address);
    executor.Post([lookup = std::move(lookup), answer = std::move(answer)] {
      lookup->answer = answer;
      lookup->done.NotifyAll();
    });
  }).detach();
  while (!lookup->answer.has_value()) {
    const absl::Status waited = lookup->done.Wait(deadline);
    if (absl::IsDeadlineExceeded(waited)) {
      return absl::DeadlineExceededError(
          absl::StrCat("cannot resolve ", address.host, ": no answer in time"));
    }
    if (!waited.ok()) return waited;
  }
  return *lookup->answer;
}

}  // namespace prod
