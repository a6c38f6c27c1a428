// What the tests of every net::Network share: a connection with both its ends
// in one place, and short names for what is done with it.

#ifndef TESTS_CONFORMANCE_NETWORK_FIXTURE_H_
#define TESTS_CONFORMANCE_NETWORK_FIXTURE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "net/network.h"
#include "net/stream.h"
#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "tests/conformance/environment.h"

namespace conformance {

using runtime::FiberGroup;
using runtime::Instant;

// More than any kernel takes from a writer whose peer does not read.
inline constexpr size_t kMoreThanAnyWindow = 64 << 20;

inline constexpr absl::Duration kUntilDelivered = absl::Milliseconds(50);

inline Instant In(Place& place, absl::Duration span) {
  return place.network_executor().Now() + span;
}
inline Instant Soon(Place& place) { return In(place, absl::Seconds(20)); }

inline absl::Status Write(Place& place, net::Stream& stream,
                          absl::string_view text) {
  return stream.Write(runtime::AsBytes(text), Soon(place));
}

// What one read gives; "" for the end.
inline absl::StatusOr<std::string> Read(Place& place, net::Stream& stream,
                                        size_t bytes_max = 4096) {
  std::string buffer(bytes_max, '\0');
  const absl::StatusOr<size_t> count =
      stream.Read(std::as_writable_bytes(std::span(buffer)), Soon(place));
  if (!count.ok()) return count.status();
  buffer.resize(*count);
  return buffer;
}

inline std::string ReadToTheEnd(Place& place, net::Stream& stream,
                                size_t bytes_max = 4096) {
  std::string all;
  while (true) {
    const absl::StatusOr<std::string> some = Read(place, stream, bytes_max);
    EXPECT_TRUE(some.ok()) << some.status();
    if (!some.ok() || some->empty()) return all;
    all += *some;
  }
}

class NetworkTest : public Test {
 protected:
  struct Pair {
    std::unique_ptr<net::Listener> listener;
    std::unique_ptr<net::Stream> dialled;
    std::unique_ptr<net::Stream> accepted;
  };

  // Two ends of one connection.
  static Pair Connect(Place& place,
                      net::Framing framing = net::Framing::kBytes) {
    Pair pair;
    pair.listener = *place.network().Listen({place.host(), 0});
    FiberGroup group(place.network_executor());
    group.Spawn("acceptor", [&] {
      auto accepted = pair.listener->Accept(Soon(place));
      EXPECT_TRUE(accepted.ok()) << accepted.status();
      if (accepted.ok()) pair.accepted = *std::move(accepted);
    });
    auto dialled = place.network().Dial(pair.listener->local_address(), framing,
                                        Soon(place));
    EXPECT_TRUE(dialled.ok()) << dialled.status();
    if (dialled.ok()) pair.dialled = *std::move(dialled);
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    return pair;
  }

  void RunConnected(std::function<void(Place&, Pair&)> body) {
    Run([body = std::move(body)](Place& place) {
      Pair pair = Connect(place);
      ASSERT_TRUE(pair.dialled != nullptr && pair.accepted != nullptr);
      body(place, pair);
    });
  }
};

}  // namespace conformance

#endif  // TESTS_CONFORMANCE_NETWORK_FIXTURE_H_
