#include "kv/commands/table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/match.h"

#include "runtime/check.h"

namespace kv {
namespace {

// Executed by kv/store.cc itself, whose sessions it opens.
constexpr CommandRow kOwnRows[] = {
    {Operation::kOpenSession, "", 1, "write", 0, 0, 0, nullptr},
};

bool Walks(Operation operation) {
  switch (operation) {
    case Operation::kKeys:
    case Operation::kScan:
    case Operation::kMemory:
    case Operation::kLcs:
    case Operation::kLPos:
    case Operation::kSInter:
    case Operation::kSInterCard:
    case Operation::kSUnion:
    case Operation::kSDiff:
    case Operation::kZInter:
    case Operation::kZInterCard:
    case Operation::kZUnion:
    case Operation::kZDiff:
      return true;
    default:
      return false;
  }
}

class Table {
 public:
  Table() {
    for (const auto& family :
         {std::span<const CommandRow>(kOwnRows), StringCommands(),
          CounterCommands(), KeyCommands(), ScanCommands(), ExpiryCommands(),
          TransactionCommands(), LcsCommands(), HashCommands(), ListCommands(),
          SetCommands(), SetAlgebraCommands(), SortedSetCommands(),
          SortedSetRangeCommands(), SortedSetPopCommands(),
          SortedSetAlgebraCommands()}) {
      rows_.insert(rows_.end(), family.begin(), family.end());
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const CommandRow& a, const CommandRow& b) {
                if (a.name != b.name) return a.name < b.name;
                return a.operation < b.operation;
              });
    for (CommandRow& row : rows_) {
      row.reads = absl::StrContains(row.flags, "readonly");
      row.walks = row.reads && Walks(row.operation);
      const auto place = static_cast<size_t>(row.operation);
      CHECK_LT(place, by_operation_.size(), "an operation beyond the table");
      // Of two names for one operation, the first: DEL, not UNLINK.
      if (by_operation_[place] == nullptr) by_operation_[place] = &row;
    }
  }

  std::span<const CommandRow> rows() const { return rows_; }

  const CommandRow* Find(absl::string_view name) const {
    const auto it =
        std::lower_bound(rows_.begin(), rows_.end(), name,
                         [](const CommandRow& row, absl::string_view wanted) {
                           return row.name < wanted;
                         });
    if (name.empty() || it == rows_.end() || it->name != name) return nullptr;
    return &*it;
  }

  const CommandRow* Find(Operation operation) const {
    const auto place = static_cast<size_t>(operation);
    return place < by_operation_.size() ? by_operation_[place] : nullptr;
  }

 private:
  std::vector<CommandRow> rows_;
  std::array<const CommandRow*, 256> by_operation_ = {};
};

const Table& TheTable() {
  static const Table table;
  return table;
}

}  // namespace

std::span<const CommandRow> AllCommands() { return TheTable().rows(); }

const CommandRow* FindCommand(absl::string_view name) {
  return TheTable().Find(name);
}

const CommandRow* FindCommand(Operation operation) {
  return TheTable().Find(operation);
}

bool ArityFits(const CommandRow& row, size_t words) {
  const auto count = static_cast<int64_t>(words);
  return row.arity >= 0 ? count == row.arity : count >= -row.arity;
}

}  // namespace kv
