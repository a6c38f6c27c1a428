#include "runtime/bytes.h"

#include <cstring>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "runtime/crc32c.h"

namespace runtime {
namespace {

TEST(BytesTest, SlicesShareTheSlabAndKeepItAlive) {
  Bytes slice;
  {
    const Bytes whole = Bytes::Copy("hello, world");
    slice = whole.Slice(7, 5);
    EXPECT_EQ(slice.data(), whole.data() + 7);
  }
  EXPECT_EQ(slice.text(), "world");
  EXPECT_EQ(slice, Bytes::Copy("world"));
  EXPECT_TRUE(slice.Slice(5, 0).empty());
}

TEST(BytesTest, CopiesAndMovesBehave) {
  Bytes a = Bytes::Copy("a");
  Bytes b = a;
  Bytes& alias = b;
  b = alias;
  EXPECT_EQ(b.text(), "a");
  Bytes c = std::move(b);
  EXPECT_EQ(c.text(), "a");
  c = Bytes();
  EXPECT_TRUE(c.empty());
  EXPECT_EQ(a.text(), "a");
}

TEST(BytesDeathTest, ASliceBeyondTheEndIsABug) {
  const Bytes bytes = Bytes::Copy("abc");
  EXPECT_DEATH((void)bytes.Slice(2, 2), "size <= size_ - offset");
}

// RFC 3720 §B.4 and the well-known check value.
TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xe3069283u);
  const std::string zeros(32, '\0');
  EXPECT_EQ(Crc32c(AsBytes(zeros)), 0x8a9136aau);
  const std::string ones(32, '\xff');
  EXPECT_EQ(Crc32c(AsBytes(ones)), 0x62a8ab43u);
  EXPECT_EQ(Crc32c({}), 0u);
}

TEST(Crc32cTest, ExtendsAtEverySplit) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (size_t split = 0; split <= text.size(); ++split) {
    const uint32_t front = Crc32c(AsBytes(text.substr(0, split)));
    EXPECT_EQ(ExtendCrc32c(front, AsBytes(text.substr(split))),
              Crc32c(AsBytes(text)));
  }
}

}  // namespace
}  // namespace runtime
