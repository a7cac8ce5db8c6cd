// SPDX-License-Identifier: Apache-2.0
// A table whose cells wrap and whose head repeats on every page.
#pragma once

#include <string>
#include <vector>

#include "report/pdf/pdf_layout.h"

namespace patina::report::pdf {

struct Column {
  std::string title;
  double width = 0.0;  ///< Points, padding included.
};

struct Cell {
  std::string text;
  Face face = Face::kRegular;
  std::string detail;  ///< Smaller grey text below; may be empty.
};

using Row = std::vector<Cell>;

/// Height of the table on one page.
double table_height(Canvas& canvas,
                    const std::vector<Column>& columns,
                    const std::vector<Row>& rows);

/// Draws below what the flow holds; each row has one cell per column.
void draw_table(Canvas& canvas,
                Flow& flow,
                const std::vector<Column>& columns,
                const std::vector<Row>& rows);

}  // namespace patina::report::pdf
