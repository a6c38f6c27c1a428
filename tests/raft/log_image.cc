#include "tests/raft/log_image.h"

#include "runtime/check.h"
#include "runtime/random.h"

namespace raft {

void LogImage::Append(const Record& record) {
  CHECK_EQ(record.index, last_index().Next(), "a store with a gap");
  uint64_t hash = ChainAt(last_index());
  hash = runtime::MixHash(hash, record.term.value());
  hash = runtime::MixHash(hash, record.kind);
  hash = runtime::MixHash(hash, runtime::HashLabel(record.payload.text()));
  chain.push_back(hash);
  entries.push_back(record);
}

void LogImage::Apply(const persist::Store& store) {
  if (store.hard_state.has_value()) hard_state = *store.hard_state;
  if (store.truncate_from.has_value()) {
    CHECK(*store.truncate_from <= last_index() &&
          *store.truncate_from > Index());
    entries.resize(store.truncate_from->value() - 1);
    chain.resize(entries.size());
  }
  for (const Record& record : store.entries) Append(record);
}

Term LogImage::last_term() const {
  return entries.empty() ? Term() : entries.back().term;
}

uint64_t LogImage::ChainAt(Index index) const {
  CHECK_LE(index, last_index());
  return index == Index() ? 0 : chain[index.value() - 1];
}

bool LogImage::Holds(Index index, uint64_t chain_there) const {
  return index <= last_index() && ChainAt(index) == chain_there;
}

}  // namespace raft
