// SPDX-License-Identifier: Apache-2.0
// Binomial counts: tail probabilities with relative accuracy far below 1e-300, and confidence
// intervals of a share. Entry points: binomial_at_least, clopper_pearson, wilson.
#pragma once

#include <cstdint>

#include "stats/interval.h"
#include "stats/tail_probability.h"

namespace patina::stats {

/// `successes` of `trials` independent draws; 0 <= successes <= trials, trials >= 1.
struct BinomialCount {
  std::int64_t successes = 0;
  std::int64_t trials = 0;
};

/// P(X >= successes) for X ~ Binomial(trials, probability). Throws Error{kInput} if the count is
/// impossible or the probability is outside [0,1].
TailProbability binomial_at_least(const BinomialCount& count, double probability);
/// P(X <= successes).
TailProbability binomial_at_most(const BinomialCount& count, double probability);

/// Exact interval of the success probability: coverage at least `confidence` (0,1) [Clopper 1934].
Interval clopper_pearson(const BinomialCount& count, double confidence);
/// Score interval: coverage close to `confidence` on average [Wilson 1927].
Interval wilson(const BinomialCount& count, double confidence);

namespace internal {

/// log P(X = successes) with p + q = 1 given apart, by saddle-point expansion [Loader 2000]: the
/// error does not grow with the number of trials.
double binomial_log_pmf(const BinomialCount& count, double p, double q);

}  // namespace internal

}  // namespace patina::stats
