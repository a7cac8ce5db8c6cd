// SPDX-License-Identifier: Apache-2.0
// What a suite's cells come to, for people and programs. Entry point: write_tables.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace patina::evaluate {

struct TableFile {
  std::string name;  ///< "chain.csv".
  std::string text;
};

struct Tables {
  std::string markdown;          ///< What is shown; one of the files holds it too.
  std::vector<TableFile> files;  ///< For the output folder.
  nlohmann::json result;         ///< The same numbers, an object.
};

/// Writes the files into the folder. Throws Error{kDisk}.
void write_tables(const std::filesystem::path& folder, const Tables& tables);

/// A number as printf() writes it, `format` for one double.
std::string format_value(const char* format, double value);

/// Rows of cells below a header. Cells may hold anything: what Markdown or a terminal would take for
/// more than text is escaped.
std::string markdown_table(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows);

}  // namespace patina::evaluate
