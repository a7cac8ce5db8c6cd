// SPDX-License-Identifier: Apache-2.0
// k samples of sizes n_i, N values in all, Z_j their distinct values, l_j how often each occurs,
// M_ij how many values of sample i lie below Z_j (counting half of those at it with midranks), B_j
// the same for the pooled sample:
//   A2 = (N-1)/N sum_i 1/n_i sum_j l_j/N (N M_ij - n_i B_j)^2 / (B_j (N-B_j) - N l_j/4)  [Scholz
//   1987, Eq. 7] A2 =         sum_i 1/n_i sum_j l_j/N (N M_ij - n_i B_j)^2 / (B_j (N-B_j)) [Eq. 6]
// where in Eq. 6 M, B count values at or below Z_j and the last Z_j is left out.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string>

#include <Eigen/Dense>

#include "core/error.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/rank_tests.h"

namespace patina::stats {

namespace {

constexpr int kLevels = 7;
using Levels = std::array<double, kLevels>;
constexpr Levels kSignificance = {0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001};

struct Pool {
  std::vector<std::vector<double>> samples;  // Each sorted.
  std::vector<double> values;                // Distinct, sorted.
  std::vector<double> all;                   // Sorted.
};

double below(const std::vector<double>& sorted, double value) {
  return static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), value) -
                             sorted.begin());
}

double at_or_below(const std::vector<double>& sorted, double value) {
  return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), value) -
                             sorted.begin());
}

Pool make_pool(const std::vector<std::vector<double>>& samples) {
  if (samples.size() < 2) {
    throw core::Error(core::ErrorKind::kInput,
                      "Anderson-Darling",
                      std::to_string(samples.size()) + " samples, the test compares at least 2",
                      "add samples");
  }
  Pool pool;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    internal::require_sample(samples[i], "sample " + std::to_string(i + 1));
    pool.samples.push_back(internal::sorted(samples[i]));
    pool.all.insert(pool.all.end(), samples[i].begin(), samples[i].end());
  }
  std::sort(pool.all.begin(), pool.all.end());
  std::unique_copy(pool.all.begin(), pool.all.end(), std::back_inserter(pool.values));
  if (pool.all.size() < 4 || pool.values.size() < 2) {
    throw core::Error(core::ErrorKind::kInput,
                      "Anderson-Darling",
                      std::to_string(pool.all.size()) + " values, " +
                          std::to_string(pool.values.size()) +
                          " of them distinct; the test needs 4 values and 2 distinct ones",
                      "add values");
  }
  return pool;
}

double midrank_statistic(const Pool& pool) {
  const double total_size = static_cast<double>(pool.all.size());
  double total = 0.0;
  for (const std::vector<double>& sample : pool.samples) {
    const double n = static_cast<double>(sample.size());
    double sum = 0.0;
    for (const double value : pool.values) {
      const double left = below(pool.all, value);
      const double l = at_or_below(pool.all, value) - left;
      const double pooled_below = left + 0.5 * l;
      const double sample_below = 0.5 * (below(sample, value) + at_or_below(sample, value));
      const double difference = total_size * sample_below - pooled_below * n;
      sum += l / total_size * difference * difference /
             (pooled_below * (total_size - pooled_below) - 0.25 * total_size * l);
    }
    total += sum / n;
  }
  return total * (total_size - 1.0) / total_size;
}

double right_statistic(const Pool& pool) {
  const double total_size = static_cast<double>(pool.all.size());
  double total = 0.0;
  for (const std::vector<double>& sample : pool.samples) {
    const double n = static_cast<double>(sample.size());
    double sum = 0.0;
    for (std::size_t j = 0; j + 1 < pool.values.size(); ++j) {
      const double value = pool.values[j];
      const double pooled_below = at_or_below(pool.all, value);
      const double l = pooled_below - below(pool.all, value);
      const double difference = total_size * at_or_below(sample, value) - pooled_below * n;
      sum += l / total_size * difference * difference /
             (pooled_below * (total_size - pooled_below));
    }
    total += sum / n;
  }
  return total;
}

// Variance of A2 under H0 [Scholz 1987, Eq. 4].
double null_variance(const Pool& pool) {
  const double total_size = static_cast<double>(pool.all.size());
  const double k = static_cast<double>(pool.samples.size());
  double inverse_sizes = 0.0;
  for (const std::vector<double>& sample : pool.samples) {
    inverse_sizes += 1.0 / static_cast<double>(sample.size());
  }
  double h = 0.0;
  double g = 0.0;
  for (double i = 2.0; i < total_size; i += 1.0) {
    h += 1.0 / (total_size + 1.0 - i);
    g += h / i;
  }
  h += 1.0;
  const double a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * inverse_sizes;
  const double b = (2.0 * g - 4.0) * k * k + 8.0 * h * k +
                   (2.0 * g - 14.0 * h - 4.0) * inverse_sizes - 8.0 * h + 4.0 * g - 6.0;
  const double c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k +
                   (2.0 * h - 6.0) * inverse_sizes + 4.0 * h;
  const double d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
  return (((a * total_size + b) * total_size + c) * total_size + d) /
         ((total_size - 1.0) * (total_size - 2.0) * (total_size - 3.0));
}

// Coefficients of b0 + b1/sqrt(m) + b2/m, m = k-1 [Scholz 1987, Table 2].
std::vector<double> critical_values(std::size_t samples) {
  constexpr Levels kB0 = {0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085};
  constexpr Levels kB1 = {-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615};
  constexpr Levels kB2 = {-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154};
  const double m = static_cast<double>(samples - 1);
  std::vector<double> critical;
  for (std::size_t level = 0; level < kLevels; ++level) {
    critical.push_back(kB0[level] + kB1[level] / std::sqrt(m) + kB2[level] / m);
  }
  return critical;
}

// log of the level as a quadratic in the statistic, least squares over the table.
double interpolated_level(const std::vector<double>& critical, double statistic) {
  if (statistic < *std::min_element(critical.begin(), critical.end())) {
    return kSignificance.front();
  }
  if (statistic > *std::max_element(critical.begin(), critical.end())) {
    return kSignificance.back();
  }
  Eigen::Matrix<double, kLevels, 3> design;
  Eigen::Matrix<double, kLevels, 1> log_level;
  for (Eigen::Index row = 0; row < kLevels; ++row) {
    const double value = critical[static_cast<std::size_t>(row)];
    design.row(row) << 1.0, value, value * value;
    log_level(row) = std::log(kSignificance[static_cast<std::size_t>(row)]);
  }
  const Eigen::Vector3d fit = design.colPivHouseholderQr().solve(log_level);
  return std::exp(fit(0) + statistic * (fit(1) + statistic * fit(2)));
}

}  // namespace

AndersonDarlingResult anderson_darling(const std::vector<std::vector<double>>& samples,
                                       AndersonDarlingRanks ranks) {
  const Pool pool = make_pool(samples);
  const double raw = ranks == AndersonDarlingRanks::kMidranks ? midrank_statistic(pool)
                                                              : right_statistic(pool);
  AndersonDarlingResult result;
  result.statistic = (raw - static_cast<double>(samples.size() - 1)) /
                     std::sqrt(null_variance(pool));
  result.critical_values = critical_values(samples.size());
  result.significance_level = interpolated_level(result.critical_values, result.statistic);
  return result;
}

}  // namespace patina::stats
