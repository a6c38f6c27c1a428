#include "scenarios/checks/log_order.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

bool LogOrder::MayFollow(const NodeLife& life, const LogMirror& log,
                         const persist::Record& record, persist::Term term) {
  const persist::Index last = log.last();
  const persist::Term last_term =
      log.Has(last) ? log.At(last).term : persist::Term(0);
  if (record.index == last.Next() && record.term >= last_term &&
      record.term <= term) {
    return true;
  }
  violations_.Report(
      "log-order",
      absl::StrCat(life.ToString(), " in term ", term.value(),
                   " appends entry ", record.index.value(), " of term ",
                   record.term.value(), " behind entry ", last.value(),
                   " of term ", last_term.value()));
  return false;
}

void LogOrder::OnLog(const NodeLife& life, const LogMirror& log,
                     persist::Index last, persist::Term last_term) {
  if (log.last() == last && log.Has(last) && log.At(last).term == last_term) {
    return;
  }
  violations_.Report("stores-are-the-log",
                     absl::StrCat(life.ToString(), " has a log up to ",
                                  last.value(), " of term ", last_term.value(),
                                  " in memory, and has stored one up to ",
                                  log.last().value()));
}

}  // namespace scenarios
