// SPDX-License-Identifier: Apache-2.0
// t = (mean1 - mean2) / sqrt(a + b), a = v1/n, b = v2/m, against Student's t with
// (a + b)^2 / (a^2/(n-1) + b^2/(m-1)) degrees of freedom [Welch 1947].
#include "stats/t_test.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"

namespace patina::stats {

namespace {

struct Moments {
  double mean = 0.0;
  double variance_of_mean = 0.0;
  double freedom = 0.0;
};

Moments moments(const std::vector<double>& sample, const std::string& where) {
  internal::require_sample(sample, where);
  if (sample.size() < 2) {
    throw core::Error(
        core::ErrorKind::kInput, where, "1 value, Welch's test needs at least 2", "add values");
  }
  const double size = static_cast<double>(sample.size());
  Moments result;
  for (const double value : sample) {
    result.mean += value / size;
  }
  double squares = 0.0;
  for (const double value : sample) {
    squares += (value - result.mean) * (value - result.mean);
  }
  result.freedom = size - 1.0;
  result.variance_of_mean = squares / result.freedom / size;
  return result;
}

bool is_constant(const std::vector<double>& sample) {
  for (const double value : sample) {
    if (value != sample.front()) {
      return false;
    }
  }
  return true;
}

}  // namespace

WelchResult welch_t_test(const TwoSamples& samples, Shift alternative) {
  const Moments first = moments(samples.first, "first sample");
  const Moments second = moments(samples.second, "second sample");
  const double sum = first.variance_of_mean + second.variance_of_mean;
  if ((is_constant(samples.first) && is_constant(samples.second)) || !(sum > 0.0)) {
    throw core::Error(core::ErrorKind::kInput,
                      "Welch's test",
                      "both samples have variance 0, at least one must vary",
                      "compare ranks instead");
  }
  // Shares of the sum, so that squares of tiny variances do not underflow.
  const double a = first.variance_of_mean / sum;
  const double b = second.variance_of_mean / sum;
  WelchResult result;
  result.statistic = (first.mean - second.mean) / std::sqrt(sum);
  result.degrees_of_freedom = 1.0 / (a * a / first.freedom + b * b / second.freedom);
  const double t = alternative == Shift::kFirstLarger    ? result.statistic
                   : alternative == Shift::kFirstSmaller ? -result.statistic
                                                         : std::abs(result.statistic);
  TailProbability tail = internal::students_t_upper_tail(t, result.degrees_of_freedom);
  if (alternative == Shift::kDifferent) {
    tail = twice(tail);
  }
  result.p_value = tail.p_value;
  result.log10_p_value = tail.log10_p_value;
  return result;
}

}  // namespace patina::stats
