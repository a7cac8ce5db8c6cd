// SPDX-License-Identifier: Apache-2.0
// Distribution-free tests of ranks: Mann-Whitney U, a companion of the primary test of an audit, and
// the Wilcoxon signed-rank test, which a comparison of methods over paired sets of images needs.
// Conventions and defaults are those of SciPy 1.10 unless said otherwise. Both throw Error{kInput}
// for empty samples, NaN and infinities.
#pragma once

#include <vector>

#include "stats/tail_probability.h"
#include "stats/two_sample.h"

namespace patina::stats {

enum class RankMethod {
  kAuto,   ///< Exact where it applies and is cheap, else the approximation; each test says when.
  kExact,  ///< Permutation distribution. Error{kInput} where ties or zeros forbid it.
  kApproximate,  ///< Normal distribution.
};
const char* to_string(RankMethod method);  ///< "auto", "exact", "approximate".

struct RankOptions {
  Shift alternative = Shift::kDifferent;  ///< The shift of the first sample that is looked for.
  RankMethod method = RankMethod::kAuto;  ///< How the p-value is computed.
  /// Moves the normal approximation half a step towards the mean.
  bool continuity_correction = true;
};

struct RankTestResult {
  double statistic = 0.0;
  RankMethod method = RankMethod::kExact;  ///< The one used, never kAuto.
  double p_value = 1.0;
  double log10_p_value = 0.0;
};

/// Mann-Whitney U [Mann 1947]. Statistic: U of the first sample, the number of pairs with first >
/// second, ties counting half; small U means the first sample is smaller. kAuto: exact without ties
/// while n*m*min(n,m) <= 1e8 (differs from SciPy, which switches at 8 values). The approximation
/// corrects for ties; p = 1 if all values are equal.
RankTestResult mann_whitney(const TwoSamples& samples, const RankOptions& options = {});

/// Wilcoxon signed-rank test of differences [Wilcoxon 1945]; zeros are dropped. Statistic: min(W+,
/// W-) two-sided, W+ otherwise; kFirstSmaller tests for negative differences. kAuto: exact up to 50
/// differences without zeros or ties (SciPy 1.10 ignores ties there). p = 1 if all are zero.
RankTestResult wilcoxon_signed_rank(const std::vector<double>& differences,
                                    const RankOptions& options = {});

}  // namespace patina::stats
