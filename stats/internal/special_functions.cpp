// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/special_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "stats/internal/boost_policy.h"

namespace patina::stats::internal {

namespace {

constexpr double kSmallestAccurate = 1e-290;

// log P(Z >= z) for z >= 30 by the asymptotic series of Mills' ratio; relative error below 2e-12.
double log_normal_far_tail(double z) {
  const double w = 1.0 / (z * z);
  const double series = -w * (1.0 - 3.0 * w * (1.0 - 5.0 * w * (1.0 - 7.0 * w)));
  return -0.5 * z * z - std::log(z) - kLogSqrtTwoPi + std::log1p(series);
}

// log P(T >= t) through the incomplete beta function with x = v/(v+t^2), a = v/2, b = 1/2:
//   P = I_x(a,b)/2,  I_x(a,b) = x^a (1-x)^b / (a B(a,b)) * sum_k ((a+b)_k / (a+1)_k) x^k.
// All terms are positive. Used only where P is below the range of doubles.
double log_students_t_far_tail(double t, double v) {
  const double a = 0.5 * v;
  const double b = 0.5;
  const double ratio = t / v * t;
  const double x = 1.0 / (1.0 + ratio);
  double term = 1.0;
  double sum = 1.0;
  for (double k = 0.0; term > sum * 1e-17 && k < 1e7; k += 1.0) {
    term *= (a + b + k) / (a + 1.0 + k) * x;
    sum += term;
  }
  const double log_beta = boost::math::lgamma(a, BoostPolicy()) +
                          boost::math::lgamma(b, BoostPolicy()) -
                          boost::math::lgamma(a + b, BoostPolicy());
  const double log_x = -std::log1p(ratio);
  const double log_complement = std::log(ratio) + log_x;
  return a * log_x + b * log_complement - std::log(a) - log_beta + std::log(sum) - kLn2;
}

}  // namespace

TailProbability normal_upper_tail(double z) {
  if (z < 30.0) {
    return tail_from_value(0.5 * std::erfc(z / std::sqrt(2.0)));
  }
  return tail_from_log(log_normal_far_tail(z));
}

double normal_upper_quantile(double p) {
  if (p <= 0.0) {
    return std::numeric_limits<double>::infinity();
  }
  if (p >= 1.0) {
    return -std::numeric_limits<double>::infinity();
  }
  return std::sqrt(2.0) * boost::math::erfc_inv(2.0 * p, BoostPolicy());
}

TailProbability students_t_upper_tail(double t, double degrees_of_freedom) {
  if (std::isinf(t)) {
    return t > 0.0 ? TailProbability{0.0, -std::numeric_limits<double>::infinity()}
                   : TailProbability{1.0, 0.0};
  }
  const boost::math::students_t_distribution<double, BoostPolicy> law(degrees_of_freedom);
  const double p = boost::math::cdf(boost::math::complement(law, t));
  if (p > kSmallestAccurate) {
    return tail_from_value(p);
  }
  return tail_from_log(log_students_t_far_tail(t, degrees_of_freedom));
}

TailProbability chi_squared_upper_tail_even(double x, std::int64_t half_degrees) {
  const double half = 0.5 * x;
  if (half <= 0.0) {
    return {};
  }
  if (std::isinf(half)) {
    return {0.0, -half};
  }
  const double p = boost::math::gamma_q(static_cast<double>(half_degrees), half, BoostPolicy());
  if (p > kSmallestAccurate) {
    return tail_from_value(p);
  }
  std::vector<double> terms;
  terms.reserve(static_cast<std::size_t>(half_degrees));
  double log_term = -half;
  for (std::int64_t i = 0; i < half_degrees; ++i) {
    terms.push_back(log_term);
    log_term += std::log(half / static_cast<double>(i + 1));
  }
  return tail_from_log(log_sum_exp(terms));
}

TailProbability chi_squared_lower_tail_even(double x, std::int64_t half_degrees) {
  const double half = 0.5 * x;
  const double a = static_cast<double>(half_degrees);
  if (std::isinf(half)) {
    return {};
  }
  const double p = boost::math::gamma_p(a, half, BoostPolicy());
  if (p > kSmallestAccurate || half <= 0.0) {
    return tail_from_value(p);
  }
  // Leading term of the power series; the next is smaller by half/(a+1).
  const double log_leading = a * std::log(half) - half -
                             boost::math::lgamma(a + 1.0, BoostPolicy());
  return tail_from_log(log_leading + std::log1p(half / (a + 1.0)));
}

double log_sum_exp(const std::vector<double>& terms) {
  if (terms.empty()) {
    return -std::numeric_limits<double>::infinity();
  }
  const double largest = *std::max_element(terms.begin(), terms.end());
  if (std::isinf(largest)) {
    return largest;
  }
  double sum = 0.0;
  for (const double term : terms) {
    sum += std::exp(term - largest);
  }
  return largest + std::log(sum);
}

double stirling_error(std::int64_t n) {
  const double x = static_cast<double>(n);
  if (n < 16) {
    double factorial = 1.0;
    for (std::int64_t i = 2; i <= n; ++i) {
      factorial *= static_cast<double>(i);
    }
    return std::log(factorial) - (x + 0.5) * std::log(x) + x - kLogSqrtTwoPi;
  }
  constexpr std::array<double, 6> kSeries = {
      1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360};
  double sum = 0.0;
  double power = 1.0 / x;
  for (const double coefficient : kSeries) {
    sum += coefficient * power;
    power /= x * x;
  }
  return sum;
}

double log_binomial_coefficient(std::int64_t n, std::int64_t k) {
  if (k == 0 || k == n) {
    return 0.0;
  }
  const double all = static_cast<double>(n);
  const double chosen = static_cast<double>(k);
  const double rest = static_cast<double>(n - k);
  const double errors = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
  return errors + chosen * std::log(all / chosen) + rest * std::log(all / rest) +
         0.5 * std::log(all / (chosen * rest)) - kLogSqrtTwoPi;
}

}  // namespace patina::stats::internal
