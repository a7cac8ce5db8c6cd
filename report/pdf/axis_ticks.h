// SPDX-License-Identifier: Apache-2.0
// Where an axis carries numbers: multiples of 1, 2 or 5 times a power of ten [Heckbert 1990, "Nice
// Numbers for Graph Labels", Graphics Gems].
#pragma once

#include <string>
#include <vector>

namespace patina::report {

struct Ticks {
  double low = 0.0;  ///< Ends of the axis, on ticks, around the data.
  double high = 1.0;
  std::vector<double> positions;    ///< From low to high.
  std::vector<std::string> labels;  ///< One per position, with the decimals that the step needs.
};

/// Ticks around [low, high] with about `target` steps. An empty or single-valued range is widened.
/// Requires: both finite, low <= high, target >= 2.
Ticks nice_ticks(double low, double high, int target);

}  // namespace patina::report
