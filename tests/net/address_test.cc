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

}  // namespace
}  // namespace net
