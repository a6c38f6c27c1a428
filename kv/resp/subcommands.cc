#include "kv/resp/subcommands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kv {
namespace {

class Table {
 public:
  Table() {
    for (const auto& family :
         {AclSubcommands(), AdminSubcommands(), ClientSubcommands(),
          ClusterSubcommands(), CommandSubcommands(), LatencySubcommands(),
          SlowLogSubcommands()}) {
      rows_.insert(rows_.end(), family.begin(), family.end());
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const RespSubcommand& a, const RespSubcommand& b) {
                return a.name < b.name;
              });
  }

  std::span<const RespSubcommand> rows() const { return rows_; }

 private:
  std::vector<RespSubcommand> rows_;
};

}  // namespace

std::span<const RespSubcommand> RespSubcommands() {
  static const Table table;
  return table.rows();
}

std::span<const RespSubcommand> SubcommandsOf(absl::string_view command) {
  const std::span<const RespSubcommand> all = RespSubcommands();
  const std::string prefix = absl::StrCat(command, "|");
  const auto begin =
      std::partition_point(all.begin(), all.end(),
                           [&](const auto& row) { return row.name < prefix; });
  const auto end = std::partition_point(begin, all.end(), [&](const auto& row) {
    return absl::StartsWith(row.name, prefix);
  });
  return {begin, end};
}

const RespSubcommand* FindSubcommand(absl::string_view command,
                                     absl::string_view word) {
  for (const RespSubcommand& row : SubcommandsOf(command)) {
    if (SameWord(row.name.substr(command.size() + 1), word)) return &row;
  }
  return nullptr;
}

void PlanContainer(RespRequest& request) {
  if (request.args.size() == 1) return PlanCommand(request);
  // What there is none of, PlanRequest() has refused.
  const RespSubcommand* row = FindSubcommand(request.name, request.args[1]);
  request.client.last_command = row->name;
  row->handler(request);
}

void PlanHelp(RespRequest& request) {
  const std::span<const RespSubcommand> rows = SubcommandsOf(request.name);
  RespWriter out = request.Answer();
  out.Array(1 + 2 * rows.size());
  out.Simple(absl::StrCat(
      absl::AsciiStrToUpper(request.name),
      " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  for (const RespSubcommand& row : rows) {
    out.Simple(row.usage);
    out.Simple(absl::StrCat("    ", row.summary));
  }
}

}  // namespace kv
