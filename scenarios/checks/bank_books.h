// Redis clients move amounts between accounts, each move a transaction that
// also counts itself: WATCH, two GETs, MULTI, two SETs, INCR, EXEC. What must
// hold, whoever looks:
//
//   bank-total   all accounts together hold what they held in the beginning:
//                nothing. A transaction takes effect as a whole, and only if
//                nobody has changed what it rests on.
//   exec-twice   a client's count is at most what it has asked for, without
//                what it was told has not happened (null, CLUSTERDOWN, BUSY).
//   exec-lost    and at least what it was told has happened, or anybody has
//                seen, before one asked.

#ifndef SCENARIOS_CHECKS_BANK_BOOKS_H_
#define SCENARIOS_CHECKS_BANK_BOOKS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "scenarios/checks/violations.h"

namespace scenarios {

class BankBooks {
 public:
  // By client: how many of its moves have certainly happened.
  using Floor = std::vector<int64_t>;

  // Clients are numbered from 1. `violations` must outlive this.
  BankBooks(Violations& violations, uint32_t clients)
      : violations_(violations), clients_(clients) {}

  // One move of a client at a time. That nobody tells what became of it is told
  // by asking for the next.
  void OnMoveAsked(uint32_t client);
  void OnMoved(uint32_t client, int64_t count);
  void OnNotMoved(uint32_t client);

  // What must be seen by whoever asks now.
  Floor CertainNow() const;
  // `who` asked when `certain` was so, and has now been told these balances,
  // and the count of each client.
  void OnAudited(absl::string_view who, const Floor& certain,
                 std::span<const int64_t> balances,
                 std::span<const int64_t> counts);

  uint64_t moved() const { return moved_; }
  uint64_t audits() const { return audits_; }

 private:
  struct Client {
    int64_t asked = 0;
    int64_t not_moved = 0;
    int64_t certain = 0;           // Told to it, or seen by anybody.
    int64_t certain_at_asked = 0;  // When it asked last.

    int64_t possible() const { return asked - not_moved; }
  };

  void CheckCount(absl::string_view who, uint32_t client, int64_t count,
                  int64_t count_min);

  Violations& violations_;
  std::vector<Client> clients_;
  uint64_t moved_ = 0;
  uint64_t audits_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_BANK_BOOKS_H_
