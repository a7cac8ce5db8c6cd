// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stats/tail_probability.h"
#include "stats/two_sample.h"

namespace patina::stats {

struct WelchResult {
  double statistic = 0.0;  ///< (mean1 - mean2) / sqrt(v1/n + v2/m); negative = first is smaller.
  double degrees_of_freedom = 0.0;
  double p_value = 1.0;
  double log10_p_value = 0.0;
};

/// Welch's t-test: equal means, variances free [Welch 1947]. Approximate unless the values are
/// normal. Throws Error{kInput} if a sample has fewer than two values or is not finite, or both are
/// constant.
WelchResult welch_t_test(const TwoSamples& samples, Shift alternative = Shift::kDifferent);

}  // namespace patina::stats
