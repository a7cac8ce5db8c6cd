// SPDX-License-Identifier: Apache-2.0
// With r_i, s_j the pooled midranks of the sorted samples, N = n+m:
//   U = n sum (r_i - i)^2 + m sum (s_j - j)^2,  T = U/(nmN) - (4nm-1)/(6N)   [Anderson 1962, Eqs.
//   9-10].
// Approximation: T standardised by its exact mean and variance (Eqs. 11, 14), then the limiting
// law. Exact: T grows along the lattice path by (a v - b u)^2 at (v,u), a = lcm/n, b = lcm/m, so
// tables of partial sums are merged point by point [Xiao 2007, Eq. 11].
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "core/error.h"
#include "stats/internal/boost_policy.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"
#include "stats/rank_tests.h"

namespace patina::stats {

using internal::kPi;

namespace {

constexpr std::int64_t kLargestAutoExact = 20;
constexpr double kLargestExactTable = 1e7;
constexpr double kLargestExactWork = 4e9;
constexpr double kSmirnovFrom = 0.5;

struct Sizes {
  std::int64_t n = 0;
  std::int64_t m = 0;

  double pairs() const { return static_cast<double>(n) * static_cast<double>(m); }
  double all() const { return static_cast<double>(n) + static_cast<double>(m); }
};

double squared_displacement(std::vector<double> ranks) {
  std::sort(ranks.begin(), ranks.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const double difference = ranks[i] - static_cast<double>(i + 1);
    sum += difference * difference;
  }
  return sum;
}

double u_statistic(const TwoSamples& samples) {
  const std::vector<double> ranks =
      internal::midranks(internal::pooled(samples.first, samples.second)).ranks;
  const auto border = ranks.begin() + static_cast<std::ptrdiff_t>(samples.first.size());
  return static_cast<double>(samples.first.size()) * squared_displacement({ranks.begin(), border}) +
         static_cast<double>(samples.second.size()) * squared_displacement({border, ranks.end()});
}

// Partial sum and number of paths that have it, by increasing sum.
using PathTable = std::vector<std::pair<std::int64_t, long double>>;

PathTable merge_and_shift(const PathTable& left, const PathTable& right, std::int64_t shift) {
  PathTable merged;
  merged.reserve(left.size() + right.size());
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() || b != right.end()) {
    const bool take_a = b == right.end() || (a != left.end() && a->first <= b->first);
    const bool take_b = a == left.end() || (b != right.end() && b->first <= a->first);
    const std::int64_t value = take_a ? a->first : b->first;
    long double paths = 0.0L;
    if (take_a) {
      paths += (a++)->second;
    }
    if (take_b) {
      paths += (b++)->second;
    }
    merged.emplace_back(value + shift, paths);
  }
  return merged;
}

PathTable count_paths(const Sizes& sizes) {
  const std::int64_t lcm = std::lcm(sizes.n, sizes.m);
  const std::int64_t a = lcm / sizes.n;
  const std::int64_t b = lcm / sizes.m;
  std::vector<PathTable> row(static_cast<std::size_t>(sizes.n) + 1);
  row[0] = {{0, 1.0L}};
  for (std::int64_t u = 0; u <= sizes.m; ++u) {
    PathTable table;
    for (std::int64_t v = 0; v <= sizes.n; ++v) {
      const std::int64_t step = a * v - b * u;
      PathTable& above = row[static_cast<std::size_t>(v)];
      table = merge_and_shift(table, above, step * step);
      above = table;
    }
  }
  return row.back();
}

double exact_p_value(const Sizes& sizes, double u) {
  const long double pairs = sizes.pairs();
  const long double lcm = static_cast<long double>(std::lcm(sizes.n, sizes.m));
  const long double excess = 6.0L * u - pairs * (4.0L * pairs - 1.0L);
  const long double observed = std::floor(lcm * lcm * sizes.all() * excess /
                                          (6.0L * pairs * pairs));
  long double all_paths = 0.0L;
  long double extreme_paths = 0.0L;
  for (const auto& [value, paths] : count_paths(sizes)) {
    all_paths += paths;
    if (static_cast<long double>(value) >= observed) {
      extreme_paths += paths;
    }
  }
  return static_cast<double>(extreme_paths / all_paths);
}

TailProbability approximate_tail(const Sizes& sizes, double statistic) {
  const double pairs = sizes.pairs();
  const double all = sizes.all();
  const double n = static_cast<double>(sizes.n);
  const double m = static_cast<double>(sizes.m);
  const double mean = (1.0 + 1.0 / all) / 6.0;
  const double variance = (all + 1.0) * (4.0 * pairs * all - 3.0 * (n * n + m * m) - 2.0 * pairs) /
                          (45.0 * all * all * 4.0 * pairs);
  return cramer_von_mises_limit_tail(1.0 / 6.0 + (statistic - mean) / std::sqrt(45.0 * variance));
}

RankMethod chosen_method(const Sizes& sizes, RankMethod asked) {
  const double lcm = static_cast<double>(std::lcm(sizes.n, sizes.m));
  const double table = lcm * lcm * sizes.all();
  if (asked == RankMethod::kExact &&
      (table > kLargestExactTable || table * sizes.pairs() > kLargestExactWork)) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      "Cramer-von Mises",
                      "the exact law at sizes " + std::to_string(sizes.n) + " and " +
                          std::to_string(sizes.m) + " is too large to count",
                      "use the approximation");
  }
  if (asked != RankMethod::kAuto) {
    return asked;
  }
  return std::max(sizes.n, sizes.m) <= kLargestAutoExact ? RankMethod::kExact
                                                         : RankMethod::kApproximate;
}

// P(W < x) = 1/(pi^(3/2) sqrt(x)) sum_k Gamma(k+1/2)/k! sqrt(4k+1) exp(-q) K_{1/4}(q),
// q = (4k+1)^2/(16x) [Csorgo 1996, Eq. 1.3].
double limit_cdf(double x) {
  const internal::BoostPolicy policy;
  double sum = 0.0;
  for (int k = 0; k < 100; ++k) {
    const double y = 4.0 * k + 1.0;
    const double q = y * y / (16.0 * x);
    const double gammas = boost::math::tgamma_delta_ratio(k + 0.5, 0.5, policy);
    const double term = gammas * std::sqrt(y) * std::exp(-q) *
                        boost::math::cyl_bessel_k(0.25, q, policy);
    sum += term;
    if (!(term > 1e-18 * sum)) {
      break;
    }
  }
  return sum / (std::pow(kPi, 1.5) * std::sqrt(x));
}

// P(W >= x) = (2/pi) sum_{k>=1} (-1)^(k+1) int_0^pi exp(-x (c+s)^2/2) / sqrt((c+s) sin s) ds,
// c = (2k-1) pi: Smirnov's formula with the root of its variable. s = pi sin^2(a/2) makes the
// integrand smooth and periodic in a, where the midpoint rule converges exponentially. Returns the
// integral times exp(x pi^2/2).
double smirnov_integral(int k, double x) {
  const double c = (2.0 * k - 1.0) * kPi;
  const int points = 96 + static_cast<int>(12.0 * std::sqrt(std::min(x, 1e8)));
  const double step = kPi / points;
  double sum = 0.0;
  for (int i = 0; i < points; ++i) {
    const double angle = (i + 0.5) * step;
    const double sine = std::sin(0.5 * angle);
    const double cosine = std::cos(0.5 * angle);
    const double s = kPi * sine * sine;
    const double sin_s = std::sin(kPi * std::min(sine * sine, cosine * cosine));
    const double exponent = -0.5 * x * ((c + s) * (c + s) - kPi * kPi);
    sum += std::exp(exponent) * sine * cosine / std::sqrt((c + s) * sin_s);
  }
  return sum * step * kPi;
}

}  // namespace

TailProbability cramer_von_mises_limit_tail(double x) {
  if (x < 0.003) {  // P(W < x) is below 2e-18.
    return {};
  }
  if (x < kSmirnovFrom) {
    return tail_from_value(1.0 - limit_cdf(x));
  }
  double sum = 0.0;
  for (int k = 1; k <= 3; ++k) {
    sum += (k % 2 == 1 ? 1.0 : -1.0) * smirnov_integral(k, x);
  }
  return tail_from_log(std::log(2.0 / kPi * sum) - 0.5 * x * kPi * kPi);
}

RankTestResult cramer_von_mises(const TwoSamples& samples, const RankOptions& options) {
  internal::require_samples(samples.first, samples.second);
  const Sizes sizes = {static_cast<std::int64_t>(samples.first.size()),
                       static_cast<std::int64_t>(samples.second.size())};
  const double u = u_statistic(samples);
  RankTestResult result;
  result.statistic = u / (sizes.pairs() * sizes.all()) -
                     (4.0 * sizes.pairs() - 1.0) / (6.0 * sizes.all());
  result.method = chosen_method(sizes, options.method);
  const TailProbability tail = result.method == RankMethod::kExact
                                   ? tail_from_value(exact_p_value(sizes, u))
                                   : approximate_tail(sizes, result.statistic);
  result.p_value = tail.p_value;
  result.log10_p_value = tail.log10_p_value;
  return result;
}

}  // namespace patina::stats
