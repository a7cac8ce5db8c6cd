// SPDX-License-Identifier: Apache-2.0
// Flipping the signs in a set F of terms gives at least the observed sum if and only if the sum of
// |t| over F is at most the sum B over the terms that disagree with the key. So p = 2^-K times the
// number of such sets, which dynamic programming counts on a grid over [0,B].
#include "stats/key_signs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"
#include "core/rng.h"
#include "stats/internal/draws.h"
#include "stats/internal/requirements.h"

namespace patina::stats {

namespace {

/// Numbers of sets by the sum of their rounded terms.
class SetCounts {
 public:
  explicit SetCounts(std::size_t grid) : counts_(grid + 1, 0.0) { counts_[0] = 1.0; }

  void add_term(std::size_t units) {
    ++exponent_;
    next_ = counts_;
    for (std::size_t sum = units; sum < counts_.size(); ++sum) {
      next_[sum] += counts_[sum - units];
    }
    counts_.swap(next_);
    constexpr int kSafeDoublings = 500;
    if (++doublings_ < kSafeDoublings) return;
    const int magnitude = std::ilogb(sum());
    for (double& count : counts_) count = std::ldexp(count, -magnitude);
    exponent_ -= magnitude;
    doublings_ = 0;
  }

  /// A term beyond the grid is in no set.
  void add_large_term() { ++exponent_; }

  /// The share of all sign patterns that the counts stand for.
  double share() const { return sum() * std::exp2(-exponent_); }
  double log10_share() const { return std::log10(sum()) - exponent_ * std::log10(2.0); }

 private:
  double sum() const { return std::accumulate(counts_.begin(), counts_.end(), 0.0); }

  std::vector<double> counts_;
  std::vector<double> next_;
  /// Upper bound of the doublings since counts_ was last divided.
  int doublings_ = 0;
  double exponent_ = 0.0;  ///< counts_ is to be multiplied by 2^-exponent_ for shares of patterns.
};

void require_one_key(const std::vector<std::vector<double>>& terms) {
  for (const std::vector<double>& row : terms) {
    if (row.size() == terms.front().size()) continue;
    throw core::Error(core::ErrorKind::kInput,
                      "terms",
                      "lists of " + std::to_string(terms.front().size()) + " and " +
                          std::to_string(row.size()) + " terms",
                      "give all images' terms by one key");
  }
}

}  // namespace

KeySignsResult key_signs_test(const std::vector<double>& terms, std::int64_t grid) {
  internal::require_sample(terms, "terms");
  internal::require_at_least(grid, 2, "grid");
  double disagreeing = 0.0, all = 0.0;
  for (const double term : terms) {
    all += std::fabs(term);
    if (term < 0.0) disagreeing -= term;
  }
  KeySignsResult result;
  if (all <= 0.0) return result;
  result.statistic = (all - 2.0 * disagreeing) / all;
  SetCounts counts(static_cast<std::size_t>(grid));
  const double unit = disagreeing / static_cast<double>(grid);
  for (const double term : terms) {
    if (term == 0.0) continue;
    // Without disagreement only the empty set counts. The terms that disagree together never exceed
    // the grid, since they are rounded down.
    const double units = unit > 0.0 ? std::floor(std::fabs(term) / unit)
                                    : std::numeric_limits<double>::infinity();
    if (units > static_cast<double>(grid)) {
      counts.add_large_term();
    } else {
      counts.add_term(static_cast<std::size_t>(units));
    }
  }
  result.log10_p_value = std::min(0.0, counts.log10_share());
  result.p_value = std::min(1.0, counts.share());
  return result;
}

std::vector<double> mean_key_terms(const std::vector<std::vector<double>>& terms) {
  require_one_key(terms);
  std::vector<double> mean(terms.empty() ? 0 : terms.front().size(), 0.0);
  for (const std::vector<double>& row : terms) {
    for (std::size_t k = 0; k < mean.size(); ++k) {
      mean[k] += row[k] / static_cast<double>(terms.size());
    }
  }
  return mean;
}

ResampledKeySignsResult resampled_key_signs(const std::vector<std::vector<double>>& terms,
                                            const ResampledKeySignsOptions& options) {
  constexpr std::int64_t kGrid = 2048;
  internal::require_at_least(options.size, 1, "size drawn");
  internal::require_at_least(static_cast<std::int64_t>(terms.size()), options.size, "images");
  internal::require_at_least(options.repeats, 1, "repeats");
  for (const double alpha : options.alphas) internal::require_open_unit(alpha, "alpha");
  require_one_key(terms);
  core::Rng rng = core::Rng(options.seed).fork("first");
  internal::Drawer drawer(terms.size());
  std::vector<std::size_t> drawn;
  ResampledKeySignsResult result;
  for (std::int64_t repeat = 0; repeat < options.repeats; ++repeat) {
    drawer.draw(static_cast<std::size_t>(options.size), rng, drawn);
    std::vector<double> sums(terms.front().size(), 0.0);
    for (const std::size_t index : drawn) {
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += terms[index][k];
    }
    result.p_values.push_back(key_signs_test(sums, kGrid).p_value);
  }
  result.rejected_fraction = internal::rejected_fractions(result.p_values, options.alphas);
  return result;
}

}  // namespace patina::stats
