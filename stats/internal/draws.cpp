// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/draws.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace patina::stats::internal {

Drawer::Drawer(std::size_t size) : order_(size) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

void Drawer::draw(std::size_t count, core::Rng& rng, std::vector<std::size_t>& drawn) {
  swaps_.clear();
  drawn.clear();
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t other = k + static_cast<std::size_t>(rng.below(order_.size() - k));
    std::swap(order_[k], order_[other]);
    swaps_.push_back(other);
    drawn.push_back(order_[k]);
  }
  for (std::size_t k = count; k > 0; --k) {
    std::swap(order_[k - 1], order_[swaps_[k - 1]]);
  }
}

std::vector<double> rejected_fractions(const std::vector<double>& p_values,
                                       const std::vector<double>& alphas) {
  std::vector<double> fractions;
  for (const double alpha : alphas) {
    const auto rejected = std::count_if(
        p_values.begin(), p_values.end(), [alpha](double p) { return p < alpha; });
    fractions.push_back(static_cast<double>(rejected) / static_cast<double>(p_values.size()));
  }
  return fractions;
}

}  // namespace patina::stats::internal
