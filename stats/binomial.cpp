// SPDX-License-Identifier: Apache-2.0
// log P(X = x) = log sqrt(n/(2 pi x (n-x))) + e(n) - e(x) - e(n-x) - D(x, n p) - D(n-x, n q) with
// e(k) the error of Stirling's formula and the deviance D(x, M) = x log(x/M) + M - x [Loader 2000].
// A tail is summed from its largest term outwards, so no two large numbers cancel.
#include "stats/binomial.h"

#include <cmath>
#include <limits>
#include <string>

#include <boost/math/special_functions/beta.hpp>

#include "core/error.h"
#include "stats/internal/boost_policy.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"

namespace patina::stats {

namespace {

void require_count(const BinomialCount& count) {
  internal::require_at_least(count.trials, 1, "binomial trials");
  internal::require_at_least(count.successes, 0, "binomial successes");
  if (count.successes > count.trials) {
    throw core::Error(core::ErrorKind::kInput,
                      "binomial successes",
                      "value " + std::to_string(count.successes) + " exceeds the " +
                          std::to_string(count.trials) + " trials",
                      "count each trial once");
  }
}

void require_probability(double probability) {
  if (!(probability >= 0.0 && probability <= 1.0)) {
    throw core::Error(core::ErrorKind::kInput,
                      "binomial probability",
                      "value " + std::to_string(probability) + " lies outside [0, 1]",
                      "choose a number between 0 and 1");
  }
}

// D(x, mean) without cancellation where x is near the mean.
double deviance(double x, double mean) {
  const double difference = x - mean;
  if (std::abs(difference) >= 0.1 * (x + mean)) {
    return x * std::log(x / mean) + mean - x;
  }
  const double v = difference / (x + mean);
  double sum = difference * v;
  double power = 2.0 * x * v;
  for (double odd = 3.0; odd < 2000.0; odd += 2.0) {
    power *= v * v;
    const double next = sum + power / odd;
    if (next == sum) {
      break;
    }
    sum = next;
  }
  return sum;
}

// log P(X >= k) for k at or above the mean, by the ratio of successive terms.
double log_upper_sum(const BinomialCount& count, double p, double q) {
  const double n = static_cast<double>(count.trials);
  double term = 1.0;
  double sum = 1.0;
  for (double k = static_cast<double>(count.successes); k < n && term > 1e-18 * sum; k += 1.0) {
    term *= (n - k) / (k + 1.0) * (p / q);
    sum += term;
  }
  return internal::binomial_log_pmf(count, p, q) + std::log(sum);
}

TailProbability upper_tail(const BinomialCount& count, double p, double q) {
  if (count.successes <= 0) {
    return {};
  }
  if (p <= 0.0) {
    return {0.0, -std::numeric_limits<double>::infinity()};
  }
  if (q <= 0.0) {
    return {};
  }
  if (static_cast<double>(count.successes) >= static_cast<double>(count.trials) * p) {
    return tail_from_log(log_upper_sum(count, p, q));
  }
  const BinomialCount failures = {count.trials - count.successes + 1, count.trials};
  return tail_from_value(-std::expm1(log_upper_sum(failures, q, p)));
}

}  // namespace

namespace internal {

double binomial_log_pmf(const BinomialCount& count, double p, double q) {
  const double n = static_cast<double>(count.trials);
  const double x = static_cast<double>(count.successes);
  const double rest = static_cast<double>(count.trials - count.successes);
  if (count.successes == 0) {
    return n * (p < 0.5 ? std::log1p(-p) : std::log(q));
  }
  if (count.successes == count.trials) {
    return n * (q < 0.5 ? std::log1p(-q) : std::log(p));
  }
  const double stirling = stirling_error(count.trials) - stirling_error(count.successes) -
                          stirling_error(count.trials - count.successes);
  return stirling - deviance(x, n * p) - deviance(rest, n * q) + 0.5 * std::log(n / (x * rest)) -
         kLogSqrtTwoPi;
}

}  // namespace internal

TailProbability binomial_at_least(const BinomialCount& count, double probability) {
  require_count(count);
  require_probability(probability);
  return upper_tail(count, probability, 1.0 - probability);
}

TailProbability binomial_at_most(const BinomialCount& count, double probability) {
  require_count(count);
  require_probability(probability);
  const BinomialCount failures = {count.trials - count.successes, count.trials};
  return upper_tail(failures, 1.0 - probability, probability);
}

Interval clopper_pearson(const BinomialCount& count, double confidence) {
  require_count(count);
  internal::require_open_unit(confidence, "confidence");
  const double half_error = 0.5 * (1.0 - confidence);
  const double k = static_cast<double>(count.successes);
  const double rest = static_cast<double>(count.trials - count.successes);
  const internal::BoostPolicy policy;
  Interval interval = {0.0, 1.0};
  if (count.successes > 0) {
    interval.low = boost::math::ibeta_inv(k, rest + 1.0, half_error, policy);
  }
  if (count.successes < count.trials) {
    interval.high = boost::math::ibetac_inv(k + 1.0, rest, half_error, policy);
  }
  return interval;
}

Interval wilson(const BinomialCount& count, double confidence) {
  require_count(count);
  internal::require_open_unit(confidence, "confidence");
  const double z = internal::normal_upper_quantile(0.5 * (1.0 - confidence));
  const double n = static_cast<double>(count.trials);
  const double share = static_cast<double>(count.successes) / n;
  const double middle = share + z * z / (2.0 * n);
  const double half = z * std::sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
  const double scale = 1.0 + z * z / n;
  return {count.successes == 0 ? 0.0 : (middle - half) / scale,
          count.successes == count.trials ? 1.0 : (middle + half) / scale};
}

}  // namespace patina::stats
