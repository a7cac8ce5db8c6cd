// SPDX-License-Identifier: Apache-2.0
// Exact null distribution of the two-sample Kolmogorov-Smirnov statistics by counting lattice paths
// [Hodges 1958, Sec. 4]. Reading the pooled sample in order, step i when the value is of the first
// sample and j when of the second: under H0 all paths from (0,0) to (n,m) are equally likely, and
//   n*m*(F - G) = i*m - j*n  at the point (i,j).
// The probability h(i,j) that a path now at (i,j) will yet meet a boundary satisfies
//   h = 1 where the boundary is met, h(n,m) = 0 otherwise,
//   h(i,j) = ((n-i) h(i+1,j) + (m-j) h(i,j+1)) / (n-i+m-j),
// a sum of positive terms only, so h(0,0) is found to relative accuracy however small it is.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "stats/tail_probability.h"

namespace patina::stats::internal {

struct WalkBoundary {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  std::int64_t n = 0;
  std::int64_t m = 0;
  std::int64_t upper = kNone;  ///< Met where i*m - j*n >= upper; > 0.
  std::int64_t lower = kNone;  ///< Met where i*m - j*n <= -lower; > 0.
};

/// Probability that the walk meets the boundary at an inspected point. `inspected[i+j]` says
/// whether points after i+j values are looked at (with ties only the ends of the groups are); empty
/// means all. O(n*m) time, O(n+m) memory. log10 is exact to below 1e-9000 where long double has 15
/// exponent bits.
TailProbability walk_meets_boundary(const WalkBoundary& boundary,
                                    const std::vector<bool>& inspected = {});

}  // namespace patina::stats::internal
