// SPDX-License-Identifier: Apache-2.0
#include "stats/internal/ranks.h"

#include <algorithm>
#include <numeric>

namespace patina::stats::internal {

double Ranking::tie_term() const {
  double sum = 0.0;
  for (const std::int64_t size : group_sizes) {
    const double t = static_cast<double>(size);
    sum += t * (t * t - 1.0);
  }
  return sum;
}

Ranking midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] < values[b];
  });
  Ranking ranking;
  ranking.ranks.resize(values.size());
  std::size_t begin = 0;
  while (begin < order.size()) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) {
      ++end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      ranking.ranks[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
    }
    ranking.group_sizes.push_back(static_cast<std::int64_t>(end - begin));
    begin = end;
  }
  return ranking;
}

std::vector<double> pooled(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> all = first;
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace patina::stats::internal
