// The first byte says how large the chunks are in which the rest arrives. All
// chunkings must give the same requests, from memory that is not kept between
// them, and no word may lie outside of what has arrived.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kv/resp/parser.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using Result = kv::RespParser::Result;

// Small, so that inputs of a fuzzer are larger.
constexpr size_t kRequestBytesMax = 512;

struct Heard {
  std::vector<std::vector<std::string>> requests;
  std::string error;
};

bool LiesIn(absl::string_view outer, absl::string_view inner) {
  const std::less_equal<const char*> not_behind;
  return not_behind(outer.data(), inner.data()) &&
         not_behind(inner.data() + inner.size(), outer.data() + outer.size());
}

std::vector<std::string> WordsOf(const kv::RespParser& parser,
                                 absl::string_view arrived) {
  std::vector<std::string> words;
  for (const absl::string_view word : parser.args()) {
    if (!parser.args_owned()) {
      CHECK(LiesIn(arrived.substr(0, parser.consumed()), word),
            "a word outside of its request");
    }
    words.emplace_back(word);
  }
  return words;
}

// Feeds the parser as a connection does: it keeps what was not consumed, and
// goes on with more bytes behind it.
Heard Read(absl::string_view bytes, size_t chunk) {
  kv::RespParser parser(kRequestBytesMax);
  Heard heard;
  size_t begin = 0;
  size_t end = 0;
  for (;;) {
    // In a new place each time, without a byte to spare behind it: a view or a
    // read that is stale or too long is found by AddressSanitizer.
    const size_t size = end - begin;
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(bytes.data() + begin, size, copy.get());
    const absl::string_view arrived(copy.get(), size);
    const Result result = parser.Parse(arrived);
    if (result == Result::kError) {
      CHECK(!parser.error().empty());
      heard.error = parser.error();
      return heard;
    }
    CHECK_LE(parser.consumed(), size);
    begin += parser.consumed();
    if (result == Result::kRequest) {
      CHECK_GT(parser.consumed(), 0u);
      heard.requests.push_back(WordsOf(parser, arrived));
      continue;
    }
    if (result == Result::kTooLarge) {
      heard.requests.push_back({parser.error()});
      continue;
    }
    const size_t kept = size - parser.consumed();
    CHECK_LE(kept, kRequestBytesMax + kv::RespParser::kInlineBytesMax);
    CHECK_GT(parser.wanted(), kept, "wants what it has");
    CHECK_LE(parser.wanted(),
             kRequestBytesMax + kv::RespParser::kInlineBytesMax);
    if (end == bytes.size()) return heard;
    end = std::min(bytes.size(), end + chunk);
  }
}

}  // namespace

void RunRespRequests(Input input) {
  if (input.empty()) return;
  const auto how = static_cast<unsigned>(input[0]);
  const absl::string_view bytes = runtime::AsText(input.subspan(1));
  const Heard whole = Read(bytes, bytes.size() + 1);
  const Heard pieces = Read(bytes, 1 + how);
  CHECK(whole.requests == pieces.requests, "the chunks mean something");
  CHECK(whole.error == pieces.error, whole.error, " or ", pieces.error);
}

}  // namespace fuzz
