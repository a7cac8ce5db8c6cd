// SPDX-License-Identifier: Apache-2.0
// W+ = sum of the ranks of |d| over positive differences d. Exact law without ties: each rank 1..n
// is in W+ with probability 1/2. Normal approximation: mean n(n+1)/4, variance n(n+1)(2n+1)/24 -
// sum(t^3-t)/48 [Wilcoxon 1945].
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"
#include "stats/rank_tests.h"

namespace patina::stats {

namespace {

constexpr std::size_t kLargestAutoExact = 50;
constexpr std::size_t kLargestExact = 2000;

struct SignedRanks {
  std::size_t count = 0;
  double positive = 0.0;
  double negative = 0.0;
  double tie_term = 0.0;
  bool exact_applies = true;
};

SignedRanks signed_ranks(const std::vector<double>& differences) {
  std::vector<double> sizes;
  std::vector<bool> is_positive;
  for (const double difference : differences) {
    if (difference != 0.0) {
      sizes.push_back(std::abs(difference));
      is_positive.push_back(difference > 0.0);
    }
  }
  const internal::Ranking ranking = internal::midranks(sizes);
  SignedRanks sums;
  sums.count = sizes.size();
  sums.tie_term = ranking.tie_term();
  sums.exact_applies = sizes.size() == differences.size() && !ranking.has_ties();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    (is_positive[i] ? sums.positive : sums.negative) += ranking.ranks[i];
  }
  return sums;
}

// P(W <= limit).
TailProbability lower_tail(std::size_t count, std::size_t limit) {
  std::vector<long double> law(limit + 1, 0.0L);
  law[0] = 1.0L;
  for (std::size_t rank = 1; rank <= count; ++rank) {
    for (std::size_t w = law.size(); w-- > 0;) {
      law[w] = 0.5L * (law[w] + (w >= rank ? law[w - rank] : 0.0L));
    }
  }
  long double sum = 0.0L;
  for (const long double probability : law) {
    sum += probability;
  }
  return {static_cast<double>(sum), static_cast<double>(std::log10(sum))};
}

// W+ and W- have the same law, so each tail is a lower tail of one of them.
TailProbability exact_tail(const SignedRanks& sums, Shift alternative) {
  const double lower = alternative == Shift::kFirstSmaller ? sums.positive
                       : alternative == Shift::kFirstLarger
                           ? sums.negative
                           : std::min(sums.positive, sums.negative);
  return lower_tail(sums.count, static_cast<std::size_t>(lower));
}

TailProbability normal_tail(const SignedRanks& sums, const RankOptions& options) {
  const double n = static_cast<double>(sums.count);
  const double mean = 0.25 * n * (n + 1.0);
  const double variance = (n * (n + 1.0) * (2.0 * n + 1.0) - 0.5 * sums.tie_term) / 24.0;
  double shortfall = mean - std::min(sums.positive, sums.negative);
  double correction = options.continuity_correction && shortfall > 0.0 ? 0.5 : 0.0;
  if (options.alternative != Shift::kDifferent) {
    const bool smaller = options.alternative == Shift::kFirstSmaller;
    shortfall = mean - (smaller ? sums.positive : sums.negative);
    correction = options.continuity_correction ? 0.5 : 0.0;
  }
  return internal::normal_upper_tail((shortfall - correction) / std::sqrt(variance));
}

RankMethod chosen_method(const SignedRanks& sums, RankMethod asked) {
  if (asked == RankMethod::kExact && (!sums.exact_applies || sums.count > kLargestExact)) {
    throw core::Error(core::ErrorKind::kInput,
                      "Wilcoxon signed-rank",
                      "the exact law assumes at most 2000 differences, none zero or tied",
                      "use the approximation");
  }
  if (asked != RankMethod::kAuto) {
    return asked;
  }
  return sums.exact_applies && sums.count <= kLargestAutoExact ? RankMethod::kExact
                                                               : RankMethod::kApproximate;
}

}  // namespace

RankTestResult wilcoxon_signed_rank(const std::vector<double>& differences,
                                    const RankOptions& options) {
  internal::require_sample(differences, "differences");
  const SignedRanks sums = signed_ranks(differences);
  const bool two_sided = options.alternative == Shift::kDifferent;
  RankTestResult result;
  result.statistic = two_sided ? std::min(sums.positive, sums.negative) : sums.positive;
  result.method = chosen_method(sums, options.method);
  if (sums.count == 0) {
    return result;
  }
  TailProbability tail = result.method == RankMethod::kExact ? exact_tail(sums, options.alternative)
                                                             : normal_tail(sums, options);
  if (two_sided) {
    tail = twice(tail);
  }
  result.p_value = tail.p_value;
  result.log10_p_value = tail.log10_p_value;
  return result;
}

}  // namespace patina::stats
