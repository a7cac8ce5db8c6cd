// SPDX-License-Identifier: Apache-2.0
// P(D_n < d), body: the matrix of [Durbin 1973] as put by [Marsaglia 2003]. With k = floor(n d) +
// 1, m = 2k-1, h = k - n d and H the m x m matrix
//   H(i,j) = 1/(i-j+1)!          for i-j+1 >= 0, except
//   H(i,0) = (1 - h^(i+1))/(i+1)!,  H(m-1,j) = (1 - h^(m-j))/(m-j)!,
//   H(m-1,0) = (1 - 2h^m + max(0,2h-1)^m)/m!,
// P = n!/n^n * (H^n)(k-1,k-1). Here one row is carried through n products instead of squaring H.
// Tail: P(D_n >= d) = 2 P(D+_n >= d), exact for d >= 1/2 and to exp(-6 n d^2) relative otherwise
// [Miller 1956]. Large n: the expansion of [Pelz 1976]. Regimes after [Simard 2011].
#include "stats/kolmogorov.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "stats/binomial.h"
#include "stats/internal/requirements.h"
#include "stats/internal/special_functions.h"

namespace patina::stats {

using internal::kPi;

namespace {

constexpr double kTailFromScaledSquare = 4.0;  // n d^2: Miller's relative error exp(-24) = 4e-11.
constexpr double kTailIfMatrixTooBig = 3.0;    // exp(-18) = 1.5e-8.
constexpr double kLargestMatrixWork = 4e8;     // n * m^2 multiplications, some 0.2 s.

// Rows of H as entries of the band; columns beyond i+1 are zero.
Eigen::MatrixXd durbin_matrix(Eigen::Index k, double h) {
  const Eigen::Index m = 2 * k - 1;
  std::vector<double> inverse_factorial(static_cast<std::size_t>(m) + 2, 1.0);
  for (std::size_t g = 1; g < inverse_factorial.size(); ++g) {
    inverse_factorial[g] = inverse_factorial[g - 1] / static_cast<double>(g);
  }
  const auto over_factorial = [&](Eigen::Index g) {
    return inverse_factorial[static_cast<std::size_t>(g)];
  };
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(m, m);
  for (Eigen::Index i = 0; i < m; ++i) {
    for (Eigen::Index j = 0; j <= std::min(i + 1, m - 1); ++j) {
      matrix(i, j) = over_factorial(i - j + 1);
    }
  }
  for (Eigen::Index i = 0; i < m; ++i) {
    matrix(i, 0) -= std::pow(h, static_cast<double>(i + 1)) * over_factorial(i + 1);
    matrix(m - 1, i) -= std::pow(h, static_cast<double>(m - i)) * over_factorial(m - i);
  }
  if (2.0 * h > 1.0) {
    matrix(m - 1, 0) += std::pow(2.0 * h - 1.0, static_cast<double>(m)) * over_factorial(m);
  }
  return matrix;
}

// P(D_n < d); each product is divided by e, and n! e^n / n^n = sqrt(2 pi n) exp(stirling_error(n)).
// What rounding 1/e loses n times over is given back.
double durbin_cdf(std::int64_t n, double d) {
  const double scaled = static_cast<double>(n) * d;
  const Eigen::Index k = static_cast<Eigen::Index>(std::floor(scaled)) + 1;
  const double inverse_e = std::exp(-1.0);
  const Eigen::MatrixXd matrix = durbin_matrix(k, static_cast<double>(k) - scaled) * inverse_e;
  const Eigen::Index m = matrix.rows();
  Eigen::RowVectorXd row = Eigen::RowVectorXd::Zero(m);
  Eigen::RowVectorXd next(m);
  row(k - 1) = 1.0;
  for (std::int64_t step = 0; step < n; ++step) {
    for (Eigen::Index j = 0; j < m; ++j) {
      const Eigen::Index first = std::max<Eigen::Index>(j - 1, 0);
      next(j) =
          row.segment(first, m - first).dot(matrix.col(j).segment(first, m - first).transpose());
    }
    row.swap(next);
  }
  const double log_factor = internal::kLogSqrtTwoPi + 0.5 * std::log(static_cast<double>(n)) +
                            internal::stirling_error(n) -
                            static_cast<double>(n) *
                                static_cast<double>(1.0L +
                                                    std::log(static_cast<long double>(inverse_e)));
  return std::min(1.0, row(k - 1) * std::exp(log_factor));
}

// Sums over odd integers of [Pelz 1976]: K0, K1, K2, K3 without their prefactors.
std::array<double, 4> pelz_good_odd_sums(double z, int terms) {
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  const double pi2 = kPi * kPi;
  const double pi4 = pi2 * pi2;
  std::array<double, 4> sums = {0.0, 0.0, 0.0, 0.0};
  for (int k = 1; k <= terms; ++k) {
    const double odd2 = (2.0 * k - 1.0) * (2.0 * k - 1.0);
    const double weight = std::exp(-pi2 * odd2 / (8.0 * z2));
    const double odd4 = odd2 * odd2;
    sums[0] += weight;
    sums[1] += weight * (pi2 / 4.0 * odd2 - z2);
    sums[2] += weight * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * odd2 +
                         pi4 * (1.0 - 2.0 * z2) / 16.0 * odd4);
    sums[3] += weight * (-30.0 * z6 - 90.0 * z4 * z4 + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * odd2 +
                         pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * odd4 +
                         pi4 * pi2 * (5.0 - 30.0 * z2) / 64.0 * odd4 * odd2);
  }
  return sums;
}

double pelz_good_cdf(std::int64_t n, double d) {
  const double root_n = std::sqrt(static_cast<double>(n));
  const double z = root_n * d;
  const double pi2 = kPi * kPi;
  const int terms = static_cast<int>(std::ceil(16.0 * z / kPi)) + 1;
  std::array<double, 4> k = pelz_good_odd_sums(z, terms);
  k[0] /= z;
  k[1] /= 6.0 * std::pow(z, 4);
  k[2] /= 72.0 * std::pow(z, 7);
  k[3] /= 6480.0 * std::pow(z, 10);
  for (int j = 1; j <= terms; ++j) {
    const double squares = static_cast<double>(j) * static_cast<double>(j);
    const double weight = squares * std::exp(-pi2 * squares / (2.0 * z * z));
    k[2] -= pi2 / 36.0 / std::pow(z, 3) * weight;
    k[3] += pi2 / 216.0 / std::pow(z, 6) * (3.0 * z * z - pi2 * squares) * weight;
  }
  const double sum = k[0] + k[1] / root_n + k[2] / (root_n * root_n) + k[3] / std::pow(root_n, 3);
  return std::min(1.0, std::max(0.0, std::sqrt(2.0 * kPi) * sum));
}

}  // namespace

TailProbability smirnov_tail(std::int64_t n, double d) {
  internal::require_at_least(n, 1, "sample size");
  if (d <= 0.0) {
    return {};
  }
  if (d >= 1.0) {
    return {0.0, -std::numeric_limits<double>::infinity()};
  }
  std::vector<double> log_terms;
  for (std::int64_t j = 0; j < n; ++j) {
    const double fraction = static_cast<double>(j) / static_cast<double>(n);
    const double p = d + fraction;
    const double q = 1.0 - d - fraction;
    if (q <= 0.0) {
      break;
    }
    log_terms.push_back(internal::binomial_log_pmf({j, n}, p, q) + std::log(d / p));
  }
  return tail_from_log(internal::log_sum_exp(log_terms));
}

TailProbability kolmogorov_tail(std::int64_t n, double d) {
  internal::require_at_least(n, 1, "sample size");
  const double size = static_cast<double>(n);
  if (size * d <= 0.5) {
    return {};
  }
  const double squared = size * d * d;
  if (d >= 0.5 || squared >= kTailFromScaledSquare) {
    return twice(smirnov_tail(n, d));
  }
  const double columns = 2.0 * std::floor(size * d) + 1.0;
  if (size * columns * columns <= kLargestMatrixWork) {
    return tail_from_value(1.0 - durbin_cdf(n, d));
  }
  if (squared >= kTailIfMatrixTooBig) {
    return twice(smirnov_tail(n, d));
  }
  return tail_from_value(1.0 - pelz_good_cdf(n, d));
}

}  // namespace patina::stats
