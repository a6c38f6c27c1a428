// The log of one member, in memory: entries, the terms they were made in, and
// the configurations among them.
//
// What the medium holds of it is not this class's business: see unsynced.h.
//
// Always true: indexes are contiguous from 1, terms never decrease, the log is
// never empty and its first entry is a configuration.

#ifndef RAFT_CORE_LOG_H_
#define RAFT_CORE_LOG_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "raft/core/membership.h"
#include "raft/core/message.h"

namespace raft {

class Log {
 public:
  // Requires: as "always true" above; configurations decode.
  explicit Log(std::vector<Record> entries);

  Index last_index() const { return Index(entries_.size()); }
  Term last_term() const { return entries_.back().term; }

  // The term of the entry at `index`; 0 at index 0, which is before the first.
  // Requires: index <= last_index().
  Term TermAt(Index index) const;

  // Whether there is such an entry. The place before the first always agrees.
  bool Holds(Index index, Term term) const;

  // Requires: 1 <= index <= last_index().
  const Record& At(Index index) const;

  // Whether a log that ends like this is at least as up to date as ours: the
  // later last term wins, then the longer log. Raft §5.4.1.
  bool IsUpToDate(Index last_index, Term last_term) const;

  // Adds copies of the entries from `first` on to `out`: at most `count_max`,
  // and no more than `bytes_max` of payload unless the first alone is larger.
  // Returns their payload bytes.
  size_t CopyTo(std::vector<Record>& out, Index first, size_t count_max,
                size_t bytes_max) const;

  // ----- term skipping (see AppendReply), in the logarithm of the terms

  // The last index <= `upto` with a term <= `term`; 0 if there is none.
  // `upto` may lie beyond the end.
  Index LastWithTermAtMost(Index upto, Term term) const;

  // The first index of the run of one term that `index` is in; 0 for 0.
  // Requires: index <= last_index().
  Index FirstOfTermAt(Index index) const;

  // ----- changes

  // Requires: record.index follows the last, its term is no earlier than the
  // last, and a configuration decodes.
  void Append(Record record);

  // Drops `from` and everything behind it.
  // Requires: 2 <= from <= last_index().
  void TruncateFrom(Index from);

  // ----- configurations: the newest one in the log is active. Raft §6

  const Configuration& configuration() const {
    return configurations_.back().configuration;
  }
  Index configuration_index() const { return configurations_.back().index; }

 private:
  struct TermStart {
    Term term;
    Index first;
  };
  struct ConfigurationAt {
    Index index;
    Configuration configuration;
  };

  std::deque<Record> entries_;    // entries_[i] has index i + 1.
  std::vector<TermStart> terms_;  // Of entries_: terms and firsts grow.
  std::vector<ConfigurationAt> configurations_;  // Of entries_, by index.
};

}  // namespace raft

#endif  // RAFT_CORE_LOG_H_
