// SPDX-License-Identifier: Apache-2.0
// Several p-values into one, and corrections for having several: what an audit with several keys,
// or a sequential one with several looks, needs. Combining assumes that the p-values are INDEPENDENT
// and uniform (or larger) under H0: never combine tests of the same images.
#pragma once

#include <vector>

#include "stats/tail_probability.h"

namespace patina::stats {

/// How independent p-values p_1..p_n are combined. Statistic and law under H0:
enum class Combination {
  kFisher,           ///< -2 sum ln p ~ chi2(2n), large is extreme [Fisher 1925].
  kPearson,          ///< 2 sum ln(1-p); its negative ~ chi2(2n), small is extreme [Pearson 1933].
  kStouffer,         ///< sum w z / |w|, z = normal quantile of 1-p [Stouffer 1949].
  kTippett,          ///< min p ~ Beta(1,n) [Tippett 1931].
  kMudholkarGeorge,  ///< -sum ln(p/(1-p)), scaled Student t with 5n+4 degrees [Mudholkar 1979].
};
const char* to_string(Combination combination);  ///< "fisher", "mudholkar-george", ...

/// Throws Error{kInput} if empty or a value is outside (0,1].
TestResult combine_p_values(const std::vector<double>& p_values, Combination combination);

/// Stouffer's method with positive weights, one a p-value.
TestResult combine_weighted(const std::vector<double>& p_values,
                            const std::vector<double>& weights);

enum class Correction {
  kBonferroni,  ///< Family-wise error, any dependence.
  kHolm,        ///< Family-wise error, any dependence; never weaker than Bonferroni [Holm 1979].
  kHommel,      ///< Family-wise error under Simes' inequality [Hommel 1988].
  kHochberg,    ///< As Hommel, simpler and weaker [Hochberg 1988].
  kBenjaminiHochberg,   ///< False discovery rate, independence [Benjamini 1995].
  kBenjaminiYekutieli,  ///< False discovery rate, any dependence [Benjamini 2001].
};
const char* to_string(Correction correction);  ///< "bonferroni", "benjamini-hochberg", ...

/// Adjusted p-values in input order: rejecting those below alpha controls the error named above at
/// alpha. Throws Error{kInput} if empty or a value is outside [0,1].
std::vector<double> adjusted_p_values(const std::vector<double>& p_values, Correction correction);

}  // namespace patina::stats
