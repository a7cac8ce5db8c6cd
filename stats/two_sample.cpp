// SPDX-License-Identifier: Apache-2.0
// D = max over the walk through the pooled sample of F - G (kGreater), G - F (kLess) or both.
// Counts n*m*D are whole numbers, so equal statistics compare equal and exact p-values need no
// tolerance.
#include "stats/two_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "stats/internal/lattice_walk.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"
#include "stats/kolmogorov.h"

namespace patina::stats {

namespace {

constexpr std::int64_t kLargestSize = std::int64_t{1} << 31;

void require_sizes(std::int64_t n, std::int64_t m) {
  internal::require_at_least(n, 1, "size of the first sample");
  internal::require_at_least(m, 1, "size of the second sample");
  const std::int64_t larger = std::max(n, m);
  if (larger > kLargestSize) {
    throw core::Error(core::ErrorKind::kInput,
                      "sample size",
                      std::to_string(larger) + " values exceed the limit of 2147483648",
                      "use fewer values");
  }
}

std::int64_t count_of(const KSStatistic& sizes, Alternative alternative) {
  switch (alternative) {
    case Alternative::kGreater:
      return sizes.count_greater;
    case Alternative::kLess:
      return sizes.count_less;
    case Alternative::kTwoSided:
      break;
  }
  return std::max(sizes.count_greater, sizes.count_less);
}

TailProbability exact_tail(const KSStatistic& sizes,
                           Alternative alternative,
                           const std::vector<bool>& inspected) {
  const std::int64_t count = count_of(sizes, alternative);
  if (count <= 0) {
    return {};
  }
  if (count > sizes.n * sizes.m) {
    return {0.0, -std::numeric_limits<double>::infinity()};
  }
  internal::WalkBoundary boundary;
  boundary.n = sizes.n;
  boundary.m = sizes.m;
  if (alternative != Alternative::kLess) {
    boundary.upper = count;
  }
  if (alternative != Alternative::kGreater) {
    boundary.lower = count;
  }
  return internal::walk_meets_boundary(boundary, inspected);
}

// With M >= N the sizes and z = sqrt(MN/(M+N)) D:
// p = exp(-2 z^2 - 2 z (M + 2N) / (3 sqrt(MN(M+N)))) [Hodges 1958, Eq. 5.3].
TailProbability hodges_tail(std::int64_t n, std::int64_t m, double statistic) {
  const double larger = static_cast<double>(std::max(n, m));
  const double smaller = static_cast<double>(std::min(n, m));
  const double sum = larger + smaller;
  const double z = std::sqrt(larger * smaller / sum) * statistic;
  const double shift = 2.0 * z * (larger + 2.0 * smaller) / std::sqrt(larger * smaller * sum) / 3.0;
  return tail_from_log(-2.0 * z * z - shift);
}

TailProbability asymptotic_tail(std::int64_t n,
                                std::int64_t m,
                                double statistic,
                                Alternative alternative) {
  if (statistic <= 0.0) {
    return {};
  }
  if (alternative != Alternative::kTwoSided) {
    return hodges_tail(n, m, statistic);
  }
  const double first = static_cast<double>(n);
  const double second = static_cast<double>(m);
  // Halves round to even, as in SciPy; sizes 1 and 1 would give 0.
  const double effective = std::max(1.0, std::nearbyint(first * second / (first + second)));
  return kolmogorov_tail(static_cast<std::int64_t>(effective), statistic);
}

// No two-sample p-value lies below that of complete separation, but the asymptotic laws do not
// know.
TailProbability at_least_smallest(const TailProbability& tail,
                                  const KSStatistic& sizes,
                                  Alternative alternative) {
  double log_smallest = -internal::log_binomial_coefficient(sizes.n + sizes.m, sizes.n);
  if (alternative == Alternative::kTwoSided) {
    log_smallest += internal::kLn2;
  }
  const TailProbability smallest = tail_from_log(log_smallest);
  return tail.log10_p_value < smallest.log10_p_value ? smallest : tail;
}

// After how many values of the pooled sample a group of equal values ends.
std::vector<bool> group_ends(const TwoSamples& samples) {
  const internal::Ranking ranking = internal::midranks(
      internal::pooled(samples.first, samples.second));
  std::vector<bool> ends(ranking.ranks.size() + 1, false);
  std::size_t position = 0;
  for (const std::int64_t size : ranking.group_sizes) {
    position += static_cast<std::size_t>(size);
    ends[position] = true;
  }
  return ends;
}

PValueMethod chosen_method(const KSStatistic& sizes, const KSOptions& options) {
  if (options.method != PValueMethod::kAuto) {
    return options.method;
  }
  if (sizes.n * sizes.m > options.exact_limit) {
    return PValueMethod::kAsymptotic;
  }
  return sizes.has_ties ? PValueMethod::kExactWithTies : PValueMethod::kExact;
}

}  // namespace

const char* to_string(Alternative alternative) {
  switch (alternative) {
    case Alternative::kTwoSided:
      return "two-sided";
    case Alternative::kGreater:
      return "greater";
    case Alternative::kLess:
      return "less";
  }
  return "two-sided";
}

const char* to_string(PValueMethod method) {
  switch (method) {
    case PValueMethod::kAuto:
      return "auto";
    case PValueMethod::kExact:
      return "exact";
    case PValueMethod::kExactWithTies:
      return "exact-ties";
    case PValueMethod::kAsymptotic:
      return "asymptotic";
  }
  return "auto";
}

double KSStatistic::greater() const {
  return static_cast<double>(count_greater) / (static_cast<double>(n) * static_cast<double>(m));
}

double KSStatistic::less() const {
  return static_cast<double>(count_less) / (static_cast<double>(n) * static_cast<double>(m));
}

double KSStatistic::two_sided() const { return std::max(greater(), less()); }

KSStatistic ks_statistic(const TwoSamples& samples) {
  internal::require_samples(samples.first, samples.second);
  const std::vector<double> x = internal::sorted(samples.first);
  const std::vector<double> y = internal::sorted(samples.second);
  KSStatistic result;
  result.n = static_cast<std::int64_t>(x.size());
  result.m = static_cast<std::int64_t>(y.size());
  require_sizes(result.n, result.m);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < x.size() || j < y.size()) {
    const std::size_t before = i + j;
    const double value = j == y.size() || (i < x.size() && x[i] <= y[j]) ? x[i] : y[j];
    while (i < x.size() && x[i] == value) {
      ++i;
    }
    while (j < y.size() && y[j] == value) {
      ++j;
    }
    result.has_ties = result.has_ties || i + j > before + 1;
    const std::int64_t difference = static_cast<std::int64_t>(i) * result.m -
                                    static_cast<std::int64_t>(j) * result.n;
    result.count_greater = std::max(result.count_greater, difference);
    result.count_less = std::max(result.count_less, -difference);
  }
  return result;
}

KSResult ks_two_sample(const TwoSamples& samples, const KSOptions& options) {
  KSResult result;
  result.sizes = ks_statistic(samples);
  result.alternative = options.alternative;
  result.method = chosen_method(result.sizes, options);
  const KSStatistic& sizes = result.sizes;
  result.statistic = static_cast<double>(count_of(sizes, options.alternative)) /
                     (static_cast<double>(sizes.n) * static_cast<double>(sizes.m));
  TailProbability tail;
  if (result.method == PValueMethod::kAsymptotic) {
    tail = asymptotic_tail(sizes.n, sizes.m, result.statistic, options.alternative);
    if (options.method == PValueMethod::kAuto) {
      tail = at_least_smallest(tail, sizes, options.alternative);
    }
  } else if (result.method == PValueMethod::kExactWithTies && sizes.has_ties) {
    tail = exact_tail(sizes, options.alternative, group_ends(samples));
  } else {
    tail = exact_tail(sizes, options.alternative, {});
  }
  result.p_value = tail.p_value;
  result.log10_p_value = tail.log10_p_value;
  return result;
}

double ks_exact_p_value(std::int64_t n,
                        std::int64_t m,
                        std::int64_t count,
                        Alternative alternative) {
  require_sizes(n, m);
  KSStatistic sizes;
  sizes.n = n;
  sizes.m = m;
  sizes.count_greater = count;
  sizes.count_less = count;
  return exact_tail(sizes, alternative, {}).p_value;
}

double ks_asymptotic_p_value(std::int64_t n,
                             std::int64_t m,
                             double statistic,
                             Alternative alternative) {
  require_sizes(n, m);
  if (!(statistic >= 0.0 && statistic <= 1.0)) {
    throw core::Error(core::ErrorKind::kInput,
                      "Kolmogorov-Smirnov statistic",
                      "value " + std::to_string(statistic) + " lies outside [0, 1]",
                      "divide the count by n*m");
  }
  return asymptotic_tail(n, m, statistic, alternative).p_value;
}

double ks_critical_value(std::int64_t n, std::int64_t m, double alpha) {
  require_sizes(n, m);
  internal::require_open_unit(alpha, "alpha");
  const double first = static_cast<double>(n);
  const double second = static_cast<double>(m);
  return std::sqrt(-0.5 * std::log(0.5 * alpha)) * std::sqrt((first + second) / (first * second));
}

}  // namespace patina::stats
