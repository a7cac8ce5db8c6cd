// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/lattice_walk.h"

#include <algorithm>
#include <cmath>

#include "stats/internal/special_functions.h"

namespace patina::stats::internal {

namespace {

// "Boundary met" is this power of two instead of 1, which nearly doubles the range below it.
constexpr int kUnitExponent = std::numeric_limits<long double>::max_exponent - 400;

// Columns j at which row i lies beyond a boundary: j <= last_upper or j >= first_lower.
struct RowLimits {
  std::int64_t last_upper = -1;  ///< Last column beyond the upper boundary; -1 = none.
  std::int64_t first_lower = WalkBoundary::kNone;  ///< First column beyond the lower boundary.
};

RowLimits row_limits(const WalkBoundary& boundary, std::int64_t i) {
  RowLimits limits;
  const std::int64_t height = i * boundary.m;
  if (boundary.upper != WalkBoundary::kNone && height >= boundary.upper) {
    limits.last_upper = (height - boundary.upper) / boundary.n;
  }
  if (boundary.lower != WalkBoundary::kNone) {
    limits.first_lower = (height + boundary.lower + boundary.n - 1) / boundary.n;
  }
  return limits;
}

class BackwardWalk {
 public:
  BackwardWalk(const WalkBoundary& boundary, const std::vector<bool>& inspected)
      : boundary_(boundary),
        inspected_(inspected),
        unit_(std::ldexp(1.0L, kUnitExponent)),
        row_(static_cast<std::size_t>(boundary.m) + 2, 0.0L) {
    const std::size_t steps = static_cast<std::size_t>(boundary.n + boundary.m) + 1;
    inverse_.resize(steps, 0.0L);
    for (std::size_t left = 1; left < steps; ++left) {
      inverse_[left] = 1.0L / static_cast<long double>(left);
    }
  }

  TailProbability run() {
    for (std::int64_t i = boundary_.n; i >= 0; --i) {
      step_row(i);
    }
    const long double scaled = row_[0];
    const long double log_p = std::log(scaled) - kUnitExponent * std::log(2.0L);
    const double p = static_cast<double>(std::ldexp(scaled, -kUnitExponent));
    return {std::min(1.0, p), std::min(0.0, static_cast<double>(log_p / std::log(10.0L)))};
  }

 private:
  bool looks_at(std::int64_t i, std::int64_t j) const {
    return inspected_.empty() || inspected_[static_cast<std::size_t>(i + j)];
  }

  // Turns row i+1 into row i, right to left.
  void step_row(std::int64_t i) {
    const RowLimits limits = row_limits(boundary_, i);
    const long double up_weight = static_cast<long double>(boundary_.n - i);
    long double right = 0.0L;
    for (std::int64_t j = boundary_.m; j >= 0; --j) {
      const std::size_t column = static_cast<std::size_t>(j);
      const bool beyond = j <= limits.last_upper || j >= limits.first_lower;
      if (beyond && looks_at(i, j)) {
        right = unit_;
      } else {
        const std::int64_t across = boundary_.m - j;
        const std::size_t left = static_cast<std::size_t>(boundary_.n - i + across);
        right = (up_weight * row_[column] + static_cast<long double>(across) * right) *
                inverse_[left];
      }
      row_[column] = right;
    }
  }

  const WalkBoundary& boundary_;
  const std::vector<bool>& inspected_;
  long double unit_;
  std::vector<long double> row_;
  std::vector<long double> inverse_;
};

}  // namespace

TailProbability walk_meets_boundary(const WalkBoundary& boundary,
                                    const std::vector<bool>& inspected) {
  return BackwardWalk(boundary, inspected).run();
}

}  // namespace patina::stats::internal
