// SPDX-License-Identifier: Apache-2.0
// Tails of the usual distributions with relative accuracy down to (and, in logarithms, below) the
// smallest double, and log-space sums. Boost.Math does the work where it reaches; nothing here
// throws.
#pragma once

#include <cstdint>
#include <vector>

#include "core/pi.h"
#include "stats/tail_probability.h"

namespace patina::stats::internal {

using core::kPi;
constexpr double kLn2 = 0.69314718055994530942;
constexpr double kLn10 = 2.30258509299404568402;
constexpr double kLogSqrtTwoPi = 0.91893853320467274178;

/// P(Z >= z) of a standard normal.
TailProbability normal_upper_tail(double z);
/// z with P(Z >= z) = p; +-infinity at p = 0 and 1.
double normal_upper_quantile(double p);

/// P(T >= t) of Student's t; degrees of freedom > 0, need not be whole.
TailProbability students_t_upper_tail(double t, double degrees_of_freedom);

/// P(X >= x) of chi-squared with 2*half_degrees degrees of freedom:
/// exp(-x/2) * sum_{i<half_degrees} (x/2)^i / i!.
TailProbability chi_squared_upper_tail_even(double x, std::int64_t half_degrees);
/// P(X <= x) of the same.
TailProbability chi_squared_lower_tail_even(double x, std::int64_t half_degrees);

/// log(sum exp(terms)); -infinity of nothing.
double log_sum_exp(const std::vector<double>& terms);

/// log(n!) - log(sqrt(2*pi*n) * (n/e)^n), the error of Stirling's formula; n >= 1 [Loader 2000].
double stirling_error(std::int64_t n);

/// log of the binomial coefficient, relative error about 1e-14 of its logarithm; 0 <= k <= n.
double log_binomial_coefficient(std::int64_t n, std::int64_t k);

}  // namespace patina::stats::internal
