// SPDX-License-Identifier: Apache-2.0
// A p-value together with its logarithm, so that evidence far below the smallest double stays a
// number. Also the result struct shared by the tests that need no more than statistic and p-value.
#pragma once

namespace patina::stats {

/// A probability p and log10(p). p underflows to 0 below about 1e-308; the logarithm does not.
struct TailProbability {
  double p_value = 1.0;
  double log10_p_value = 0.0;
};

/// Both are clipped to p <= 1.
TailProbability tail_from_value(double p_value);
TailProbability tail_from_log(double natural_log);
/// 2p, for the two-sided use of a one-sided tail.
TailProbability twice(const TailProbability& one_sided);

/// Where H1 puts the first sample. Spelt out because "greater" means opposite things for
/// distribution functions (two_sample.h) and for values.
enum class Shift {
  kDifferent,     ///< Two-sided.
  kFirstSmaller,  ///< Values of the first sample are smaller; SciPy's "less" for a location test.
  kFirstLarger,   ///< Values of the first sample are larger; SciPy's "greater".
};
const char* to_string(Shift shift);  ///< "different", "first-smaller", "first-larger".

struct TestResult {
  double statistic = 0.0;
  double p_value = 1.0;
  double log10_p_value = 0.0;
};

}  // namespace patina::stats
