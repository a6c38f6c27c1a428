#include "prod/environment.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace prod {
namespace {

TEST(EnvironmentTest, WhatKubernetesSetsForServicesIsKnown) {
  // The service raft-admin with the port 7401, and one with a named port.
  for (const auto& [name, value] :
       {std::pair("RAFT_ADMIN_SERVICE_HOST", "10.96.0.7"),
        std::pair("RAFT_ADMIN_SERVICE_PORT", "7401"),
        std::pair("RAFT_ADMIN_SERVICE_PORT_HTTP", "7401"),
        std::pair("RAFT_ADMIN_PORT", "tcp://10.96.0.7:7401"),
        std::pair("RAFT_ADMIN_PORT_7401_TCP", "tcp://10.96.0.7:7401"),
        std::pair("RAFT_ADMIN_PORT_7401_TCP_PROTO", "tcp"),
        std::pair("RAFT_ADMIN_PORT_7401_TCP_PORT", "7401"),
        std::pair("RAFT_ADMIN_PORT_53_UDP_ADDR", "10.96.0.7")}) {
    EXPECT_TRUE(IsServiceLink(name, value)) << name;
  }
  EXPECT_FALSE(IsServiceLink("RAFT_ADMIN_PORT", "7401"));
  EXPECT_FALSE(IsServiceLink("RAFT_LISTEN_HOST", "tcp://10.96.0.7"));
  EXPECT_FALSE(IsServiceLink("RAFT_PORT_X_TCP", "1"));
}

TEST(EnvironmentTest, WhatIsMisspeltIsFoundAndItsValueNotRepeated) {
  const std::vector<StrangeVariable> strange = StrangeVariables(
      {"PATH=/bin", "RAFT_NOED_ID=1", "RAFT_NODE_ID=1", "RAFT_CONFIG=x",
       "RAFT_ADMIN_PORT_7401_TCP=tcp://10.96.0.7:7401", "RAFTCTL_ENDPOINTS=a:1",
       "RAFT_SECRET_OF_ANOTHER_PROGRAM=secret", "RAFT_"});
  ASSERT_EQ(strange.size(), 3u);
  EXPECT_EQ(strange[0].name, "RAFT_");
  EXPECT_EQ(strange[1].name, "RAFT_NOED_ID");
  EXPECT_EQ(strange[1].meant, "RAFT_NODE_ID");
  EXPECT_EQ(strange[2].name, "RAFT_SECRET_OF_ANOTHER_PROGRAM");
  EXPECT_EQ(strange[2].meant, "");
}

}  // namespace
}  // namespace prod
