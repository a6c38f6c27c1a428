#include <string>

#include "gtest/gtest.h"

#include "kv/resp/writer.h"

namespace kv {
namespace {

using absl::string_view;

std::string Worded(const ResultWriter& replies, RespVersion version) {
  const runtime::Bytes bytes = replies.Finish();
  ResultReader reader(bytes.text());
  std::string out;
  RespWriter writer(out, version);
  while (!reader.rest().empty()) {
    if (!writer.Reply(reader)) return "malformed";
  }
  return out;
}

TEST(RespWriterTest, AnswersAreWellFormed) {
  std::string out;
  RespWriter writer(out);
  writer.Simple("OK");
  writer.Error("ERR two\r\nlines");
  writer.Integer(-3);
  writer.Bulk(string_view("a\0b", 3));
  writer.Nil();
  writer.Array(2);
  EXPECT_EQ(out, std::string("+OK\r\n-ERR two  lines\r\n:-3\r\n$3\r\na\0b\r\n"
                             "$-1\r\n*2\r\n",
                             45));
}

TEST(RespWriterTest, EachVersionHasItsOwnWords) {
  ResultWriter replies;
  replies.Nil();
  replies.NullArray();
  replies.Double(1.5);
  replies.Map(1);
  replies.Text("k");
  replies.Integer(1);
  replies.Set(1);
  replies.Text("m");
  replies.Pairs(1);
  replies.Text("m");
  replies.Double(-1.0 / 3);
  EXPECT_EQ(Worded(replies, RespVersion::k2),
            "$-1\r\n*-1\r\n$3\r\n1.5\r\n*2\r\n$1\r\nk\r\n:1\r\n"
            "*1\r\n$1\r\nm\r\n*2\r\n$1\r\nm\r\n"
            "$20\r\n-0.33333333333333331\r\n");
  EXPECT_EQ(Worded(replies, RespVersion::k3),
            "_\r\n_\r\n,1.5\r\n%1\r\n$1\r\nk\r\n:1\r\n"
            "~1\r\n$1\r\nm\r\n*1\r\n*2\r\n$1\r\nm\r\n"
            ",-0.33333333333333331\r\n");
}

TEST(RespWriterTest, AReplyThatIsNotWholeIsNotWritten) {
  ResultWriter replies;
  replies.Array(2);
  replies.Integer(1);
  EXPECT_EQ(Worded(replies, RespVersion::k2), "malformed");
}

}  // namespace
}  // namespace kv
