// Strings, where Redis' own tests do not look.

#include "gtest/gtest.h"

#include "tests/kv/command_runner.h"

namespace kv {
namespace {

constexpr char kBadBit[] = "ERR bit offset is not an integer or out of range";

TEST(BitsTest, ABitBeyondTheStringIsZeroUpToTheLastThatCanBe) {
  CommandRunner run;
  EXPECT_EQ(run("GETBIT none 4294967295"), "0");
  EXPECT_EQ(run("SETBIT k 7 1"), "0");
  EXPECT_EQ(run("GETBIT k 7"), "1");
  EXPECT_EQ(run("GETBIT k 4294967295"), "0");
  EXPECT_EQ(run("GETBIT k 4294967296"), kBadBit);
  EXPECT_EQ(run("GETBIT k -1"), kBadBit);
  EXPECT_EQ(run("SETBIT k 4294967296 1"), kBadBit);
  // A place that Redis has and we have no room for.
  EXPECT_EQ(run("SETBIT k 4294967295 1"),
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  EXPECT_EQ(run("STRLEN k"), "1");
}

TEST(GetExTest, TheKeyIsLookedAtBeforeTheTime) {
  CommandRunner run;
  EXPECT_EQ(run("GETEX none EX 0"), "(nil)");
  EXPECT_EQ(run("GETEX none PX x"), "(nil)");
  EXPECT_EQ(run("GETEX none BOGUS 1"), "ERR syntax error");
  EXPECT_EQ(run("GETEX none PERSIST 1"), "ERR syntax error");
  run("LPUSH l x");
  EXPECT_EQ(run("GETEX l EX 0"),
            "WRONGTYPE Operation against a key holding the wrong kind of "
            "value");
  run("SET k v");
  EXPECT_EQ(run("GETEX k EX 0"), "ERR invalid expire time in 'getex' command");
  EXPECT_EQ(run("GETEX k EX x"), "ERR value is not an integer or out of range");
  EXPECT_EQ(run("GETEX k EX 10"), "\"v\"");
  EXPECT_EQ(run("TTL k"), "10");
  EXPECT_EQ(run("GETEX k PERSIST"), "\"v\"");
  EXPECT_EQ(run("TTL k"), "-1");
}

}  // namespace
}  // namespace kv
