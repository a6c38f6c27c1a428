// What raftctl prints: rows, as a table for people or as JSON for programs.
//
// A row is a JSON object; a table shows some of its keys as columns. What comes
// from other machines is shown without control characters.

#ifndef PROD_CTL_OUTPUT_H_
#define PROD_CTL_OUTPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "nlohmann/json.hpp"

namespace prod {

using CtlJson = nlohmann::ordered_json;

enum class CtlFormat : uint8_t { kTable, kJson };

// Exit codes of raftctl, beside those of kv/exit_code.h.
inline constexpr int kExitUnhealthy = 1;

// What a command says, and how the program ends.
struct CtlResult {
  std::string text = {};
  int exit_code = 0;
};

// A table of `columns`; a row without one of them has "-" there. Numbers are
// right-aligned. The last column is not padded.
std::string FormatTable(const std::vector<CtlJson>& rows,
                        const std::vector<absl::string_view>& columns);

// Keys and values of one object, a line each.
std::string FormatFields(const CtlJson& object);

// With its line break; UTF-8 whatever the texts hold.
std::string FormatJson(const CtlJson& json);

// A value as a cell: visible text, on one line.
std::string CellText(const CtlJson& value);

}  // namespace prod

#endif  // PROD_CTL_OUTPUT_H_
