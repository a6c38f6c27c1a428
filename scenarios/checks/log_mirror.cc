#include "scenarios/checks/log_mirror.h"

#include "runtime/check.h"
#include "runtime/random.h"

namespace scenarios {

void LogMirror::AppendFacts(const Facts& facts) {
  uint64_t chain = entries_.empty() ? 0 : entries_.back().chain;
  chain = runtime::MixHash(chain, facts.term.value());
  chain = runtime::MixHash(chain, facts.kind);
  chain = runtime::MixHash(chain, facts.payload_crc32c);
  chain = runtime::MixHash(chain, facts.payload_bytes);
  entries_.push_back({facts.term, chain});
}

void LogMirror::Append(const persist::Record& record) {
  CHECK_EQ(record.index.value(), entries_.size() + 1, "a gap in a log");
  AppendFacts({.term = record.term,
               .kind = record.kind,
               .payload_crc32c = record.payload_crc32c,
               .payload_bytes = record.payload.size()});
}

void LogMirror::TruncateFrom(persist::Index from) {
  if (Has(from)) entries_.resize(from.value() - 1);
}

}  // namespace scenarios
