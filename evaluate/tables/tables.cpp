// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tables/tables.h"

#include <cstdio>

#include "core/files.h"
#include "evaluate/tables/text.h"

namespace patina::evaluate {

namespace {

std::string row_text(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + markdown_text(cell) + " |";
  return text + "\n";
}

}  // namespace

void write_tables(const std::filesystem::path& folder, const Tables& tables) {
  for (const TableFile& file : tables.files) {
    core::write_file_atomic(folder / file.name, file.text);
  }
}

std::string format_value(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string markdown_table(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows) {
  std::string text = row_text(header) + row_text(std::vector<std::string>(header.size(), "---"));
  for (const std::vector<std::string>& row : rows) text += row_text(row);
  return text;
}

}  // namespace patina::evaluate
