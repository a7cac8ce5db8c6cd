// SPDX-License-Identifier: Apache-2.0
// Rates as bars: a column for each level, a row for each model. Entry point: bars_svg.
#pragma once

#include <string>
#include <vector>

#include "evaluate/tables/rates.h"

namespace patina::evaluate {

struct BarRow {
  std::string label;
  Rates found;    ///< Wide and blue.
  Rates accused;  ///< Narrow and red, below; empty = none.
};

/// An SVG document of its own.
std::string bars_svg(const std::vector<BarRow>& rows);

}  // namespace patina::evaluate
