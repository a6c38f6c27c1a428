#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/parser.h"
#include "runtime/random.h"

namespace kv {
namespace {

using absl::string_view;
using Result = RespParser::Result;
using Words = std::vector<std::string>;

std::string Bulk(const Words& words) {
  std::string out = absl::StrCat("*", words.size(), "\r\n");
  for (const std::string& word : words) {
    absl::StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
  }
  return out;
}

// All requests in `bytes`, delivered in chunks that end at `cuts`; each chunk
// in memory of its own, as a growing buffer would have it.
struct Outcome {
  std::vector<Words> requests;  // {"!", why} for one that was too large.
  std::string error;
  size_t kept_max = 0;  // Bytes that had to be kept for the parser.
};

Outcome ParseInChunks(string_view bytes, std::vector<size_t> cuts,
                      size_t request_bytes_max = kRequestBytesMax) {
  cuts.push_back(bytes.size());
  Outcome outcome;
  RespParser parser(request_bytes_max);
  size_t consumed = 0;
  for (const size_t cut : cuts) {
    std::string buffer(bytes.substr(consumed, cut - consumed));
    string_view input = buffer;
    Result result;
    for (;;) {
      result = parser.Parse(input);
      input.remove_prefix(parser.consumed());
      consumed += parser.consumed();
      if (result == Result::kTooLarge) {
        outcome.requests.push_back({"!", parser.error()});
      } else if (result == Result::kRequest) {
        outcome.requests.emplace_back(parser.args().begin(),
                                      parser.args().end());
      } else {
        break;
      }
    }
    outcome.kept_max = std::max(outcome.kept_max, input.size());
    if (result == Result::kError) {
      outcome.error = parser.error();
      return outcome;
    }
  }
  return outcome;
}

std::string ErrorOf(string_view bytes) {
  const Outcome outcome = ParseInChunks(bytes, {});
  return outcome.error;
}

TEST(RespParserTest, EverySplitGivesTheSameRequests) {
  const std::vector<Words> expected = {
      {"SET", "key", std::string("a\r\nb\0c", 6)},
      {"GET", ""},
      {},
      {"PING"},
      {"ECHO", "two words", "\x01\n'"},
      {"GET", "last"}};
  const std::string bytes =
      absl::StrCat(Bulk(expected[0]), Bulk(expected[1]), "*0\r\n", "PING\r\n",
                   "ECHO \"two words\" \"\\x01\\n'\"\n", Bulk(expected[5]));
  EXPECT_EQ(ParseInChunks(bytes, {}).requests, expected);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const Outcome outcome = ParseInChunks(bytes, {cut});
    EXPECT_EQ(outcome.error, "") << cut;
    EXPECT_EQ(outcome.requests, expected) << cut;
  }
  std::vector<size_t> all;
  for (size_t cut = 0; cut < bytes.size(); ++cut) all.push_back(cut);
  EXPECT_EQ(ParseInChunks(bytes, all).requests, expected);
}

TEST(RespParserTest, ArgumentsLieInTheInput) {
  const std::string bytes = Bulk({"SET", "key", "value"});
  RespParser parser;
  ASSERT_EQ(parser.Parse(bytes), Result::kRequest);
  EXPECT_FALSE(parser.args_owned());
  for (const string_view arg : parser.args()) {
    EXPECT_GE(arg.data(), bytes.data());
    EXPECT_LE(arg.data() + arg.size(), bytes.data() + bytes.size());
  }
  EXPECT_EQ(parser.consumed(), bytes.size());
}

TEST(RespParserTest, TheSizeOfALongBulkIsAskedForAtOnce) {
  RespParser parser;
  const string_view head = "*2\r\n$3\r\nGET\r\n$100000\r\n";
  ASSERT_EQ(parser.Parse(head), Result::kNeedMore);
  EXPECT_EQ(parser.wanted(), head.size() + 100002);
}

TEST(RespParserTest, ProtocolErrorsAreWordedAsRedisWordsThem) {
  EXPECT_EQ(ErrorOf("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*99999999999\r\n"),
            "Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$9999999999\r\n"),
            "Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$99999999999999999999\r\n"),
            "Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n:3\r\n"), "Protocol error: expected '$', got ':'");
  EXPECT_EQ(ErrorOf("SET \"a\r\n"),
            "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(ErrorOf("SET \"a\"b\r\n"),
            "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(ErrorOf("*1\r\n$1\r\nabc"),
            "Protocol error: expected a line end behind a bulk string");
}

TEST(RespParserTest, LinesWithoutAnEndAreBounded) {
  const std::string endless(RespParser::kInlineBytesMax + 1, 'x');
  EXPECT_EQ(ErrorOf(endless), "Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf(absl::StrCat("*", endless)),
            "Protocol error: too big mbulk count string");
  EXPECT_EQ(ErrorOf(absl::StrCat("*1\r\n$", endless)),
            "Protocol error: too big bulk count string");
}

TEST(RespParserTest, ARequestThatIsTooLargeIsPassedAndNotKept) {
  constexpr size_t kMax = 1000;
  const std::string why =
      "the request is larger than 1000 bytes (network.request_size_max)";
  const std::string half(kMax / 2, 'x');
  const std::string large(20 * kMax, 'x');
  std::vector<Words> expected = {{"PING"}};
  std::string bytes = Bulk({"PING"});
  for (const Words& words :
       {Words{"MSET", half, half, "$5\r\n", half}, Words{"SET", "k", large},
        Words{large}, Words{"a", "", large, ""}}) {
    absl::StrAppend(&bytes, Bulk(words), Bulk({"SET", "k", half}));
    expected.push_back({"!", why});
    expected.push_back({"SET", "k", half});
  }
  EXPECT_EQ(ParseInChunks(bytes, {}, kMax).requests, expected);
  for (const size_t step : {1, 7, 100, 999}) {
    std::vector<size_t> cuts;
    for (size_t cut = step; cut < bytes.size(); cut += step) {
      cuts.push_back(cut);
    }
    const Outcome outcome = ParseInChunks(bytes, cuts, kMax);
    EXPECT_EQ(outcome.requests, expected) << step;
    EXPECT_EQ(outcome.error, "");
    EXPECT_LE(outcome.kept_max, kMax + step);
  }
}

TEST(RespParserTest, AsManyWordsAsAnybodySendsAreARequest) {
  std::string bytes = absl::StrCat("*", kArgumentsMax, "\r\n");
  for (size_t i = 0; i < kArgumentsMax; ++i) bytes += "$1\r\nk\r\n";
  const Outcome most = ParseInChunks(bytes, {bytes.size() / 2});
  ASSERT_EQ(most.requests.size(), 1u);
  EXPECT_EQ(most.requests[0].size(), kArgumentsMax);
  bytes = absl::StrCat("*", kArgumentsMax + 1, bytes.substr(bytes.find('\r')),
                       "$1\r\nk\r\n", "PING\r\n");
  const Outcome more = ParseInChunks(bytes, {10, 1000, bytes.size() - 3});
  const std::vector<Words> expected = {
      {"!", "the request has more than 1048576 words"}, {"PING"}};
  EXPECT_EQ(more.requests, expected);
  EXPECT_EQ(more.error, "");
}

TEST(RespParserTest, DisorderWithinWhatIsPassedIsAnError) {
  const std::string large(2000, 'x');
  EXPECT_EQ(
      ParseInChunks("*2\r\n$2000\r\n" + large + "xy$1\r\nk\r\n", {}, 100).error,
      "Protocol error: expected a line end behind a bulk string");
  EXPECT_EQ(
      ParseInChunks("*2\r\n$2000\r\n" + large + "\r\n:1\r\n", {}, 100).error,
      "Protocol error: expected '$', got ':'");
}

TEST(RespParserTest, NothingIsParsedBehindAnError) {
  RespParser parser;
  EXPECT_EQ(parser.Parse("*x\r\n"), Result::kError);
  EXPECT_EQ(parser.Parse("PING\r\n"), Result::kError);
}

TEST(RespParserTest, RandomBytesNeverPassTheEnd) {
  const uint64_t seed = 31;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "bytes"));
  const string_view alphabet = "*$\r\n0123-\"'\\ xPING";
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = round % 2 == 0 ? "*" : "";
    const uint64_t size = dice.Below(60);
    for (uint64_t i = 0; i < size; ++i) {
      bytes.push_back(alphabet[dice.Below(alphabet.size())]);
    }
    const size_t cut = dice.Below(bytes.size() + 1);
    const Outcome whole = ParseInChunks(bytes, {});
    const Outcome split = ParseInChunks(bytes, {cut});
    EXPECT_EQ(whole.requests, split.requests) << bytes;
    EXPECT_EQ(whole.error, split.error) << bytes;
  }
}

}  // namespace
}  // namespace kv
