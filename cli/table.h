// SPDX-License-Identifier: Apache-2.0
// Text for people: aligned columns, durations, wrapped paragraphs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace patina::cli {

using TableRow = std::vector<std::string>;
enum class Align { kLeft, kRight };

/// Columns as wide as their widest cell, two spaces between them, no space at line ends. Every row
/// ends with a newline; missing cells are empty.
std::string format_table(const std::vector<TableRow>& rows, const std::vector<Align>& columns);

/// Characters a terminal shows, for UTF-8 (one column each).
std::size_t display_width(std::string_view text);

/// "0.4 s", "95 s", "12 min", "3 h 20 min".
std::string format_duration(double seconds);

/// For all that the command line shows of foreign text.
using core::printable;

/// Breaks at spaces so that no line exceeds `width`; further lines begin with `indent` spaces.
std::string wrap(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace patina::cli
