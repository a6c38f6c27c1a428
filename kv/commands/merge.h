// Several walks in the order of hashes (kv/values/hash_ordered.h) as one.

#ifndef KV_COMMANDS_MERGE_H_
#define KV_COMMANDS_MERGE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/pace.h"

namespace kv {

// Where one of them is:
//
//   bool done() const;
//   uint64_t order() const;           // Requires: !done().
//   absl::string_view key() const;    // As well.
//   void Next();                      // As well.
//
// Visits what all of them visit, in order; of equal keys, that of the first
// cursor first.
template <class Cursor, class Visit>
void MergeByHash(Pace& pace, std::vector<Cursor> cursors, Visit&& visit) {
  const auto is_behind = [&](size_t a, size_t b) {
    const uint64_t order_a = cursors[a].order();
    const uint64_t order_b = cursors[b].order();
    if (order_a != order_b) return order_a > order_b;
    const int keys = cursors[a].key().compare(cursors[b].key());
    return keys != 0 ? keys > 0 : a > b;
  };
  std::vector<size_t> heap;  // Its front is the one that comes next.
  for (size_t i = 0; i < cursors.size(); ++i) {
    pace.Step();
    if (!cursors[i].done()) heap.push_back(i);
  }
  std::make_heap(heap.begin(), heap.end(), is_behind);
  while (!heap.empty()) {
    pace.Step(2);
    std::pop_heap(heap.begin(), heap.end(), is_behind);
    Cursor& cursor = cursors[heap.back()];
    visit(cursor);
    cursor.Next();
    if (cursor.done()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), is_behind);
    }
  }
}

}  // namespace kv

#endif  // KV_COMMANDS_MERGE_H_
