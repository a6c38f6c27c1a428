// The log of one node as the checks remember it: per entry its term and a hash
// of everything up to it. So "the same prefix" is one comparison.

#ifndef SCENARIOS_CHECKS_LOG_MIRROR_H_
#define SCENARIOS_CHECKS_LOG_MIRROR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "persist/record.h"

namespace scenarios {

class LogMirror {
 public:
  struct Entry {
    persist::Term term;
    uint64_t chain = 0;  // Of this entry and all before it.
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // What the chain is made of. The checksum stands for the payload.
  struct Facts {
    persist::Term term;
    uint8_t kind = 0;
    uint32_t payload_crc32c = 0;
    uint64_t payload_bytes = 0;
  };

  void AppendFacts(const Facts& facts);
  // Requires: the record follows the last one.
  void Append(const persist::Record& record);
  // Drops `from` and everything behind it; beyond the end, nothing.
  void TruncateFrom(persist::Index from);
  void Clear() { entries_.clear(); }

  persist::Index last() const { return persist::Index(entries_.size()); }
  bool Has(persist::Index index) const {
    return index.value() >= 1 && index <= last();
  }
  // Requires: Has(index).
  const Entry& At(persist::Index index) const {
    return entries_[index.value() - 1];
  }

 private:
  std::vector<Entry> entries_;  // entries_[i] has index i + 1.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LOG_MIRROR_H_
