// SPDX-License-Identifier: Apache-2.0
// Distribution-free companions of the primary test: Mann-Whitney U, Wilcoxon signed-rank,
// two-sample Cramer-von Mises and k-sample Anderson-Darling. Conventions and defaults are those of
// SciPy 1.10 unless said otherwise. All throw Error{kInput} for empty samples, NaN and infinities.
#pragma once

#include <vector>

#include "stats/tail_probability.h"
#include "stats/two_sample.h"

namespace patina::stats {

enum class RankMethod {
  kAuto,   ///< Exact where it applies and is cheap, else the approximation; each test says when.
  kExact,  ///< Permutation distribution. Error{kInput} where ties or zeros forbid it.
  kApproximate,  ///< Normal (U, signed-rank) or limiting (Cramer-von Mises) distribution.
};
const char* to_string(RankMethod method);  ///< "auto", "exact", "approximate".

struct RankOptions {
  Shift alternative = Shift::kDifferent;
  RankMethod method = RankMethod::kAuto;
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

/// Two-sample Cramer-von Mises test [Anderson 1962]; statistic T with midranks. Two-sided only:
/// `alternative` and `continuity_correction` are ignored. kExact counts lattice paths [Xiao 2007]
/// and throws Error{kUnsupported} where lcm(n,m)^2*(n+m) > 1e7; kAuto: exact up to 20 values a
/// sample.
RankTestResult cramer_von_mises(const TwoSamples& samples, const RankOptions& options = {});

/// P(W >= x) of the limiting law of the Cramer-von Mises statistic [Csorgo 1996].
TailProbability cramer_von_mises_limit_tail(double x);

enum class AndersonDarlingRanks { kMidranks, kRight };

struct AndersonDarlingResult {
  double statistic = 0.0;  ///< Normalised: (A2 - (k-1)) / sigma.
  /// Critical values at 25, 10, 5, 2.5, 1, 0.5 and 0.1 %.
  std::vector<double> critical_values;
  /// Interpolated between those levels and clipped to [0.001, 0.25]: never a small p-value.
  double significance_level = 0.25;
};

/// k-sample Anderson-Darling test [Scholz 1987, Eq. 6 right-continuous, Eq. 7 midranks]. Throws
/// Error{kInput} for fewer than two samples, fewer than four values or only one distinct value.
AndersonDarlingResult anderson_darling(
    const std::vector<std::vector<double>>& samples,
    AndersonDarlingRanks ranks = AndersonDarlingRanks::kMidranks);

}  // namespace patina::stats
