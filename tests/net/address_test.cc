#include "net/address.h"

#include "gtest/gtest.h"

namespace net {
namespace {

TEST(AddressTest, WhatIsPrintedIsParsedBack) {
  for (const char* text :
       {"127.0.0.1:7001", "[::1]:7001", "node-1:0", "h0:65535"}) {
    const absl::StatusOr<Address> address = ParseAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
  EXPECT_EQ(ParseAddress("[::1]:7001")->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:7001")->port, 7001);
}

TEST(AddressTest, NonsenseIsRefusedWithTheReason) {
  for (const char* text :
       {"", "host", "host:", ":7001", "::1:7001", "host:65536", "host:+1",
        "host: 1", "host:1 ", "ho st:1", "host:123456", "[]:1", "[::1:1",
        "a\n:1", "host:-1"}) {
    const absl::StatusOr<Address> address = ParseAddress(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument)
        << "\"" << text << "\"";
  }
}

TEST(AddressTest, LoopbackIsThisVeryMachine) {
  for (const char* host :
       {"127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IsLoopback({host, 1})) << host;
  }
  for (const char* host : {"10.0.0.1", "128.0.0.1", "127.example.org", "::2",
                           "::ffff:10.0.0.1", "r1", "", "127"}) {
    EXPECT_FALSE(IsLoopback({host, 1})) << host;
  }
}

}  // namespace
}  // namespace net
