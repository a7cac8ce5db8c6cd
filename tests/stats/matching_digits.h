// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>

namespace patina::stats {

/// Log relative error: how many leading decimal digits of `actual` agree with `expected`. Absolute
/// where the expected value is 0.
inline double matching_digits(double actual, double expected) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) {
    return std::numeric_limits<double>::infinity();
  }
  const double scale = expected == 0.0 ? 1.0 : std::abs(expected);
  const double digits = -std::log10(std::abs(actual - expected) / scale);
  return std::isnan(digits) ? -std::numeric_limits<double>::infinity() : digits;
}

}  // namespace patina::stats
