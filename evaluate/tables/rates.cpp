// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tables/rates.h"

#include <algorithm>
#include <cmath>

#include "stats/binomial.h"

namespace patina::evaluate {

Rates mean_of(const std::vector<Rates>& all) {
  if (all.empty()) return {};
  Rates mean(all.front().size(), 0.0);
  for (const Rates& rates : all) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += rates[i] / static_cast<double>(all.size());
    }
  }
  return mean;
}

Rates largest_of(const std::vector<Rates>& all) {
  if (all.empty()) return {};
  Rates largest = all.front();
  for (const Rates& rates : all) {
    for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], rates[i]);
  }
  return largest;
}

stats::Interval interval_of(double rate, std::int64_t draws) {
  constexpr double kConfidence = 0.95;
  return stats::clopper_pearson({std::llround(rate * static_cast<double>(draws)), draws},
                                kConfidence);
}

}  // namespace patina::evaluate
