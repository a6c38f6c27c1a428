// Runs commands as a client words them against a store of its own, and shows
// each reply as text.
//
//   CommandRunner run;
//   EXPECT_EQ(run("RPUSH l a b"), "2");
//   EXPECT_EQ(run("LRANGE l 0 -1"), "[a, b]");
//   EXPECT_EQ(run("SET s 'two words'"), "OK");
//
// Replies:
//
//   "text"  5  1.5  OK  (nil)  (null array)  ERR and so on
//   [a, b]  {k: v} a map  <a, b> a set  [k: v, l: w] pairs
//
// A double always has a point or an exponent, or is inf. Within an aggregate a
// text goes without quotes if it is a plain word, and no number: [1, "1", one]
// is an integer and two texts. What is no letter of ASCII shows as \x00.
//
// On the way it checks what every command must keep: exactly one well-formed
// reply; an error changes nothing; a read answers the same whether it is read
// or applied, and changes nothing.

#ifndef TESTS_KV_COMMAND_RUNNER_H_
#define TESTS_KV_COMMAND_RUNNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/command.h"
#include "kv/store.h"
#include "runtime/bytes.h"

namespace kv {

class CommandRunner {
 public:
  // `line`: words with blanks between them; those that have blanks, or nothing,
  // in them go between ' or ".
  std::string operator()(absl::string_view line) { return Run(line); }
  std::string Run(absl::string_view line);
  // Words that are any bytes.
  std::string Run(const std::vector<absl::string_view>& words);

  // From now on it is `now_ms`; 0, as it begins: there is no time.
  void SetNow(int64_t now_ms) { decisions_.now_ms = now_ms; }
  // The next command draws these dice, those behind it others.
  void SetDice(uint64_t dice) { decisions_.dice = dice; }

  uint64_t StateHash() const { return store_.StateHash(); }
  size_t key_count() const { return store_.key_count(); }
  // How the last reply weighs: kv/reply.h.
  size_t reply_bytes() const { return reply_bytes_; }

 private:
  runtime::Bytes Apply(const CommandBatch& batch);

  Store store_;
  persist::Index index_;
  Decisions decisions_{.now_ms = 0, .dice = 1};
  size_t reply_bytes_ = 0;
};

// The replies in `results`, as above.
std::vector<std::string> ShowReplies(absl::string_view results);

}  // namespace kv

#endif  // TESTS_KV_COMMAND_RUNNER_H_
