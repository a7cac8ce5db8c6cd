// SPDX-License-Identifier: Apache-2.0
// U = R1 - n(n+1)/2 with R1 the rank sum of the first sample. Exact law: C(n+m,n) P(U = u) is the
// coefficient of x^u in the Gaussian binomial prod_{i=1..n} (1 - x^(m+i)) / (1 - x^i) [Mann 1947].
// Normal approximation: mean nm/2, variance nm/12 * ((N+1) - sum(t^3-t)/(N(N-1))), N = n+m.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"
#include "stats/rank_tests.h"

namespace patina::stats {

namespace {

constexpr double kLargestExactWork = 1e8;

struct RankSums {
  std::int64_t n = 0;
  std::int64_t m = 0;
  double u_first = 0.0;
  double tie_term = 0.0;
  bool has_ties = false;

  double pairs() const { return static_cast<double>(n) * static_cast<double>(m); }
};

RankSums rank_sums(const TwoSamples& samples) {
  const internal::Ranking ranking = internal::midranks(
      internal::pooled(samples.first, samples.second));
  RankSums sums;
  sums.n = static_cast<std::int64_t>(samples.first.size());
  sums.m = static_cast<std::int64_t>(samples.second.size());
  double rank_sum = 0.0;
  for (std::size_t i = 0; i < samples.first.size(); ++i) {
    rank_sum += ranking.ranks[i];
  }
  const double n = static_cast<double>(sums.n);
  sums.u_first = rank_sum - 0.5 * n * (n + 1.0);
  sums.tie_term = ranking.tie_term();
  sums.has_ties = ranking.has_ties();
  return sums;
}

// P(U <= limit) for limit < nm/2. Up to its middle a Gaussian binomial increases, so dividing by
// 1 - x^i and scaling to probabilities at each step keeps relative accuracy in this lower half.
TailProbability lower_tail(std::int64_t n, std::int64_t m, std::int64_t limit) {
  const std::int64_t small = std::min(n, m);
  const std::int64_t large = std::max(n, m);
  std::vector<long double> law(static_cast<std::size_t>(limit) + 1, 0.0L);
  law[0] = 1.0L;
  for (std::int64_t i = 1; i <= small; ++i) {
    const std::size_t stride = static_cast<std::size_t>(i);
    const std::size_t drop = static_cast<std::size_t>(large + i);
    for (std::size_t u = law.size(); u-- > drop;) {
      law[u] -= law[u - drop];
    }
    for (std::size_t u = stride; u < law.size(); ++u) {
      law[u] += law[u - stride];
    }
    const long double scale = static_cast<long double>(i) / static_cast<long double>(large + i);
    for (long double& probability : law) {
      probability *= scale;
    }
  }
  long double sum = 0.0L;
  for (const long double probability : law) {
    sum += probability;
  }
  return {static_cast<double>(sum), static_cast<double>(std::log10(sum))};
}

// P(U >= u) by symmetry around nm/2.
TailProbability exact_upper_tail(const RankSums& sums, double u) {
  const std::int64_t pairs = sums.n * sums.m;
  const std::int64_t from_top = pairs - static_cast<std::int64_t>(u);
  if (from_top >= pairs) {
    return {};
  }
  if (2 * from_top < pairs) {
    return lower_tail(sums.n, sums.m, from_top);
  }
  const TailProbability below = lower_tail(sums.n, sums.m, static_cast<std::int64_t>(u) - 1);
  return tail_from_value(1.0 - below.p_value);
}

TailProbability normal_tail(const RankSums& sums, double u, bool continuity) {
  const double all = static_cast<double>(sums.n) + static_cast<double>(sums.m);
  const double tie_share = all > 1.0 ? sums.tie_term / (all * (all - 1.0)) : 0.0;
  const double variance = sums.pairs() / 12.0 * (all + 1.0 - tie_share);
  if (variance <= 0.0 || sums.tie_term >= all * (all * all - 1.0)) {
    return {};
  }
  const double shift = continuity ? 0.5 : 0.0;
  return internal::normal_upper_tail((u - 0.5 * sums.pairs() - shift) / std::sqrt(variance));
}

RankMethod chosen_method(const RankSums& sums, RankMethod asked) {
  if (asked == RankMethod::kExact && sums.has_ties) {
    throw core::Error(core::ErrorKind::kInput,
                      "Mann-Whitney U",
                      "the samples share values, the exact law assumes none",
                      "use the approximation");
  }
  if (asked != RankMethod::kAuto) {
    return asked;
  }
  const double work = sums.pairs() * static_cast<double>(std::min(sums.n, sums.m));
  return sums.has_ties || work > kLargestExactWork ? RankMethod::kApproximate : RankMethod::kExact;
}

}  // namespace

const char* to_string(RankMethod method) {
  switch (method) {
    case RankMethod::kAuto:
      return "auto";
    case RankMethod::kExact:
      return "exact";
    case RankMethod::kApproximate:
      return "approximate";
  }
  return "auto";
}

RankTestResult mann_whitney(const TwoSamples& samples, const RankOptions& options) {
  internal::require_samples(samples.first, samples.second);
  const RankSums sums = rank_sums(samples);
  RankTestResult result;
  result.statistic = sums.u_first;
  result.method = chosen_method(sums, options.method);
  const double u_second = sums.pairs() - sums.u_first;
  double u = std::max(sums.u_first, u_second);
  if (options.alternative != Shift::kDifferent) {
    u = options.alternative == Shift::kFirstLarger ? sums.u_first : u_second;
  }
  TailProbability tail = result.method == RankMethod::kExact
                             ? exact_upper_tail(sums, u)
                             : normal_tail(sums, u, options.continuity_correction);
  if (options.alternative == Shift::kDifferent) {
    tail = twice(tail);
  }
  result.p_value = tail.p_value;
  result.log10_p_value = tail.log10_p_value;
  return result;
}

}  // namespace patina::stats
