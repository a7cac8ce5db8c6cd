// SPDX-License-Identifier: Apache-2.0
// Two-sample Kolmogorov-Smirnov test [Siren 2025, Eq. 8], exact and asymptotic, one- and two-sided,
// with ties. Directions follow the field: F is the distribution function of the FIRST sample, so
// kGreater means "the first sample's distribution function lies above", i.e. its values are
// SMALLER. An audit puts the suspect's coating scores first and tests kGreater (coated images score
// small).
#pragma once

#include <cstdint>
#include <vector>

namespace patina::stats {

enum class Alternative { kTwoSided, kGreater, kLess };
const char* to_string(Alternative alternative);  ///< "two-sided", "greater", "less".

enum class PValueMethod {
  kAuto,   ///< kExact while n*m <= exact_limit, else kAsymptotic.
  kExact,  ///< Lattice-path counting for continuous samples; ignores ties (then conservative).
  kExactWithTies,  ///< Permutation distribution given the pooled ties; equals kExact without ties.
  kAsymptotic,     ///< Two-sided: Kolmogorov's exact one-sample law at the rounded effective size;
                   ///< one-sided: Hodges (1958), Eq. 5.3. (What SciPy calls "asymp".)
};
const char* to_string(PValueMethod method);  ///< "auto", "exact", "exact-ties", "asymptotic".

/// Statistics of the walk through the pooled sample, as exact lattice counts: D = count/(n*m).
struct KSStatistic {
  std::int64_t n = 0;
  std::int64_t m = 0;
  std::int64_t count_greater = 0;  ///< n*m*max(F-G), >= 0.
  std::int64_t count_less = 0;     ///< n*m*max(G-F), >= 0.
  bool has_ties = false;

  double greater() const;
  double less() const;
  double two_sided() const;
};

struct KSResult {
  KSStatistic sizes;  ///< Sizes, ties and both one-sided statistics.
  Alternative alternative = Alternative::kTwoSided;
  PValueMethod method = PValueMethod::kExact;  ///< The method used, never kAuto.
  double statistic = 0.0;                      ///< D of the alternative, [0,1].
  double p_value = 1.0;  ///< [0,1]; may underflow to 0 only below 1e-300: see log10_p_value.
  double log10_p_value = 0.0;
};

struct KSOptions {
  Alternative alternative = Alternative::kTwoSided;  ///< The difference that is looked for.
  PValueMethod method = PValueMethod::kAuto;         ///< How the p-value is computed.
  /// kAuto is exact (kExactWithTies where there are ties) while n*m <= this; O(n*m) time. Beyond,
  /// it is asymptotic but never below the p-value of complete separation, 1/C(n+m,n) one-sided.
  std::int64_t exact_limit = 4'000'000;
};

/// Names so that the two samples cannot be swapped unnoticed. Values must be finite.
struct TwoSamples {
  const std::vector<double>& first;
  const std::vector<double>& second;
};

/// O((n+m) log(n+m)). Throws Error{kInput} if a sample is empty or holds a NaN or infinity.
KSStatistic ks_statistic(const TwoSamples& samples);
KSResult ks_two_sample(const TwoSamples& samples, const KSOptions& options = {});

/// P-value of an observed statistic at given sizes, without ties. `count` = n*m*D.
double ks_exact_p_value(std::int64_t n,
                        std::int64_t m,
                        std::int64_t count,
                        Alternative alternative);
double ks_asymptotic_p_value(std::int64_t n,
                             std::int64_t m,
                             double statistic,
                             Alternative alternative);

/// Critical value c(alpha)*sqrt((n+m)/(nm)) of Siren Eq. 8, c(alpha) = sqrt(-ln(alpha/2)/2). Audits
/// use exact p-values; this is for comparing the exact tests with the rule of the paper.
double ks_critical_value(std::int64_t n, std::int64_t m, double alpha);

/// The resampled test of the public verification script [Siren 2025, Sec. 5.1]: the second sample
/// is drawn once, the first `repeats` times, without replacement; returns the share of repeats
/// rejected at each alpha. This is the power for ONE suspect's pool, not a rate over independent
/// models. Draws: Rng(seed).fork("second") picks the second sample, Rng(seed).fork("first") every
/// first one, each by the first steps of a Fisher-Yates shuffle of 0..N-1 in pool order: for k = 0,
/// 1, ... position k changes places with position k + below(N - k). Ties are ignored, as in the
/// script.
struct ResampledKSOptions {
  /// First samples drawn, at least 1. More narrow the interval of a rate.
  std::int64_t repeats = 10'000;
  std::int64_t first_size = 30;    ///< Values of each first sample, at least 1. More raise power.
  std::int64_t second_size = 300;  ///< Values of the second sample, at least 1. More raise power.
  /// Levels of significance whose rates are counted; (0, 1).
  std::vector<double> alphas = {1e-3, 1e-6, 1e-9};
  std::uint64_t seed = 0;  ///< Seed of the draws.
};
struct ResampledKSResult {
  std::vector<double> rejected_fraction;  ///< One per alpha.
  std::vector<double> p_values;           ///< One per repeat, in order.
};
/// One-sided kGreater, exact. Throws Error{kInput} if a pool is smaller than its draw.
ResampledKSResult resampled_ks(const TwoSamples& pools, const ResampledKSOptions& options = {});

}  // namespace patina::stats
