// A state machine that remembers what it was told.

#ifndef TESTS_RAFT_RECORDER_H_
#define TESTS_RAFT_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "raft/node.h"
#include "runtime/bytes.h"
#include "runtime/random.h"

namespace raft {

// Remembers every command; answers with how many there were.
class Recorder final : public StateMachine {
 public:
  void Apply(std::span<const Command> commands,
             std::span<runtime::Bytes> results) override {
    for (size_t i = 0; i < commands.size(); ++i) {
      applied.emplace_back(commands[i].payload.text());
      hash_ = runtime::MixHash(hash_, runtime::HashLabel(applied.back()));
      results[i] = runtime::Bytes::Copy(absl::StrCat(applied.size()));
    }
  }
  uint64_t StateHash() const override { return hash_; }

  std::vector<std::string> applied;

 private:
  uint64_t hash_ = 0;
};

}  // namespace raft

#endif  // TESTS_RAFT_RECORDER_H_
