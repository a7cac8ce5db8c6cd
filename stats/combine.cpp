// SPDX-License-Identifier: Apache-2.0
#include "stats/combine.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"

namespace patina::stats {

namespace {

TestResult result_of(double statistic, const TailProbability& tail) {
  return {statistic, tail.p_value, tail.log10_p_value};
}

void require_combinable(const std::vector<double>& p_values) {
  internal::require_sample(p_values, "p-values");
  for (const double p : p_values) {
    if (!(p > 0.0 && p <= 1.0)) {
      throw core::Error(core::ErrorKind::kInput,
                        "p-values",
                        "value " + std::to_string(p) + " lies outside (0, 1]",
                        "use p-values that cannot be 0");
    }
  }
}

double sum_of_logs(const std::vector<double>& p_values) {
  double sum = 0.0;
  for (const double p : p_values) {
    sum += std::log(p);
  }
  return sum;
}

double sum_of_complement_logs(const std::vector<double>& p_values) {
  double sum = 0.0;
  for (const double p : p_values) {
    sum += std::log1p(-p);
  }
  return sum;
}

TestResult fisher(const std::vector<double>& p_values) {
  const double statistic = -2.0 * sum_of_logs(p_values);
  const std::int64_t n = static_cast<std::int64_t>(p_values.size());
  return result_of(statistic, internal::chi_squared_upper_tail_even(statistic, n));
}

TestResult pearson(const std::vector<double>& p_values) {
  const double statistic = 2.0 * sum_of_complement_logs(p_values);
  const std::int64_t n = static_cast<std::int64_t>(p_values.size());
  return result_of(statistic, internal::chi_squared_lower_tail_even(-statistic, n));
}

TestResult tippett(const std::vector<double>& p_values) {
  double smallest = 1.0;
  for (const double p : p_values) {
    smallest = std::min(smallest, p);
  }
  const double n = static_cast<double>(p_values.size());
  return result_of(smallest, tail_from_value(-std::expm1(n * std::log1p(-smallest))));
}

TestResult mudholkar_george(const std::vector<double>& p_values) {
  const double n = static_cast<double>(p_values.size());
  const double statistic = sum_of_complement_logs(p_values) - sum_of_logs(p_values);
  const double freedom = 5.0 * n + 4.0;
  const double scale = std::sqrt(3.0 / n) / internal::kPi * std::sqrt(freedom / (freedom - 2.0));
  return result_of(statistic, internal::students_t_upper_tail(statistic * scale, freedom));
}

}  // namespace

const char* to_string(Combination combination) {
  switch (combination) {
    case Combination::kFisher:
      return "fisher";
    case Combination::kPearson:
      return "pearson";
    case Combination::kStouffer:
      return "stouffer";
    case Combination::kTippett:
      return "tippett";
    case Combination::kMudholkarGeorge:
      return "mudholkar-george";
  }
  return "fisher";
}

TestResult combine_p_values(const std::vector<double>& p_values, Combination combination) {
  require_combinable(p_values);
  switch (combination) {
    case Combination::kFisher:
      return fisher(p_values);
    case Combination::kPearson:
      return pearson(p_values);
    case Combination::kTippett:
      return tippett(p_values);
    case Combination::kMudholkarGeorge:
      return mudholkar_george(p_values);
    case Combination::kStouffer:
      break;
  }
  return combine_weighted(p_values, std::vector<double>(p_values.size(), 1.0));
}

TestResult combine_weighted(const std::vector<double>& p_values,
                            const std::vector<double>& weights) {
  require_combinable(p_values);
  if (weights.size() != p_values.size()) {
    throw core::Error(core::ErrorKind::kInput,
                      "weights",
                      std::to_string(weights.size()) + " weights for " +
                          std::to_string(p_values.size()) + " p-values",
                      "give one weight a p-value");
  }
  internal::require_sample(weights, "weights");
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0.0)) {
      throw core::Error(core::ErrorKind::kInput,
                        "weights",
                        "value " + std::to_string(weights[i]) + " is not positive",
                        "leave that p-value out");
    }
    sum += weights[i] * internal::normal_upper_quantile(p_values[i]);
    squares += weights[i] * weights[i];
  }
  const double statistic = sum / std::sqrt(squares);
  return result_of(statistic, internal::normal_upper_tail(statistic));
}

}  // namespace patina::stats
