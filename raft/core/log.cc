#include "raft/core/log.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"

#include "runtime/check.h"

namespace raft {

Log::Log(std::vector<Record> entries) {
  CHECK(!entries.empty(), "a log begins with a configuration");
  CHECK_EQ(static_cast<EntryKind>(entries.front().kind),
           EntryKind::kConfiguration);
  for (Record& record : entries) Append(std::move(record));
}

Term Log::TermAt(Index index) const {
  return index == Index() ? Term() : At(index).term;
}

bool Log::Holds(Index index, Term term) const {
  return index <= last_index() && TermAt(index) == term;
}

const Record& Log::At(Index index) const {
  CHECK(index >= Index(1) && index <= last_index(), "no entry ", index.value(),
        " in a log that ends at ", last_index().value());
  return entries_[index.value() - 1];
}

bool Log::IsUpToDate(Index last_index, Term last_term) const {
  if (last_term != this->last_term()) return last_term > this->last_term();
  return last_index >= this->last_index();
}

size_t Log::CopyTo(std::vector<Record>& out, Index first, size_t count_max,
                   size_t bytes_max) const {
  size_t count = 0;
  size_t bytes = 0;
  for (Index index = first; index <= last_index(); ++index) {
    const size_t size = At(index).payload.size();
    if (count > 0 && (count >= count_max || bytes + size > bytes_max)) break;
    ++count;
    bytes += size;
  }
  out.reserve(out.size() + count);
  for (size_t i = 0; i < count; ++i) out.push_back(At(first + i));
  return bytes;
}

Index Log::LastWithTermAtMost(Index upto, Term term) const {
  const auto later = std::upper_bound(
      terms_.begin(), terms_.end(), term,
      [](Term t, const TermStart& start) { return t < start.term; });
  const Index last =
      later == terms_.end() ? last_index() : later->first.Previous();
  return std::min(upto, last);
}

Index Log::FirstOfTermAt(Index index) const {
  if (index == Index()) return Index();
  CHECK_LE(index, last_index());
  const auto after = std::upper_bound(
      terms_.begin(), terms_.end(), index,
      [](Index i, const TermStart& start) { return i < start.first; });
  return std::prev(after)->first;
}

void Log::Append(Record record) {
  CHECK_EQ(record.index, last_index().Next(), "a log has no gaps");
  if (terms_.empty() || terms_.back().term != record.term) {
    CHECK(terms_.empty() || terms_.back().term < record.term,
          "terms never decrease along a log");
    terms_.push_back({record.term, record.index});
  }
  if (static_cast<EntryKind>(record.kind) == EntryKind::kConfiguration) {
    absl::StatusOr<Configuration> configuration =
        DecodeConfiguration(record.payload.span());
    CHECK(configuration.ok(), "entry ", record.index.value(), ": ",
          configuration.status().message());
    configurations_.push_back({record.index, *std::move(configuration)});
  }
  entries_.push_back(std::move(record));
}

void Log::TruncateFrom(Index from) {
  CHECK(from > kBootstrapIndex && from <= last_index(), "cannot cut ",
        from.value(), " of a log that ends at ", last_index().value());
  entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(from.value() - 1),
                 entries_.end());
  while (terms_.back().first >= from) terms_.pop_back();
  while (configurations_.back().index >= from) configurations_.pop_back();
}

}  // namespace raft
