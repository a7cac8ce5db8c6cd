// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/numbers.h"

namespace patina::cli {
namespace {

std::vector<std::size_t> column_widths(const std::vector<TableRow>& rows, std::size_t count) {
  std::vector<std::size_t> widths(count, 0);
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < std::min(count, row.size()); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  return widths;
}

}  // namespace

std::string format_table(const std::vector<TableRow>& rows, const std::vector<Align>& columns) {
  const std::vector<std::size_t> widths = column_widths(rows, columns.size());
  std::string text;
  for (const TableRow& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < std::min(row.size(), columns.size()); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += columns[i] == Align::kLeft ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0.0)) return "-";
  if (seconds < 9.95) return core::fixed_text(seconds, 1) + " s";
  if (seconds < 119.5) return core::fixed_text(seconds, 0) + " s";
  const double minutes = std::round(seconds / 60.0);
  if (minutes < 120.0) return core::fixed_text(minutes, 0) + " min";
  const double hours = std::floor(minutes / 60.0);
  return core::fixed_text(hours, 0) + " h " + core::fixed_text(minutes - 60.0 * hours, 0) + " min";
}

std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
  std::istringstream words(text);
  std::string wrapped;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
    if (column > 0 && column + 1 + display_width(word) > width) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > 0) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += display_width(word);
  }
  return wrapped;
}

}  // namespace patina::cli
