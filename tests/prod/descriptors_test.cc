#include "prod/descriptors.h"

#include <sys/resource.h>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace prod {
namespace {

TEST(DescriptorsTest, ManyLeaveEverybodyWhatWasAskedFor) {
  const auto budget = DivideDescriptors(65536, 3, 10'000);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->redis_clients_max, 10'000u);
  EXPECT_EQ(budget->peer_connections_max, 256u);
  EXPECT_EQ(budget->rpc_connections_max, 1024u);
}

TEST(DescriptorsTest, FewAreKeptFromClients) {
  for (const uint64_t limit : {200u, 256u, 1024u, 4096u}) {
    for (const uint64_t nodes : {1u, 3u, 5u, 7u}) {
      const auto budget = DivideDescriptors(limit, nodes, 10'000);
      ASSERT_TRUE(budget.ok()) << budget.status();
      EXPECT_EQ(budget->reserve + budget->redis_clients_max, limit);
      // Every other node gets in, and gets in again before it was missed.
      EXPECT_GE(budget->peer_connections_max, 2 * (nodes - 1));
      EXPECT_GE(budget->rpc_connections_max, 2 * (nodes - 1));
      // Beside both: the admin port (39), what the node dials, its files.
      EXPECT_GE(budget->reserve, budget->peer_connections_max +
                                     budget->rpc_connections_max + 39 +
                                     2 * (nodes - 1) + 32);
    }
  }
}

TEST(DescriptorsTest, TooFewAreSaidToBe) {
  const auto budget = DivideDescriptors(64, 3, 1);
  EXPECT_TRUE(absl::IsInvalidArgument(budget.status()));
  EXPECT_TRUE(absl::StrContains(budget.status().message(),
                                "may have 64 descriptors (ulimit -n"))
      << budget.status();
}

TEST(DescriptorsTest, TheSoftLimitIsRaised) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(RaiseDescriptorLimit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace prod
