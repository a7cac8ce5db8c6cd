// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace patina::stats::internal {

/// Median of the n*m differences x - y, without forming them: the order statistics are found by
/// bisection over the doubles, O((n+m) log(n+m)) time. An even number of differences gives the mean
/// of the two middle ones. Both samples must be non-empty and finite.
double median_difference(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace patina::stats::internal
