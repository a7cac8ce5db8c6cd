// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace patina::stats::internal {

/// Midranks of the values (1-based; ties share their mean rank), in input order, with the sizes of
/// the groups of equal values in increasing order of value.
struct Ranking {
  std::vector<double> ranks;
  std::vector<std::int64_t> group_sizes;

  bool has_ties() const { return group_sizes.size() < ranks.size(); }
  /// Sum of t^3 - t over the groups.
  double tie_term() const;
};

Ranking midranks(const std::vector<double>& values);

/// first, then second.
std::vector<double> pooled(const std::vector<double>& first, const std::vector<double>& second);
std::vector<double> sorted(std::vector<double> values);

}  // namespace patina::stats::internal
