#include "prod/ctl_output.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "config/utf8.h"

namespace prod {
namespace {

struct Column {
  std::vector<std::string> cells;
  size_t width = 0;
  bool numbers = true;  // All but the title.
};

// In characters.
size_t WidthOf(absl::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// "why_not_ready" -> "WHY NOT READY".
std::string TitleOf(absl::string_view key) {
  std::string title = absl::AsciiStrToUpper(key);
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

Column ColumnOf(const std::vector<CtlJson>& rows, absl::string_view key) {
  Column column;
  column.cells.push_back(TitleOf(key));
  for (const CtlJson& row : rows) {
    const auto found = row.find(std::string(key));
    const bool there = found != row.end() && !found->is_null();
    column.numbers = column.numbers && (!there || found->is_number());
    column.cells.push_back(there ? CellText(*found) : "-");
  }
  for (const std::string& cell : column.cells) {
    column.width = std::max(column.width, WidthOf(cell));
  }
  return column;
}

}  // namespace

std::string CellText(const CtlJson& value) {
  const std::string text =
      value.is_string()
          ? value.get<std::string>()
          : value.dump(-1, ' ', false, CtlJson::error_handler_t::replace);
  if (config::IsVisibleText(text)) return text;
  std::string visible;
  for (const char c : text) {
    visible += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  }
  return visible;
}

std::string FormatTable(const std::vector<CtlJson>& rows,
                        const std::vector<absl::string_view>& columns) {
  std::vector<Column> table;
  for (const absl::string_view key : columns) {
    table.push_back(ColumnOf(rows, key));
  }
  std::string out;
  for (size_t row = 0; row <= rows.size(); ++row) {
    std::string line;
    for (const Column& column : table) {
      const std::string& cell = column.cells[row];
      const std::string room(column.width - WidthOf(cell), ' ');
      absl::StrAppend(&line, line.empty() ? "" : "  ",
                      column.numbers ? room : "", cell,
                      column.numbers ? "" : room);
    }
    absl::StrAppend(&out, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return out;
}

std::string FormatFields(const CtlJson& object) {
  size_t width = 0;
  for (const auto& [key, value] : object.items()) {
    width = std::max(width, WidthOf(key));
  }
  std::string out;
  for (const auto& [key, value] : object.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    absl::StrAppend(&out, name, std::string(width - WidthOf(key) + 2, ' '),
                    CellText(value), "\n");
  }
  return out;
}

std::string FormatJson(const CtlJson& json) {
  return json.dump(2, ' ', false, CtlJson::error_handler_t::replace) + "\n";
}

}  // namespace prod
