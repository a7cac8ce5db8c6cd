// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace patina::stats {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// start, start + 1, ... `size` of them.
inline std::vector<double> ramp(std::size_t size, double start) {
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = start + static_cast<double>(i);
  }
  return values;
}

}  // namespace patina::stats
