// The kernel notices peers that have vanished without a word.

#include <memory>
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "prod/real_clock.h"
#include "prod/real_executor.h"
#include "prod/tcp_network.h"
#include "runtime/fiber_group.h"

namespace prod {
namespace {

constexpr int kDescriptorsMax = 1024;

// Connected sockets of this process, and those of them that are kept alive.
struct Connected {
  int all = 0;
  int kept_alive = 0;
};

Connected CountConnected() {
  Connected count;
  for (int fd = 0; fd < kDescriptorsMax; ++fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    auto* const address = reinterpret_cast<sockaddr*>(&peer);
    if (getpeername(fd, address, &size) != 0) continue;
    if (peer.ss_family != AF_INET) continue;
    ++count.all;
    int on = 0;
    int idle = 0;
    size = sizeof(on);
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
    size = sizeof(idle);
    getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &size);
    if (on != 0 && idle == 300) ++count.kept_alive;
  }
  return count;
}

TEST(TcpKeepaliveTest, BothEndsOfAConnectionAreKeptAlive) {
  RealClock clock;
  runtime::StackPool stacks;
  RealExecutor executor(clock, stacks);
  TcpNetwork network(executor);
  Connected count;
  runtime::FiberGroup fibers(executor);
  fibers.Spawn("test", [&] {
    const runtime::Instant deadline = executor.Now() + absl::Seconds(20);
    auto listener = network.Listen({"127.0.0.1", 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    auto dialled = network.Dial((*listener)->local_address(),
                                net::Framing::kBytes, deadline);
    ASSERT_TRUE(dialled.ok()) << dialled.status();
    auto accepted = (*listener)->Accept(deadline);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    count = CountConnected();
    executor.Stop();
  });
  executor.Run();
  EXPECT_EQ(count.all, 2);
  EXPECT_EQ(count.kept_alive, 2);
}

}  // namespace
}  // namespace prod
