// What a stream of stores makes of a log: the bytes that a disk would hold, or
// that memory should. Written apart from raft/core/log.h, to judge it.

#ifndef TESTS_RAFT_LOG_IMAGE_H_
#define TESTS_RAFT_LOG_IMAGE_H_

#include <cstdint>
#include <vector>

#include "persist/persister.h"
#include "raft/core/message.h"

namespace raft {

struct LogImage {
  HardState hard_state;
  std::vector<Record> entries;
  // chain[i] stands for the entries up to and including entries[i]: equal
  // chains, equal prefixes.
  std::vector<uint64_t> chain;

  void Append(const Record& record);
  void Apply(const persist::Store& store);

  Index last_index() const { return Index(entries.size()); }
  Term last_term() const;
  // 0 for index 0. Requires: index <= last_index().
  uint64_t ChainAt(Index index) const;
  bool Holds(Index index, uint64_t chain_there) const;
};

}  // namespace raft

#endif  // TESTS_RAFT_LOG_IMAGE_H_
