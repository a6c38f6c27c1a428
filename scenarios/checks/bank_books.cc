#include "scenarios/checks/bank_books.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {

void BankBooks::OnMoveAsked(uint32_t client) {
  Client& asker = clients_[client - 1];
  ++asker.asked;
  asker.certain_at_asked = asker.certain;
}

void BankBooks::OnMoved(uint32_t client, int64_t count) {
  ++moved_;
  CheckCount(absl::StrCat("EXEC of client ", client), client, count,
             clients_[client - 1].certain_at_asked + 1);
}

void BankBooks::OnNotMoved(uint32_t client) {
  Client& asker = clients_[client - 1];
  ++asker.not_moved;
  if (asker.certain <= asker.possible()) return;
  violations_.Report(
      "exec-twice",
      absl::StrCat("client ", client, " is told that its transaction has had ",
                   "no effect, but its count, ", asker.certain,
                   ", is above the other ", asker.possible()));
}

void BankBooks::CheckCount(absl::string_view who, uint32_t client,
                           int64_t count, int64_t count_min) {
  Client& counted = clients_[client - 1];
  if (count > counted.possible()) {
    violations_.Report(
        "exec-twice",
        absl::StrCat(who, " sees ", count, " transactions of client ", client,
                     ", which has asked for ", counted.asked,
                     " and was told that ", counted.not_moved,
                     " of them have had no effect"));
    return;
  }
  if (count < count_min) {
    violations_.Report(
        "exec-lost",
        absl::StrCat(who, " sees ", count, " transactions of client ", client,
                     ", of which at least ", count_min,
                     " had taken effect before it asked"));
    return;
  }
  counted.certain = std::max(counted.certain, count);
}

BankBooks::Floor BankBooks::CertainNow() const {
  Floor certain;
  for (const Client& client : clients_) certain.push_back(client.certain);
  return certain;
}

void BankBooks::OnAudited(absl::string_view who, const Floor& certain,
                          std::span<const int64_t> balances,
                          std::span<const int64_t> counts) {
  ++audits_;
  const int64_t total =
      std::accumulate(balances.begin(), balances.end(), int64_t{0});
  if (total != 0) {
    violations_.Report(
        "bank-total",
        absl::StrCat(who, " sees ", absl::StrJoin(balances, " + "), " = ",
                     total, " in the accounts, which must be 0"));
    return;
  }
  for (uint32_t client = 1; client <= clients_.size(); ++client) {
    CheckCount(who, client, counts[client - 1], certain[client - 1]);
  }
}

}  // namespace scenarios
